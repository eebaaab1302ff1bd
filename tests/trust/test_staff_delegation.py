"""Delegated administration: a unit's administrator keeps the accounts of the unit and those below it, and no others."""

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.identity import roles, staff_scope
from models.identity.actors import Assignment, Staff
from models.identity.staff import StaffMember

INSIDE = [{"role": "case_handler", "unit": "public_security"}, {"role": "counter_clerk", "unit": "traffic_police"}]
SCOPE = {"public_security": frozenset({"public_security", "traffic_police"})}


def stored(clerk) -> dict:
    return StaffMember._get_collection().find_one({"login": clerk.login})


def test_a_unit_administrator_invites_within_the_unit_and_below(unit_admin):
    for one in INSIDE:
        _, answer = unit_admin.invite(one["role"], unit=one["unit"])
        assert (answer.status_code, "approval_id" in answer.json) == (201, False)
    clerk = unit_admin.hire("case_handler", unit="traffic_police", area="360731100")
    assert clerk.get("/office/v1/me").json["assignments"][0]["unit"] == "traffic_police"


@pytest.mark.parametrize(
    ("role", "unit"),
    [("case_handler", "civil_affairs"), ("case_handler", "county_360731"), ("tourism_office", "public_security"),
     *[(role, "public_security") for role in sorted(roles.SENSITIVE)]],
)  # fmt: skip
def test_nothing_outside_and_nothing_sensitive_can_be_given(unit_admin, role, unit):
    _, answer = unit_admin.invite(role, unit=unit)
    assert (answer.status_code, answer.json["code"]) == (403, "grant_out_of_reach")
    inside = unit_admin.invite("case_handler", unit="public_security")[1].json["id"]
    body = {"assignments": [{"role": role, "unit": unit}]}
    assert unit_admin.call("PUT", f"/office/v1/staff/{inside}/assignments", body).json["code"] == "grant_out_of_reach"


def test_the_list_holds_whom_one_reaches(admin, unit_admin, manager, auditor):
    inside = unit_admin.hire("case_handler", unit="traffic_police")
    mixed = admin.post(
        "/office/v1/staff",
        {
            "login": "both.units",
            "name": "李强",
            "assignments": [INSIDE[0], {"role": "case_handler", "unit": "finance"}],
        },
    ).json["id"]
    shown = unit_admin.get("/office/v1/staff").json["items"]
    assert [one["id"] for one in shown] == [inside.id]
    assert mixed not in {one["id"] for one in shown}
    assert unit_admin.get("/office/v1/staff?unit=changzhengyuan").json["items"] == []
    everybody = {one["id"] for one in admin.get("/office/v1/staff?limit=100").json["items"]}
    assert {inside.id, mixed, manager.id, auditor.id, unit_admin.id} <= everybody
    assert [one["id"] for one in admin.get("/office/v1/staff?unit=traffic_police").json["items"]] == [inside.id]


@pytest.mark.parametrize("who", ["outside", "above", "themselves", "nobody"])
def test_who_is_out_of_reach_looks_like_who_is_not_there(admin, unit_admin, manager, auditor, who):
    member = {"outside": lambda: manager.id, "above": lambda: auditor.id, "themselves": lambda: unit_admin.id,
              "nobody": lambda: "0" * 24}[who]()  # fmt: skip
    path, body = f"/office/v1/staff/{member}", {"assignments": [INSIDE[0]]}
    answers = [
        unit_admin.get(path),
        unit_admin.call("PUT", f"{path}/assignments", body),
        unit_admin.get(f"{path}/sessions"),
        unit_admin.call("DELETE", f"{path}/sessions"),
    ]
    if who != "themselves":  # 409: their own account
        answers += [
            unit_admin.post(f"{path}/disable"),
            unit_admin.post(f"{path}/invitation"),
            unit_admin.post(f"{path}/totp-reset", {"reason": "手机遗失"}),
        ]
    assert {(one.status_code, one.json["code"]) for one in answers} == {(404, "not_found")}


def test_a_unit_administrator_ends_access_within_the_unit(unit_admin):
    clerk = unit_admin.hire("case_handler", unit="traffic_police")
    member = clerk.id
    (session,) = unit_admin.get(f"/office/v1/staff/{member}/sessions").json["items"]
    assert (session["current"], set(session)) == (False, {"id", "current", "at", "last_seen", "until"})
    assert unit_admin.call("DELETE", f"/office/v1/staff/{member}/sessions/{session['id']}").status_code == 204
    assert clerk.get("/office/v1/me").status_code == 401
    assert unit_admin.call("DELETE", f"/office/v1/staff/{member}/sessions/{session['id']}").status_code == 404
    clerk.log_in()
    assert unit_admin.post(f"/office/v1/staff/{member}/disable").status_code == 204
    assert clerk.get("/office/v1/me").status_code == 401


