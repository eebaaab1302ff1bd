"""Who may do what: every office route under every role, and scope by unit and area."""

import re

import pytest
from mongoengine.connection import get_db

from backend.http import limits
from backend.http.access import declared
from models.identity import actors, approval, purposes, roles
from models.places.place import Place
from tests.support import slots

ANYBODY = {"/office/v1/login", "/office/v1/invitations/<token>"}


@pytest.fixture
def many_requests(app):
    """There are more routes than anybody may call in a minute."""
    limits.multiply(10)
    yield
    limits.multiply(1)


@pytest.fixture
def routes(app):
    """Every office route that a session guards: (method, path, access)."""
    found = []
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        if rule.rule.startswith("/office/v1/") and access.actor == "staff":
            path = re.sub(r"<[^>]+>", "0" * 24, rule.rule)
            found += [(method, path, access) for method in rule.methods - {"HEAD", "OPTIONS"}]
    return found


def test_every_office_route_is_guarded_but_login_and_invitations(app):
    open_to_all = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/office/v1/") and declared(app.view_functions[rule.endpoint]).actor != "staff"
    }
    link = "/office/v1/invitations/<token>"
    assert open_to_all == {"/office/v1/login", link, f"{link}/accept", f"{link}/confirm"}


def test_every_operation_of_a_route_is_held_by_some_role_and_every_one_held_is_used(app, routes):
    used = {access.operation for _, _, access in routes}
    by_parties = {declared(view).operation for view in app.view_functions.values() if declared(view)} - used
    decided = {kind.operation for kind in approval.KINDS.values()} | {"case.supervise"}  # by models.affairs.desks
    decided |= {"sample.read"}  # by models.selenium.sample
    assert used | by_parties | decided == roles.OPERATIONS | {""}


def test_without_a_session_no_office_route_answers(client, store, routes):
    assert len(routes) > 25
    for method, path, _ in routes:
        answer = client.open(path, method=method, json={}, headers={"Idempotency-Key": "k"})
        assert (method, path, answer.status_code) == (method, path, 401)


@pytest.mark.parametrize("role", list(roles.ROLES))
def test_a_role_reaches_its_operations_and_is_refused_all_others(admin, routes, many_requests, role):
    clerk = admin.hire(role, unit="changzhengyuan")
    for method, path, access in routes:
        if access.operation in roles.EVERYBODY:
            continue
        answer = clerk.call(method, path, {} if method != "GET" else None)
        held = roles.ROLES[role].purposes
        allowed = access.operation in roles.ROLES[role].operations and (not access.purpose or access.purpose in held)
        assert (answer.status_code != 403) == allowed, (method, path, answer.json)
        assert answer.status_code < 500, (method, path, answer.json)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/office/v1/places/museum", None),
        ("GET", "/office/v1/places/museum/slots", None),
        ("GET", "/office/v1/places/museum/mini-program-code", None),
        ("POST", "/office/v1/places/museum/notices", {"text": "x", "from_day": "2026-11-23", "to_day": "2026-11-24"}),
        ("POST", "/office/v1/places/museum/slots", {"from": "2026-11-23", "days": 1}),
        ("GET", "/office/v1/orders?place=museum&day=2026-11-24", None),
        ("GET", "/office/v1/devices?place_id=museum", None),
    ],
)
def test_what_lies_outside_the_unit_looks_like_what_is_not_there(manager, method, path, body):
    outside = manager.call(method, path, body)
    missing = manager.call(method, path.replace("museum", "nowhere"), body)
    assert (outside.status_code, missing.status_code) == (404, 404)
    assert outside.json["code"] == missing.json["code"]
    assert manager.call("GET", "/office/v1/places/pingshan").status_code == 200


def test_a_slot_outside_the_unit_is_not_found(manager):
    slot = slots.make(5, place_id="museum")
    assert manager.post(f"/office/v1/slots/{slot}/close", {"reason": "x"}).status_code == 404
    assert manager.post(f"/office/v1/slots/{slot}/reopen").status_code == 404
    assert manager.get(f"/office/v1/orders?slot={slot}").status_code == 404
    assert slots.left(slot) == 5


def test_a_slot_in_scope_does_not_open_a_place_outside(manager):
    slot = slots.make(5)
    answer = manager.get(f"/office/v1/orders?slot={slot}&place=museum&day=2026-11-24")
    assert answer.status_code == 404


def test_the_tourism_office_reaches_places_of_every_unit(office):
    found = office.get("/office/v1/places?limit=100").json["items"]
    assert {one["id"] for one in found} == {
        one["_id"] for one in get_db().places.find({"rank": {"$gte": 0}}, {"_id": 1})
    }
    assert office.get("/office/v1/places/museum").json["unit"] == "long_march_museum"
    assert office.get("/office/v1/places/pingshan").json["unit"] == "changzhengyuan"


