"""Staff for the tests of trust: the same as the office's, and those who decide as a second person."""

import pytest

from tests.office import conftest as staff
from tests.office.conftest import on_duty
from tests.support.counter import Counter

admin, auditor, manager, office = staff.admin, staff.auditor, staff.manager, staff.office


@pytest.fixture
def security(client, admin):
    """A security administrator."""
    return on_duty(client, "security", lambda: admin.hire("security_admin"))


@pytest.fixture
def privacy(client, admin):
    """The officer for personal data."""
    return on_duty(client, "privacy", lambda: admin.hire("privacy_officer", unit="big_data_centre"))


@pytest.fixture
def unit_admin(client, admin):
    """The administrator of the bureau of public security, with the traffic police below it."""
    return on_duty(client, "unit_admin", lambda: admin.hire("unit_admin", unit="public_security"))


@pytest.fixture
def counter(client, admin):
    """A service counter, with its clerk."""
    return Counter(on_duty(client, "counter", lambda: admin.hire("counter_clerk", unit="administrative_approval")))
