"""Courts, their plans and prices going out as sheets that can come in again; attacks on what staff set of courts."""

from datetime import date, timedelta

import pytest

from backend import clock
from models.booking.order import Order
from models.booking.slot import Slot
from models.places import resource, resource_office
from models.places.resource import Resource
from tests.tourism.sport_kit import HALL, POOL, day, hour, issued, refused
from tests.tourism.test_place_sheets import checked, exported, imported
from tests.tourism.test_sport_closures import venue  # noqa: F401 - a fixture

KINDS = ("resources", "resource-plans", "resource-prices")
BASE = f"/office/v1/places/{HALL}/resources"
LINE = {"start": "19:00", "end": "20:00", "quota": 1}


def sold(days=range(1, 12)):
    """Return what all resources sell on some days."""
    calendar, found = resource.opening.calendar(), {}
    for one in Resource._get_collection().find({"state": "active"}, {"about.x": 0}).hint("state_1__id_1"):
        owner = resource.place.read(one["place"])
        for n in days:
            at = clock.today() + timedelta(days=n)
            made = resource.slots_on(owner, one, at, calendar)
            keys = ("_id", "start", "end", "quota", "shares", "terms", "limits")
            found[one["_id"], n] = [
                {key: each.get(key) for key in keys}
                | {"sold": {kind["code"]: (kind["price_fen"], kind.get("concession"), kind.get("document_to_inspect"),
                                           kind.get("min_age"), kind.get("max_age"), kind["name_zh"],
                                           kind.get("share")) for kind in each["classes"]}}
                for each in sorted(made, key=lambda each: each["_id"])
            ]  # fmt: skip
    return found


def plan(clerk, *lines, days=0, code="badminton_1"):
    answer = clerk.call("PUT", f"{BASE}/{code}/plan", {"from_day": day(days), "lines": list(lines)})
    assert answer.status_code == 202, answer.json


def abouts():
    return {one["_id"]: one.get("about") for one in Resource._get_collection().find({"state": "active"})}


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_out_can_come_in_again_and_sells_the_same(office, seeded, kind):
    weekend = {**LINE, "weekdays": ["sat", "sun"], "prices": {"standard": 1250, "student": 700}}
    season = {**LINE, "start": "08:00", "end": "09:00", "valid_to": day(5), "ticket_types": ["standard"]}
    plan(office, weekend, season)
    plan(office, {**LINE, "quota": 3, "shares": {"group": 2}}, days=8)
    price = {"from_day": day(6), "code": "standard", "name_zh": "普通价", "price_fen": 3150}
    assert office.call("PUT", f"{BASE}/badminton_1/prices", price).status_code == 202
    before, asked = sold(), abouts()
    rows = exported(office, kind)
    made = checked(office, kind, *rows)
    assert (made["errors"], made["unknown_headers"], len(rows) > 1) == ([], [], True)
    imported(office, kind, *rows)
    assert (sold(), abouts()) == (before, asked)


def test_only_courts_of_ones_own_scope_go_out(manager, office, auditor, seeded):
    assert {row[0] for row in exported(office, "resources")[1:]} >= {HALL, POOL}
    assert not {row[0] for row in exported(manager, "resources")[1:]} & {HALL, POOL}


def test_a_retired_court_does_not_go_out(office, seeded):
    office.post(f"{BASE}/badminton_2/retire", {})
    codes = [row[1] for row in exported(office, "resources") if row[0] == HALL]
    assert ("badminton_1" in codes, "badminton_2" in codes) == (True, False)


PLANS = ["场馆编码", "场地编码", "开始", "结束", "名额", "各票种价格", "出售票种", "方案起", "方案止"]
COURTS = ["场馆编码", "场地编码", "类型", "名称", "最少人数", "最多人数", "一次最多时段", "提前开放天数"]