def test_an_area_narrows_the_places_of_a_unit(admin, seeded):
    place = Place._get_collection().find_one({"_id": "pingshan"})
    clerk = admin.hire("scenic_manager", unit="changzhengyuan", area=place["town_code"])
    shown = clerk.get("/office/v1/places").json["items"]
    assert {one["town_code"] for one in shown} == {place["town_code"]}
    other = Place._get_collection().find_one(
        {"unit": "changzhengyuan", "rank": {"$gte": 0}, "town_code": {"$ne": place["town_code"]}}
    )
    assert clerk.get(f"/office/v1/places/{other['_id']}").status_code == 404
    assert clerk.get("/office/v1/places/pingshan").status_code == 200


def test_an_area_narrows_a_role_of_the_whole_county(admin, seeded):
    clerk = admin.hire("tourism_office", unit="culture_tourism", area="360731100")
    shown = clerk.get("/office/v1/places?limit=100").json["items"]
    assert shown
    assert {one["town_code"] for one in shown} == {"360731100"}


@pytest.mark.parametrize(
    ("assignment", "unit", "area", "reached"),
    [
        (("scenic_manager", "a", ""), "a", "", True),
        (("scenic_manager", "a", ""), "b", "", False),
        (("scenic_manager", "a", "360731"), "a", "360731100", True),
        (("scenic_manager", "a", "360731100"), "a", "360731100001", True),
        (("scenic_manager", "a", "360731100001"), "a", "360731100", False),
        (("scenic_manager", "a", "360731101"), "a", "360731100", False),
        (("scenic_manager", "a", "360731100"), "a", "", False),
        (("tourism_office", "a", ""), "b", "", True),
        (("tourism_office", "a", "360731101"), "b", "360731100", False),
        (("auditor", "", ""), "b", "360731100", True),
        (("system_admin", "", ""), "b", "360731100", False),
    ],
)
def test_unit_and_area_decide_together(assignment, unit, area, reached):
    actor = actors.Staff(None, "x", "y", (actors.Assignment(*assignment),))
    assert actor.covers("place.read", unit=unit, area=area) is reached


def test_a_purpose_is_held_together_with_the_operation_by_one_role():
    """One role with the operation and another with the purpose do not add up."""
    clerk = actors.Staff(None, "x", "y", (actors.Assignment("scenic_manager", "a"),))
    both = (actors.Assignment("case_handler", "a"), actors.Assignment("gate_clerk", "a"))
    assert clerk.may("order.list", "booking_service")
    assert not clerk.may("order.list", purposes.EMERGENCY)
    assert not actors.Staff(None, "x", "y", both).may("order.export", "booking_service")
    assert actors.Staff(None, "x", "y", both).may("order.list", "booking_service")


def test_every_purpose_of_a_route_or_role_stands_in_the_table(app):
    rules = [declared(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    named = {one.purpose for one in rules} - {""}
    of_staff = {one.purpose for one in rules if one.actor == "staff"} - {""}
    held = {one for role in roles.ROLES.values() for one in role.purposes}
    assert named <= set(purposes.PURPOSES)
    assert held <= set(purposes.PURPOSES)
    assert of_staff <= held
    assert purposes.EMERGENCY not in held


def test_a_role_below_a_unit_reaches_what_lies_below_and_no_more():
    given = (actors.Assignment("unit_admin", "a"), actors.Assignment("case_handler", "a"))
    actor = actors.Staff(None, "x", "y", given, {"a": frozenset({"a", "a1", "a2"})})
    assert actor.units_for("staff.list") == {"a", "a1", "a2"}
    assert actor.covers("staff.list", unit="a1", area="")
    assert not actor.covers("staff.list", unit="b", area="")
    assert actor.units_for("fact.read") == {"a"}
    assert not actor.covers("fact.read", unit="a1", area="")


def test_two_assignments_reach_the_objects_of_both_each_with_its_own_operations():
    given = (actors.Assignment("scenic_manager", "a"), actors.Assignment("gate_clerk", "b"))
    actor = actors.Staff(None, "x", "y", given)
    assert actor.units_for("order.list") == {"a", "b"}
    assert actor.units_for("slot.close") == {"a"}
    assert actor.units_for("staff.invite") == set()
    assert not actor.covers("slot.close", unit="b", area="")


def test_administrators_hold_nothing_that_shows_residents():
    personal = {"order.list", "order.read"}
    assert all(not roles.ROLES[name].operations & personal for name in roles.ALONE)
