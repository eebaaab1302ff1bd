"""One's own password: changed with the old one, and every ninety days."""

from datetime import timedelta
from functools import partial

import pytest

from models.audit.entry import AuditEntry
from models.identity.own_password import LASTS
from models.identity.staff import StaffMember
from tests.support.clerk import PASSWORD
from tests.support.crowd import at_once

NEW = "Chang-zheng 1935!"


def change(clerk, old: str = PASSWORD, new: str = NEW):
    return clerk.call("POST", "/office/v1/password", {"password": old, "new_password": new})


def age(clerk, days: float) -> None:
    """Make the password that old, leaving the sessions as they are."""
    members = StaffMember._get_collection()
    since = members.find_one({"login": clerk.login})["password_changed_at"] - timedelta(days=days)
    members.update_one({"login": clerk.login}, {"$set": {"password_changed_at": since}})


def test_a_new_password_counts_and_ends_the_other_sessions(manager, shift_clock):
    first = manager.token
    manager.log_in()
    shift_clock(61)  # for codes that were not used yet
    assert change(manager).status_code == 204
    assert manager.get("/office/v1/me").status_code == 200
    assert manager.get("/office/v1/me", Authorization=f"Bearer {first}").status_code == 401
    assert manager.try_login(password=PASSWORD).status_code == 401
    assert manager.try_login(password=NEW).status_code == 200


def test_without_the_old_one_nothing_changes_and_guessing_locks(manager):
    answers = [change(manager, old=f"Wrong-password-{number}") for number in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert answers[0].json["code"] == "password_wrong"
    assert change(manager).json["code"] == "login_locked"


@pytest.mark.parametrize(
    ("new", "status", "code"),
    [(PASSWORD, 422, "password_same"), ("short", 400, "password_weak"), ("alllowercaseletters", 400, "password_weak")],
)
def test_a_new_password_that_will_not_do_is_refused(manager, new, status, code):
    answer = change(manager, new=new)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert manager.try_login().status_code == 200


def test_after_ninety_days_only_changing_it_is_left(manager):
    age(manager, LASTS.days - 1)
    assert manager.get("/office/v1/places").status_code == 200
    age(manager, 1)
    answer = manager.get("/office/v1/places")
    assert (answer.status_code, answer.json["code"]) == (403, "password_expired")
    assert manager.get("/office/v1/me").json["password_expired"] is True
    assert change(manager).status_code == 204
    assert manager.get("/office/v1/places").status_code == 200
    assert manager.get("/office/v1/me").json["password_expired"] is False


def test_two_changes_at_once_are_one(manager, app):
    twins = [manager.twin(app.test_client()) for _ in range(3)]
    calls = [partial(change, twin, new=f"{NEW}-{number}") for number, twin in enumerate(twins)]
    statuses = sorted(one.status_code for one in at_once(calls))
    assert statuses.count(204) == 1
    assert set(statuses[1:]) <= {409, 422}


def test_the_audit_names_the_change_and_no_password(manager):
    change(manager)
    found = AuditEntry._get_collection().find_one({"object": f"staff:{manager.id}", "action": "staff.change_password"})
    assert found
    assert NEW not in repr(found)