@pytest.mark.parametrize(
    ("kind", "headers", "lines", "found"),
    [
        ("resource-plans", PLANS, [["09:00", "11:00", 1], ["10:00", "12:00", 1]], [(3, "开始")]),
        ("resource-plans", PLANS, [["09:00", "10:00", 1, "nobody:3"]], [(2, "各票种价格")]),
        ("resource-plans", PLANS, [["09:00", "10:00", 1, None, "nobody"]], [(2, "出售票种")]),
        ("resource-plans", PLANS, [["09:00", "10:00", 1, None, None, "2030-05-02", "2030-05-01"]], [(2, "方案止")]),
        ("resources", COURTS, [["场地", "x", 1, 0]], [(2, "最多人数")]),
        ("resources", COURTS, [["场地", "x", 1, 2, 0]], [(2, "一次最多时段")]),
        ("resources", COURTS, [["场地", "x", 1, 2, 1, 0]], [(2, "提前开放天数")]),
    ],
)
def test_a_row_that_could_not_be_sold_is_named_before_anything_is_written(office, seeded, kind, headers, lines, found):
    rows = [[HALL, "badminton_1", *line, *[None] * (len(headers) - 2 - len(line))] for line in lines]
    made = checked(office, kind, headers, *rows)
    assert {(one["row"], one["column"]) for one in made["errors"]} >= set(found)


def test_a_sheet_that_is_written_over_midnight_stays_one_plan(office, seeded, travel):
    since, court = clock.now(), f"{HALL}.table_1"
    resource_office.add_line(office.actor(), court, dict(LINE), clock.today(), since)
    travel((clock.today() + timedelta(days=1)).isoformat())
    other = {**LINE, "start": "20:00", "end": "21:00"}
    resource_office.add_line(office.actor(), court, other, clock.today(), since)
    at = clock.today() + timedelta(days=1)
    assert [one["start"] for one in resource.slot_plan.lines_on(resource.read(court)["slots"], at, None)] == [
        "19:00",
        "20:00",
    ]


# Attacks


@pytest.mark.parametrize("code", ["A", "a.b", "1a", "a-b", "场地", "a" * 65, "a%20b", "day%0a"])
def test_a_code_that_is_none_is_refused(office, seeded, code):
    answer = office.call("PUT", f"{BASE}/{code}", {"kind": "court", "name_zh": "x"})
    assert refused(answer) == (422, "resource_code_wrong")


def test_what_a_change_of_a_pool_leaves_out_stays(office, seeded):
    body = {"kind": "pool", "name_zh": "大池", "about": {"outdoor": True}}
    before = resource.read(f"{POOL}.main")["about"]
    assert office.call("PUT", f"/office/v1/places/{POOL}/resources/main", body).status_code == 200
    assert resource.read(f"{POOL}.main")["about"] == before | {"outdoor": True}
    assert before["guardian_below"] == 14


@pytest.mark.parametrize("first", [date.max.isoformat(), date.min.isoformat()])
def test_the_feed_of_the_last_day_of_the_calendar_is_empty(client, seeded, first):
    answer = client.get(f"/public/v1/sport/slots?from={first}")
    assert (answer.status_code, answer.json["items"]) == (200, [])


# Children of a pool


def leave(phone, found, *numbers):
    return phone.post(f"/mini/v1/orders/{found['id']}/cancel", {"visitors": list(numbers)})


@pytest.fixture
def swimmers(phone, seeded):
    """The booker, a child of eleven, and a youth of sixteen."""
    child, youth = (phone.companion((clock.today() - timedelta(days=365 * n + n)).strftime("%Y%m%d")) for n in (11, 16))
    who = [{"companion_id": phone.me}, *({"companion_id": one, "ticket_type": "minor"} for one in (child, youth))]
    return issued(phone, hour(14, "main", place=POOL), who, "adult")


def test_a_child_of_eleven_does_not_stay_in_the_pool_without_somebody_of_full_age(phone, swimmers):
    assert refused(leave(phone, swimmers, 0)) == (409, "visitor_needs_guardian")
    stored = Order._get_collection().find_one({"visitors.ticket_class": "minor"}, hint="_id_")
    assert [one["needs_guardian"] for one in stored["visitors"]] == [False, True, False]
    assert leave(phone, swimmers, 1).status_code == 200
    assert leave(phone, swimmers, 0).status_code == 200


def test_what_the_scene_said_does_not_hang_on_a_later_change_of_the_slot(phone, swimmers):
    Slot._get_collection().update_one({"_id": swimmers["slot_id"]}, {"$unset": {"terms.guardian_required": ""}})
    assert refused(leave(phone, swimmers, 0)) == (409, "visitor_needs_guardian")
    assert leave(phone, swimmers, 0, 1).json["state"] == "issued"
