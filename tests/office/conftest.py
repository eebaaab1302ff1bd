"""Staff of the county for one test."""

import pytest

import wsgi
from backend.app import create_app
from blueprints.audit import office as audit
from blueprints.booking import office as booking
from blueprints.identity import authenticate
from blueprints.identity import office as identity
from blueprints.payments import office as payments
from blueprints.tourism import office as tourism
from tests.support import answers
from tests.support.clerk import first_admin

OFFICE = [*identity.OFFICE, *tourism.OFFICE, *booking.OFFICE, *payments.OFFICE, *audit.OFFICE]


@pytest.fixture(scope="module")
def app(module_settings, parts):
    surfaces = [*wsgi.SURFACES, *(one for one in OFFICE if one not in wsgi.SURFACES)]
    proofs = {**wsgi.AUTHENTICATORS, "staff": authenticate.staff}
    return answers.watch(create_app(module_settings, surfaces, proofs, title="tests"))


@pytest.fixture
def admin(client, seeded):
    """The first administrator, logged in."""
    return first_admin(client)


@pytest.fixture
def manager(admin):
    """The manager of Pingshan's unit."""
    return admin.hire("scenic_manager", unit="changzhengyuan")


@pytest.fixture
def auditor(admin):
    return admin.hire("auditor")


@pytest.fixture
def office(admin):
    """A member of the county's tourism office."""
    return admin.hire("tourism_office", unit="culture_tourism")
