"""No way around the second person, into a closed unit, or past the end of what was opened."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.booking.order import Order
from models.identity import staff_disable, staff_grants, staff_scope
from models.identity.approval import Approval
from models.identity.staff import StaffMember
from tests.support import slots
from tests.support.clerk import Clerk
from tests.support.queues import drain

FINANCE = {"assignments": [{"role": "finance_clerk", "unit": "finance"}], "reason": "接替退休同事"}


def stored(member_id: str) -> dict:
    return StaffMember._get_collection().find_one({"_id": ObjectId(member_id)})


def assign(admin, member_id: str, body: dict):
    return admin.call("PUT", f"/office/v1/staff/{member_id}/assignments", body)


def test_a_link_that_one_person_made_never_opens_a_sensitive_role(admin, security, client):
    login, answer = admin.invite("case_handler", unit="finance")
    member_id = answer.json["id"]
    refused = assign(admin, member_id, FINANCE)
    assert (refused.status_code, refused.json["code"]) == (409, "account_not_activated")
    assert Approval._get_collection().find_one({"proposed_by": ObjectId(admin.id)}) is None
    clerk = Clerk(client, answer.json["link"], login).activate().log_in()
    proposed = assign(admin, member_id, FINANCE).json["approval_id"]
    assert security.post(f"/office/v1/approvals/{proposed}/approve").status_code == 200
    drain("trust")
    assert "refund.propose" in clerk.get("/office/v1/me").json["operations"]


def test_who_waits_with_a_pin_may_be_given_another_sensitive_role(admin, security):
    answer = admin.invite("finance_clerk", unit="finance")[1].json
    security.post(f"/office/v1/approvals/{answer['approval_id']}/approve")
    drain("trust")
    body = {"assignments": [{"role": "unit_admin", "unit": "finance"}], "reason": "改任"}
    assert assign(admin, answer["id"], body).json["approval_id"]


@pytest.fixture
def village(admin):
    """A unit of its own, to be closed."""
    body = {"code": "test_village", "name": "试验村", "kind": "village", "parent": "county_360731"}
    assert admin.post("/office/v1/units", body).status_code in {201, 409}
    assert admin.post("/office/v1/units/test_village/reopen").status_code == 200
    return "test_village"


def closed(admin, *members: str) -> None:
    for one in members:
        assert admin.post(f"/office/v1/staff/{one}/disable").status_code == 204
    assert admin.post("/office/v1/units/test_village/close").status_code == 200


def test_nobody_is_invited_again_into_a_closed_unit(admin, village):
    member = admin.invite("case_handler", unit=village)[1].json["id"]
    closed(admin, member)
    answer = admin.post(f"/office/v1/staff/{member}/invitation")
    assert (answer.status_code, answer.json["code"]) == (422, "unit_unknown")
    assert stored(member)["state"] == "disabled"


def test_a_reset_brings_nobody_back_into_a_closed_unit(admin, security, village):
    clerk = admin.hire("case_handler", unit=village)
    member = clerk.id
    closed(admin, member)
    proposed = admin.post(f"/office/v1/staff/{member}/totp-reset", {"reason": "返岗"}).json["approval_id"]
    security.post(f"/office/v1/approvals/{proposed}/approve")
    drain("trust")
    assert admin.get(f"/office/v1/approvals/{proposed}").json["outcome"] == "superseded"
    assert stored(member)["state"] == "disabled"


def test_an_old_reset_does_not_bring_back_who_was_disabled_since(admin, security, shift_clock):
    clerk = admin.hire("case_handler", unit="finance")
    member = clerk.id
    proposed = admin.post(f"/office/v1/staff/{member}/totp-reset", {"reason": "手机遗失"}).json["approval_id"]
    shift_clock(60)
    assert admin.post(f"/office/v1/staff/{member}/disable").status_code == 204
    security.post(f"/office/v1/approvals/{proposed}/approve")
    drain("trust")
    assert admin.get(f"/office/v1/approvals/{proposed}").json["outcome"] == "superseded"
    assert stored(member)["state"] == "disabled"
    again = admin.post(f"/office/v1/staff/{member}/totp-reset", {"reason": "返岗"}).json["approval_id"]
    security.post(f"/office/v1/approvals/{again}/approve")
    drain("trust")
    assert stored(member)["state"] == "invited"


def test_whoever_moved_out_of_reach_meanwhile_is_not_disabled(admin, unit_admin, monkeypatch):
    clerk = unit_admin.hire("case_handler", unit="public_security")
    member, actor, seen = ObjectId(clerk.id), unit_admin.actor(), staff_scope.read
    moved = {"assignments": [{"role": "case_handler", "unit": "finance"}]}

    def slowly(*arguments):
        found = seen(*arguments)
        monkeypatch.undo()
        assert assign(admin, str(member), moved).status_code == 200
        return found

    monkeypatch.setattr(staff_scope, "read", slowly)
    with pytest.raises(staff_grants.AssignmentsChanged):
        staff_disable.disable(actor, member)
    assert stored(str(member))["state"] == "active"


# Children and emergencies


@pytest.fixture
def family(phone):
    child = phone.companion("20200308")
    order = phone.issued(slots.make(9), (phone.me, "adult"), (child, "child_6"))
    found = Order._get_collection().find_one({"_id": ObjectId(order["id"])})
    return order["id"], str(found["visitors"][1]["person"])


def child_name(clerk, order_id: str) -> str:
    return clerk.get(f"/office/v1/orders/{order_id}").json["visitors"][1]["name"]


def test_a_glass_that_was_not_justified_shows_nothing_more(manager, privacy, family):
    order_id, child = family
    body = {"emergency": "lost_person", "reason": "走失儿童", "person_id": child}
    glass = manager.post("/office/v1/break-glass", body).json["id"]
    assert child_name(manager, order_id) == "李*"
    told = {"justified": False, "note": "没有紧急情况"}
    assert privacy.post(f"/office/v1/break-glass/{glass}/review", told).status_code == 200
    assert child_name(manager, order_id) == "未满14周岁,需审批"


def test_a_justified_one_goes_on_for_its_hour(manager, privacy, family):
    order_id, child = family
    body = {"emergency": "lost_person", "reason": "走失儿童", "person_id": child}
    glass = manager.post("/office/v1/break-glass", body).json["id"]
    privacy.post(f"/office/v1/break-glass/{glass}/review", {"justified": True, "note": "属实"})
    assert child_name(manager, order_id) == "李*"


def test_an_approval_to_see_a_child_does_not_move_along_to_another_unit(admin, privacy, family):
    order_id, child = family
    clerk = admin.hire("tourism_office", unit="culture_tourism")
    until = (clock.today() + timedelta(days=7)).isoformat()
    body = {"person_id": child, "case": "20261123-000017", "reason": "核对儿童票", "until": until}
    asked = clerk.post("/office/v1/minor-approvals", body).json["id"]
    assert privacy.post(f"/office/v1/approvals/{asked}/approve").status_code == 200
    assert child_name(clerk, order_id) == "李*"
    assign(admin, clerk.id, {"assignments": [{"role": "tourism_office", "unit": "finance"}]})
    assert child_name(clerk, order_id) == "未满14周岁,需审批"