def test_what_moves_out_of_the_unit_is_out_of_reach_at_once(admin, unit_admin):
    clerk = unit_admin.hire("case_handler", unit="traffic_police")
    body = {"name": "县交警大队", "kind": "institution", "parent": "emergency_management"}
    assert admin.call("PUT", "/office/v1/units/traffic_police", body).status_code == 200
    assert unit_admin.get("/office/v1/staff").json["items"] == []
    assert unit_admin.post(f"/office/v1/staff/{clerk.id}/disable").status_code == 404


def test_an_area_narrows_whom_one_reaches(admin):
    keeper = admin.hire("unit_admin", unit="public_security", area="360731100")
    inside = keeper.hire("case_handler", unit="public_security", area="360731100")
    admin.hire("case_handler", unit="public_security")
    assert keeper.invite("case_handler", unit="public_security")[1].status_code == 403
    assert keeper.invite("case_handler", unit="public_security", area="360731101")[1].status_code == 403
    assert [one["id"] for one in keeper.get("/office/v1/staff").json["items"]] == [inside.id]


def test_a_security_administrator_ends_sessions_of_everybody_but_makes_no_accounts(security, manager):
    assert security.get(f"/office/v1/staff/{manager.id}/sessions").json["items"]
    assert security.call("DELETE", f"/office/v1/staff/{manager.id}/sessions").status_code == 204
    assert manager.get("/office/v1/me").status_code == 401
    assert security.invite("gate_clerk", unit="changzhengyuan")[1].status_code == 403
    assert security.post(f"/office/v1/staff/{stored(manager)['_id']}/disable").status_code == 403


ASSIGNMENTS = st.builds(
    Assignment,
    role=st.sampled_from(sorted(roles.ROLES)),
    unit=st.sampled_from(["", "public_security", "traffic_police", "finance", "county_360731"]),
    area=st.sampled_from(["", "360731", "360731100", "360731100001", "360731101"]),
)


@given(own_area=st.sampled_from(["", "360731", "360731100"]), wanted=st.lists(ASSIGNMENTS, min_size=1, max_size=3))
@settings(max_examples=500, suppress_health_check=[HealthCheck.filter_too_much])
def test_no_grant_of_a_delegated_administrator_reaches_beyond_their_own(own_area, wanted):
    keeper = Staff(ObjectId(), "x", "s", (Assignment("unit_admin", "public_security", own_area),), SCOPE)
    try:
        staff_scope.require_grantable(keeper, "staff.invite", wanted)
    except staff_scope.GrantOutOfReach:
        outside = [one for one in wanted if not (
            one.role in roles.GRANTABLE["unit_admin"]
            and one.unit in SCOPE["public_security"]
            and one.area.startswith(own_area)
        )]  # fmt: skip
        assert outside
        return
    new = Staff(ObjectId(), "y", "s", tuple(wanted), SCOPE)
    assert not {one.role for one in wanted} & roles.SENSITIVE
    for operation in roles.OPERATIONS - roles.EVERYBODY:
        units = new.units_for(operation)
        assert units is not None
        assert units <= SCOPE["public_security"]


@given(wanted=st.lists(ASSIGNMENTS, min_size=1, max_size=3))
@settings(max_examples=300)
def test_nobody_but_the_two_kinds_of_administrators_gives_any_role(wanted):
    for role in set(roles.ROLES) - {"system_admin", "unit_admin"}:
        clerk = Staff(ObjectId(), "x", "s", (Assignment(role, "public_security"),), SCOPE)
        with pytest.raises(staff_scope.NotAllowed):
            staff_scope.require_grantable(clerk, "staff.invite", wanted)


@given(own_area=st.sampled_from(["", "360731100"]), given_roles=st.lists(ASSIGNMENTS, min_size=1, max_size=3))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_query_of_the_list_and_the_rule_of_one_member_agree(store, own_area, given_roles):
    members = StaffMember._get_collection()
    members.delete_many({"login": "probe"})
    record = {"login": "probe", "state": "active", "assignments": [vars(one) for one in given_roles]}
    member = members.insert_one(record).inserted_id
    keeper = Staff(ObjectId(), "x", "s", (Assignment("unit_admin", "public_security", own_area),), SCOPE)
    listed = members.find_one({"$and": [staff_scope.query(keeper, "staff.list"), {"_id": member}]})
    assert bool(listed) == all(staff_scope.covers(keeper, "staff.list", one) for one in given_roles)
