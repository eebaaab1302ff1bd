"""The tree of units: kept by the system administrator, whole whatever happens at once."""

from functools import partial

import pytest

from models.audit.entry import AuditEntry
from models.identity import unit
from models.identity.unit import Unit
from seed import county_data
from tests.support.crowd import at_once

BODY = {"code": "test_bureau", "name": "测试局", "kind": "bureau", "parent": "county_360731", "area": ""}


def stored(code: str) -> dict:
    return Unit._get_collection().find_one({"_id": code})


def made(admin, code: str, parent: str = "county_360731") -> str:
    answer = admin.post("/office/v1/units", {**BODY, "code": code, "parent": parent})
    assert answer.status_code == 201, answer.json
    return code


def moved(admin, code: str, parent: str):
    body = {name: BODY[name] for name in ("name", "kind", "area")}
    return admin.call("PUT", f"/office/v1/units/{code}", {**body, "parent": parent})


def test_the_plan_s_units_and_all_towns_are_there_with_their_source(seeded):
    records = county_data._read("units.json")["records"]
    codes = {one["code"] for one in records}
    assert {"public_security", "natural_resources", "market_supervision", "human_resources", "social_insurance_centre",
            "civil_affairs", "health_commission", "education_sports", "big_data_centre", "administrative_approval",
            "culture_tourism", "changzhengyuan", "long_march_museum", "industrial_park"} <= codes  # fmt: skip
    assert len([one for one in records if one["kind"] == "town"]) == 23
    assert all(one["source"] and one["confidence"] for one in records)
    schools = {f"school_{one['code']}" for one in county_data._read("school.json")["demo"]["schools"]}
    clinics = {one["code"] for one in county_data._read("health_units.json")["demo"]}
    assert len(codes) == len(records)
    assert {one["_id"] for one in Unit._get_collection().find({"_id": {"$gt": ""}})} == codes | schools | clinics
    assert stored("traffic_police")["ancestors"] == ["county_360731", "public_security"]


def test_the_seed_leaves_alone_what_the_staff_changed(admin):
    moved(admin, "traffic_police", "emergency_management")
    admin.post("/office/v1/units/peoples_bank/close")
    before = stored("traffic_police"), stored("peoples_bank")
    county_data.units()
    assert (stored("traffic_police"), stored("peoples_bank")) == before
    assert before[0]["parent"] == "emergency_management"
    assert before[1]["state"] == "closed"


def test_the_list_pages_through_all_units_or_those_below_one(admin):
    seen, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"/office/v1/units?limit=30{cursor and '&cursor='}{cursor}").json
        seen += [one["code"] for one in page["items"]]
        cursor = page["next"]
    assert len(set(seen)) == len(seen) >= 74
    below = admin.get("/office/v1/units?under=public_security").json["items"]
    assert [one["code"] for one in below] == ["traffic_police"]
    assert below[0]["path"] == ["county_360731", "public_security", "traffic_police"]
    direct = admin.get("/office/v1/units?parent=county_360731&limit=100&state=active").json["items"]
    assert "traffic_police" not in {one["code"] for one in direct}


def test_a_unit_is_made_renamed_and_read(admin):
    made(admin, "test_bureau")
    answer = admin.call(
        "PUT", "/office/v1/units/test_bureau",
        {"name": "新名局", "kind": "institution", "parent": "county_360731", "area": "360731100"},
    )  # fmt: skip
    assert answer.status_code == 200
    told = admin.get("/office/v1/units/test_bureau").json
    assert (told["name"], told["kind_zh"], told["area"], told["state_zh"]) == (
        "新名局", "事业单位、机构", "360731100", "正常",
    )  # fmt: skip
    actions = [
        one["action"] for one in AuditEntry._get_collection().find({"object": "unit:test_bureau"}).sort("_id", 1)
    ]
    assert actions == ["unit.create", "unit.change"]


def test_the_same_change_twice_is_one_entry(admin):
    made(admin, "test_bureau")
    for _ in range(2):
        assert moved(admin, "test_bureau", "public_security").status_code == 200
    assert AuditEntry._get_collection().count_documents({"object": "unit:test_bureau", "action": "unit.change"}) == 1


def test_a_code_is_given_once(admin):
    answer = admin.post("/office/v1/units", {**BODY, "code": "public_security"})
    assert (answer.status_code, answer.json["code"]) == (409, "unit_code_taken")


@pytest.mark.parametrize(
    "changes",
    [{"code": "X"}, {"code": "a"}, {"code": "with space"}, {"code": "a" * 65}, {"kind": "king"}, {"name": " "},
     {"name": "x" * 61}, {"area": "12"}, {"parent": "$ne"}, {"extra": 1}, {"code": {"$gt": ""}}],
)  # fmt: skip
def test_odd_units_are_bad_requests(admin, changes):
    answer = admin.post("/office/v1/units", {**BODY, **changes})
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_a_parent_that_is_not_there_or_closed_is_refused_by_its_field(admin):
    answer = admin.post("/office/v1/units", {**BODY, "parent": "no_such_unit"})
    assert (answer.status_code, answer.json["code"], list(answer.json["fields"])) == (422, "unit_unknown", ["parent"])
    admin.post("/office/v1/units/peoples_bank/close")
    assert admin.post("/office/v1/units", {**BODY, "parent": "peoples_bank"}).status_code == 422


