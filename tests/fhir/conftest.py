"""A clinic with its doctor and an elder, and the doctor of another clinic."""

import pytest

from tests.fhir import kit
from tests.support.clerk import first_admin


@pytest.fixture
def admin(client, seeded):
    kit.clinics()
    return first_admin(client)


@pytest.fixture
def doctor(admin):
    return kit.doctor(admin)


@pytest.fixture
def stranger(admin):
    return kit.doctor(admin, kit.OTHER)


@pytest.fixture
def elder(admin):
    return kit.elder()
