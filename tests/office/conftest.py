"""Staff of the county for one test."""

import pytest

from backend import clock
from models.identity import staff_session
from models.identity.staff import StaffMember
from tests.support.clerk import Clerk, first_admin

_hired: dict[str, tuple[Clerk, dict]] = {}


def on_duty(client, name: str, hire) -> Clerk:
    """Hire a member once a run and put them back, logged in just now, for other tests: hashing is slow by design."""
    members = StaffMember._get_collection()
    if name not in _hired:
        clerk = hire()
        _hired[name] = clerk.twin(client), members.find_one({"login": clerk.login})
        return clerk
    clerk, document = _hired[name]
    now = clock.now()
    session = {**document["sessions"][0], "at": now, "last_seen": now, "until": now + staff_session.LASTS}
    members.insert_one({**document, "sessions": [session], "totp_step": 0})
    return clerk.twin(client)


@pytest.fixture
def admin(client, seeded):
    """The first administrator, logged in."""
    return on_duty(client, "admin", lambda: first_admin(client))


@pytest.fixture
def manager(client, admin):
    """The manager of Pingshan's unit."""
    return on_duty(client, "manager", lambda: admin.hire("scenic_manager", unit="changzhengyuan"))


@pytest.fixture
def auditor(client, admin):
    return on_duty(client, "auditor", lambda: admin.hire("auditor"))


@pytest.fixture
def office(client, admin):
    """A member of the county's tourism office."""
    return on_duty(client, "office", lambda: admin.hire("tourism_office", unit="culture_tourism"))
