"""The accounts of the staff."""

from functools import partial

import pytest

from models.audit.entry import AuditEntry
from models.identity import roles
from models.identity.staff import StaffMember
from tests.support.clerk import Clerk, renew
from tests.support.crowd import at_once

ASSIGNMENT = {"role": "gate_clerk", "unit": "changzhengyuan"}


def test_an_invited_colleague_has_the_roles_that_were_given(admin):
    clerk = admin.hire("gate_clerk", unit="changzhengyuan", area="360731")
    told = clerk.get("/office/v1/me").json
    assert told["assignments"] == [
        {"role": "gate_clerk", "role_zh": "检票员", "unit": "changzhengyuan", "area": "360731"}
    ]
    assert set(told["operations"]) == roles.ROLES["gate_clerk"].operations | roles.EVERYBODY


def test_one_may_hold_two_roles(admin):
    clerk = admin.hire("scenic_manager", "gate_clerk", unit="changzhengyuan")
    assert "slot.close" in clerk.get("/office/v1/me").json["operations"]


@pytest.mark.parametrize(
    ("given", "unit"),
    [(("system_admin", "scenic_manager"), "changzhengyuan"), (("auditor", "tourism_office"), "culture_tourism"),
     (("system_admin", "auditor"), ""), (("scenic_manager",), ""), (("gate_clerk",), "")],
)  # fmt: skip
def test_administrators_stand_alone_and_roles_of_a_unit_name_it(admin, given, unit):
    _, answer = admin.invite(*given, unit=unit)
    assert (answer.status_code, answer.json["code"]) == (422, "assignments_wrong")


@pytest.mark.parametrize(
    "changes",
    [{"login": "X"}, {"login": "a b c"}, {"login": "root\n"}, {"name": ""}, {"name": "  "}, {"name": "x" * 41},
     {"assignments": []}, {"assignments": [ASSIGNMENT] * 11}, {"assignments": "admin"},
     {"assignments": [{"role": "king"}]}, {"assignments": [{**ASSIGNMENT, "area": "36"}]},
     {"assignments": [{**ASSIGNMENT, "unit": "$ne"}]}, {"extra": 1},
     {"login": {"$gt": ""}}],
)  # fmt: skip
def test_odd_invitations_are_bad_requests(admin, changes):
    body = {"login": "liu.fang", "name": "刘芳", "assignments": [ASSIGNMENT], **changes}
    answer = admin.post("/office/v1/staff", body)
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_a_login_is_given_once(admin):
    login, _ = admin.invite("auditor")
    _, answer = admin.invite("auditor", login=login)
    assert (answer.status_code, answer.json["code"]) == (409, "login_taken")


def test_the_same_invitation_sent_twice_is_one_account_and_one_link(admin):
    body = {"login": "liu.fang", "name": "刘芳", "assignments": [ASSIGNMENT]}
    first, second = (admin.post("/office/v1/staff", body, key="one-key") for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    other = admin.post("/office/v1/staff", {**body, "name": "刘芬"}, key="one-key")
    assert other.status_code == 422
    assert admin.call("POST", "/office/v1/staff", body, **{"Idempotency-Key": ""}).status_code == 400


def test_the_list_pages_through_everybody(admin):
    for _ in range(4):
        admin.invite("gate_clerk", unit="changzhengyuan")
    seen, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"/office/v1/staff?limit=2{cursor and '&cursor='}{cursor}").json
        assert len(page["items"]) <= 2
        seen += page["items"]
        cursor = page["next"]
    assert len({one["id"] for one in seen}) == len(seen) == 5
    assert seen[0]["state_zh"] == "正常"
    assert {one["state"] for one in seen[1:]} == {"invited"}
    assert all("invited_until" in one for one in seen[1:])


def test_a_disabled_colleague_is_out_at_once_and_cannot_log_in(admin, manager):
    member = manager.id
    assert admin.post(f"/office/v1/staff/{member}/disable").status_code == 204
    assert manager.get("/office/v1/me").status_code == 401
    assert manager.try_login().json["code"] == "login_failed"
    assert admin.post(f"/office/v1/staff/{member}/disable").status_code == 204
    assert StaffMember.objects(id=member).get().sessions == []
    entries = AuditEntry._get_collection().count_documents({"object": f"staff:{member}", "action": "staff.disable"})
    assert entries == 1


def test_an_invited_colleague_who_is_disabled_cannot_use_the_link(admin, client):
    login, answer = admin.invite("auditor")
    admin.post(f"/office/v1/staff/{answer.json['id']}/disable")
    assert Clerk(client, answer.json["link"], login).accept().status_code == 404


@pytest.mark.parametrize("path", ["disable", "invitation"])
def test_nobody_does_it_to_their_own_account(admin, path):
    answer = admin.post(f"/office/v1/staff/{admin.id}/{path}")
    assert (answer.status_code, answer.json["code"]) == (409, "own_account")


def test_two_administrators_who_disable_each_other_leave_one(admin):
    pair = [admin, admin.hire("system_admin")]
    for _ in range(5):
        ids = [one.id for one in pair]
        calls = [partial(pair[n].post, f"/office/v1/staff/{ids[1 - n]}/disable") for n in (0, 1)]
        statuses = [one.status_code for one in at_once(calls)]
        assert sorted(statuses) == [204, 401]
        winner = statuses.index(204)
        renew(pair[winner], pair[1 - winner], ids[1 - winner])


@pytest.mark.parametrize("path", ["disable", "assignments"])
def test_an_administrator_who_lost_the_role_a_moment_ago_changes_nothing(admin, path):
    """Two who take the role from each other at the same time: one remains."""
    pair = [admin, admin.hire("system_admin")]
    ids = [one.id for one in pair]
    body = {"assignments": [ASSIGNMENT]}
    calls = [partial(pair[n].call, "PUT", f"/office/v1/staff/{ids[1 - n]}/assignments", body) for n in (0, 1)]
    if path == "disable":
        calls[1] = partial(pair[1].post, f"/office/v1/staff/{ids[0]}/disable")
    statuses = [one.status_code for one in at_once(calls)]
    assert sum(status < 300 for status in statuses) == 1, statuses
    assert sum(one.get("/office/v1/staff").status_code == 200 for one in pair) == 1


def test_a_reset_ends_the_old_password_phone_and_sessions(admin, manager):
    old_secret, member = manager.secret, manager.id
    old_token = manager.token
    renew(admin, manager, member)
    assert manager.get("/office/v1/me", Authorization=f"Bearer {old_token}").status_code == 401
    assert manager.secret != old_secret
    assert manager.id == member


def test_a_reset_brings_a_disabled_colleague_back(admin, manager):
    member = manager.id
    admin.post(f"/office/v1/staff/{member}/disable")
    renew(admin, manager, member)
    assert manager.id == member


def test_a_link_that_was_replaced_opens_nothing(admin, client):
    login, answer = admin.invite("auditor")
    admin.post(f"/office/v1/staff/{answer.json['id']}/invitation")
    assert Clerk(client, answer.json["link"], login).accept().status_code == 404


@pytest.mark.parametrize("member", ["0" * 24, "x", "%00", "65a", "{}", "é"])
@pytest.mark.parametrize("path", ["disable", "invitation"])
def test_somebody_unknown_is_not_found(admin, member, path):
    assert admin.post(f"/office/v1/staff/{member}/{path}").status_code == 404
