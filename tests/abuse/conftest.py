"""Victims and attackers: residents with a phone, members of the staff, a gate."""

import pytest

from tests.office import conftest as office
from tests.support.counter import Counter
from tests.support.phone import Phone
from tests.trust import conftest as trust

admin, auditor, manager = office.admin, office.auditor, office.manager
security, unit_admin = trust.security, trust.unit_admin


@pytest.fixture
def counter(client, admin) -> Counter:
    """A clerk at a service counter."""
    return Counter(
        office.on_duty(client, "abuse-counter", lambda: admin.hire("counter_clerk", unit="administrative_approval"))
    )


@pytest.fixture
def stranger(client, seeded, sandbox) -> Phone:
    """Another resident, logged in."""
    return Phone(client, sandbox).ready()
