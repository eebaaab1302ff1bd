"""Invitation links, PINs, and what takes two persons: reused, guessed, or done by one alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import partial

import pytest

from models.identity.approval import Approval
from models.identity.staff import StaffMember
from tests.abuse.evidence import refused, unchanged
from tests.support.clerk import PASSWORD, Clerk, agreed, path_of
from tests.support.crowd import at_once


@pytest.fixture
def invited(admin, client) -> Clerk:
    login, answer = admin.invite("gate_clerk", unit="changzhengyuan")
    return Clerk(client, answer.json["link"], login)


def gone(answer) -> None:
    refused(answer, 404, "invitation_gone")


def test_a_link_is_accepted_once(invited):
    assert invited.accept().status_code == 200
    with unchanged():
        gone(invited.accept("Another-pass-1934"))
    assert invited.confirm().status_code == 204
    with unchanged():
        gone(invited.accept("Another-pass-1934"))
        gone(invited.confirm())


def test_a_link_accepted_by_two_at_once_gives_one_secret(invited, app):
    calls = [
        partial(app.test_client().post, path_of(invited.link) + "/accept", json={"password": f"{PASSWORD}-{number}"})
        for number in range(3)
    ]
    assert sorted(one.status_code for one in at_once(calls)) == [200, 404, 404]


def test_a_link_is_not_confirmed_before_a_password_was_set(invited):
    with unchanged():
        refused(invited.confirm("000000"), 409, "invitation_not_accepted")


def test_a_link_after_a_day(invited, shift_clock):
    shift_clock(24 * 3600 + 1)
    with unchanged():
        gone(invited.accept())


def test_a_link_after_a_new_one_was_made(invited, admin):
    member = StaffMember._get_collection().find_one({"login": invited.login})["_id"]
    assert admin.post(f"/office/v1/staff/{member}/invitation").status_code == 201
    with unchanged():
        gone(invited.accept())


def test_a_link_of_one_member_opens_no_other(invited, admin, client):
    login, answer = admin.invite("gate_clerk", unit="changzhengyuan")
    theirs = StaffMember._get_collection().find_one({"login": login})["_id"]
    token = invited.link.rsplit("/", 1)[1]
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    forged = urlsafe_b64encode(theirs.binary + raw[12:]).decode().rstrip("=")
    with unchanged():
        gone(Clerk(client, f"/office/v1/invitations/{forged}", login).accept())
    assert answer.status_code == 201


def test_a_link_that_waits_for_a_second_person_opens_nothing(admin, client):
    login, answer = admin.invite("auditor")
    with unchanged():
        gone(Clerk(client, answer.json["link"], login).accept())


@pytest.mark.parametrize("pin", ["", "2222222222", "PIN", "{}"])
def test_a_link_without_the_pin_that_the_second_person_was_told(admin, client, pin):
    login, answer = admin.invite("auditor")
    agreed(client, answer.json["approval_id"])
    clerk = Clerk(client, answer.json["link"], login)
    clerk.pin = pin
    with unchanged():
        assert clerk.accept().status_code in {400, 422}


def test_pins_are_guessed_ten_times_a_minute(admin, client):
    login, answer = admin.invite("auditor")
    agreed(client, answer.json["approval_id"])
    clerk = Clerk(client, answer.json["link"], login)
    clerk.pin = "2222222222"
    with unchanged():
        assert [clerk.accept().status_code for _ in range(12)] == [422] * 10 + [429] * 2


def test_first_codes_are_guessed_ten_times_a_minute(invited):
    invited.accept()
    right = invited.code()
    others = [f"{number:06d}" for number in range(13) if f"{number:06d}" != right][:12]
    with unchanged():
        statuses = [invited.confirm(one).status_code for one in others]
    assert statuses == [422] * 9 + [429] * 3  # accepting was the first of ten


# Two persons


def test_a_proposer_does_not_approve(admin, security):
    _, answer = admin.invite("auditor")
    path = f"/office/v1/approvals/{answer.json['approval_id']}"
    with unchanged():
        refused(admin.post(f"{path}/approve"), 403, "not_allowed")
        refused(admin.post(f"{path}/refuse"), 403, "not_allowed")


def test_a_member_does_not_approve_their_own_reset(admin, security):
    made = admin.post(f"/office/v1/staff/{security.id}/totp-reset", {"reason": "手机遗失"})
    with unchanged():
        refused(security.post(f"/office/v1/approvals/{made.json['approval_id']}/approve"), 409, "own_proposal")


def test_one_administrator_alone_resets_no_second_factor(admin, manager, client):
    made = admin.post(f"/office/v1/staff/{manager.id}/totp-reset", {"reason": "手机遗失"})
    taker = Clerk(client, made.json["link"], manager.login)
    with unchanged():
        gone(taker.accept())
        refused(admin.post(f"/office/v1/approvals/{made.json['approval_id']}/approve"), 403, "not_allowed")
    assert manager.get("/office/v1/me").status_code == 200
    assert manager.try_login().status_code == 200


def test_nobody_resets_their_own_second_factor(admin):
    with unchanged():
        refused(admin.post(f"/office/v1/staff/{admin.id}/totp-reset", {"reason": "手机遗失"}), 409, "own_account")


def test_a_second_approval_of_the_same_gives_no_second_pin(admin, security):
    made = admin.invite("auditor")[1].json["approval_id"]
    assert "pin" in security.post(f"/office/v1/approvals/{made}/approve").json
    with unchanged("staff"):  # whose `acted_at` says that two acted at once
        refused(security.post(f"/office/v1/approvals/{made}/approve"), 409, "approval_decided")
    assert Approval._get_collection().count_documents({"_id": {"$exists": True}}) == 1


def test_an_administrator_of_a_unit_ends_no_session_outside_it(unit_admin, manager, admin):
    session = manager.get("/office/v1/sessions").json["items"][0]["id"]
    for member, ends in ((manager.id, session), (admin.id, "x")):
        with unchanged():
            refused(unit_admin.call("DELETE", f"/office/v1/staff/{member}/sessions"), 404, "not_found")
            refused(unit_admin.call("DELETE", f"/office/v1/staff/{member}/sessions/{ends}"), 404, "not_found")
            refused(unit_admin.get(f"/office/v1/staff/{member}/sessions"), 404, "not_found")
    with unchanged():
        refused(unit_admin.call("DELETE", f"/office/v1/sessions/{session}"), 404, "not_found")
    assert manager.get("/office/v1/me").status_code == 200