def test_a_move_takes_along_all_below(admin):
    made(admin, "one"), made(admin, "two", "one"), made(admin, "three", "two")
    assert moved(admin, "one", "public_security").status_code == 200
    assert stored("three")["ancestors"] == ["county_360731", "public_security", "one", "two"]
    assert unit.subtrees(["public_security"])["public_security"] >= {"public_security", "traffic_police", "three"}
    assert moved(admin, "two", "").json["path"] == ["two"]
    assert stored("three")["ancestors"] == ["two"]


@pytest.mark.parametrize("below", ["one", "two", "three"])
def test_a_unit_never_lies_below_itself(admin, below):
    made(admin, "one"), made(admin, "two", "one"), made(admin, "three", "two")
    answer = moved(admin, "one", below)
    assert (answer.status_code, answer.json["code"]) == (422, "unit_circle")
    assert stored("one")["parent"] == "county_360731"


def test_the_tree_is_eight_levels_deep_at_most(admin):
    parent = made(admin, "level_1")
    for number in range(2, 8):
        parent = made(admin, f"level_{number}", parent)
    answer = admin.post("/office/v1/units", {**BODY, "code": "level_8", "parent": parent})
    assert (answer.status_code, answer.json["code"]) == (422, "unit_circle")
    assert moved(admin, "level_1", "public_security").json["code"] == "unit_circle"


def test_two_moves_that_would_close_a_circle_together_leave_a_tree(admin, app):
    """Each is right by itself: one below two, and two below one."""
    made(admin, "one"), made(admin, "two")
    twins = [admin.twin(app.test_client()) for _ in range(2)]
    for _ in range(6):
        for code in ("one", "two"):
            assert moved(admin, code, "county_360731").status_code == 200
        calls = [partial(moved, twins[0], "one", "two"), partial(moved, twins[1], "two", "one")]
        statuses = sorted(one.status_code for one in at_once(calls))
        assert statuses == [200, 422]
        whole = {one: stored(one)["ancestors"] for one in ("one", "two")}
        assert all(code not in above for code, above in whole.items())


def test_without_the_touch_of_the_parent_two_moves_do_close_a_circle(admin, app, monkeypatch):
    """The control of the test above."""
    made(admin, "one"), made(admin, "two")
    monkeypatch.setattr(unit, "hold", lambda units, session: None)
    twins = [admin.twin(app.test_client()) for _ in range(2)]
    circles = 0
    for _ in range(20):
        for code in ("one", "two"):
            Unit._get_collection().update_one(
                {"_id": code}, {"$set": {"parent": "county_360731", "ancestors": ["county_360731"]}}
            )
        calls = [partial(moved, twins[0], "one", "two"), partial(moved, twins[1], "two", "one")]
        at_once(calls)
        circles += {stored("one")["parent"], stored("two")["parent"]} == {"one", "two"}
    assert circles > 0


def test_a_unit_with_members_or_units_below_is_not_closed(admin):
    assert admin.post("/office/v1/units/public_security/close").json["code"] == "unit_in_use"
    _, answer = admin.invite("gate_clerk", unit="changzhengyuan")
    assert answer.status_code == 201
    assert admin.post("/office/v1/units/changzhengyuan/close").json["code"] == "unit_in_use"
    assert stored("changzhengyuan")["state"] == "active"
    admin.post(f"/office/v1/staff/{answer.json['id']}/disable")
    closed = admin.post("/office/v1/units/changzhengyuan/close")
    assert (closed.status_code, closed.json["state_zh"]) == (200, "已撤销")
    assert admin.post("/office/v1/units/changzhengyuan/reopen").json["state"] == "active"


def test_an_invitation_and_a_closing_at_the_same_time_never_leave_a_member_of_a_closed_unit(admin, app):
    for number in range(5):
        code = made(admin, f"short_lived_{number}")
        twins = [admin.twin(app.test_client()) for _ in range(2)]
        invite = partial(twins[0].invite, "gate_clerk", unit=code)
        close = partial(twins[1].post, f"/office/v1/units/{code}/close")
        (_, invited), closed = at_once([invite, close])
        assert (invited.status_code, closed.status_code) in {(201, 409), (422, 200)}


def test_nobody_else_changes_units(security, unit_admin, auditor):
    for clerk in (security, unit_admin, auditor):
        assert clerk.post("/office/v1/units", BODY).status_code == 403
        assert moved(clerk, "peoples_bank", "").status_code == 403
        assert clerk.get("/office/v1/units/peoples_bank").status_code == 200


@pytest.mark.parametrize("code", ["nowhere", "$ne", "%00", "é" * 40])
def test_an_unknown_unit_is_not_found(admin, code):
    assert admin.get(f"/office/v1/units/{code}").status_code == 404
    assert moved(admin, code, "").status_code == 404
    assert admin.post(f"/office/v1/units/{code}/close").status_code == 404
    assert admin.post(f"/office/v1/units/{code}/reopen").status_code == 404


def test_put_makes_changes_and_repeats_without_harm(admin):
    """The rule that the import of sheets uses."""
    actor = admin.actor()
    first = unit.put(actor, "test_bureau", "测试局", "bureau", "county_360731", "")
    again = unit.put(actor, "test_bureau", "测试局", "bureau", "county_360731", "")
    changed = unit.put(actor, "test_bureau", "改名局", "bureau", "public_security", "")
    assert (first["name"], again["name"], changed["name"]) == ("测试局", "测试局", "改名局")
    assert stored("test_bureau")["ancestors"] == ["county_360731", "public_security"]
    with pytest.raises(unit.UnitUnknown):
        unit.put(actor, "test_bureau", "改名局", "bureau", "no_such_unit", "")
