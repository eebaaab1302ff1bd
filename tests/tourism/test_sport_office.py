"""Courts and pools in the office: plans and prices from a day on, with a look at who is affected; sheets; figures."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.booking import slot, slot_renewal
from models.booking.slot import Take
from models.places import resource, resource_office
from models.places.resource import Resource
from tests.support.crowd import at_once
from tests.support.files import cells
from tests.support.gate import Gate
from tests.support.queues import drain
from tests.tourism.sport_kit import GROUND, HALL, POOL, book, booked, day, drift, hour, issued, left, partner, players
from tests.tourism.sport_kit import refused as refusal
from tests.tourism.test_sport_closures import venue  # noqa: F401 - a fixture
from tests.trust.test_sheet_imports import checked, imported

BASE = f"/office/v1/places/{HALL}/resources"
LINE = {"start": "19:00", "end": "20:00", "quota": 1}


def resources(clerk, place=HALL):
    return {one["resource"]: one for one in clerk.get(f"/office/v1/places/{place}/resources").json["items"]}


def plan(clerk, *lines, code="badminton_1", days=2):
    answer = clerk.call("PUT", f"{BASE}/{code}/plan", {"from_day": day(days), "lines": list(lines)})
    drain("reports")
    return answer


def price(clerk, fen, *, code="badminton_1", days=2, **more):
    body = {"from_day": day(days), "code": "standard", "name_zh": "普通价(每时段)", "price_fen": fen} | more
    answer = clerk.call("PUT", f"{BASE}/{code}/prices", body)
    drain("reports")
    return answer


def look(clerk, *, code="badminton_1", days=2, **more):
    answer = clerk.post(f"{BASE}/{code}/preview", {"from_day": day(days)} | more)
    assert answer.status_code == 200, answer.json
    return answer.json


def starts(days=2, code="badminton_1"):
    query = {"place": HALL, "resource": code, "day": day(days), "state": "open"}
    return sorted(one["start"] // 60 for one in slot.Slot._get_collection().find(query))


# Resources


def test_a_court_is_registered_gets_a_plan_and_is_booked(venue, phone):  # noqa: F811
    body = {
        "kind": "court",
        "name_zh": "4 号羽毛球场",
        "rank": 4,
        "about": {"use": "whole", "players_most": 4},
        "days_ahead": 5,
    }
    assert venue.call("PUT", f"{BASE}/badminton_4", body).json["state"] == "active"
    assert price(venue, 2500, code="badminton_4", days=0).status_code == 202
    assert plan(venue, LINE, code="badminton_4", days=0).json["job_id"]
    at = hour(19, "badminton_4")
    made = booked(book(phone, at, partner(phone)))
    assert (made["total_fen"], made["resource_zh"]) == (2500, "4 号羽毛球场")
    assert starts(4, "badminton_4") == [19]
    assert starts(5, "badminton_4") == []
    actions = [
        one["action"]
        for one in AuditEntry._get_collection().find({"object": f"resource:{HALL}.badminton_4"}).sort("at", 1)
    ]
    assert actions == ["resource.create", "resource.price", "resource.plan"]


def test_a_place_has_two_hundred_resources_at_most_also_when_many_are_made_at_once(venue, client, seeded):  # noqa: F811
    courts = Resource._get_collection()
    there = courts.count_documents({"place": HALL})
    rows = [
        {"_id": f"{HALL}.spare_{n}", "place": HALL, "code": f"spare_{n}", "kind": "court", "name_zh": "备用场",
         "rank": n, "state": "retired", "slots": [], "ticket_types": []}
        for n in range(resource.MOST - there - 1)
    ]  # fmt: skip
    courts.insert_many(rows)
    body = {"kind": "court", "name_zh": "新场地"}
    twins = [venue.twin(client.application.test_client()) for _ in range(6)]
    answers = at_once([lambda t=t, n=n: t.call("PUT", f"{BASE}/more_{n}", body) for n, t in enumerate(twins)])
    assert sorted(one.status_code for one in answers) == [200] + [409] * 5
    refusals = [one.json for one in answers if one.status_code == 409]
    assert {one["code"] for one in refusals} == {"resources_full"}
    assert "200" in refusals[0]["message"]
    assert courts.count_documents({"place": HALL}) == resource.MOST
    assert venue.call("PUT", f"{BASE}/spare_0", body).json["state"] == "active"


def test_a_court_is_renamed_and_keeps_its_kind(venue, seeded):  # noqa: F811
    body = {"kind": "court", "name_zh": "一号场"}
    assert venue.call("PUT", f"{BASE}/badminton_1", body).json["name_zh"] == "一号场"
    drain("reports")
    assert slot.read(hour(18))["resource_zh"] == "一号场"
    answer = venue.call("PUT", f"{BASE}/badminton_1", {**body, "kind": "table"})
    assert refusal(answer) == (409, "resource_kind_fixed")


def test_retiring_ends_sales_keeps_bookings_and_history(venue, phone):  # noqa: F811
    found = issued(phone, hour(18), partner(phone))
    told = look(venue, retired=True, days=0)
    assert (told["kept_slots"], told["orders"], told["visitors"]) == (1, 1, 2)
    assert told["withdrawn_slots"] > 10
    answer = venue.post(f"{BASE}/badminton_1/retire")
    drain("reports")
    assert answer.status_code == 202
    assert starts() == []
    assert slot.read(hour(18))["state"] == "closed"
    assert phone.order(found["id"])["state"] == "issued"
    assert resources(venue)["badminton_1"]["state"] == "retired"
    assert len(resources(venue)["badminton_1"]["lines"]) > 3
    codes = [one["resource"] for one in phone.get(f"/mini/v1/sport/venues/{HALL}/board").json["items"]]
    assert "badminton_1" not in codes
    assert phone.cancel(found["id"]).json["state"] == "cancelled"


def test_a_retired_court_is_taken_into_use_again(venue, seeded):  # noqa: F811
    venue.post(f"{BASE}/badminton_1/retire")
    drain("reports")
    venue.call("PUT", f"{BASE}/badminton_1", {"kind": "court", "name_zh": "1 号羽毛球场"})
    drain("reports")
    assert 18 in starts()


# Plans


def test_a_plan_from_a_day_on_leaves_the_days_before_alone(venue, seeded):  # noqa: F811
    before = starts(1)
    assert plan(venue, LINE, days=2).status_code == 202
    assert starts(1) == before
    assert (starts(2), starts(3)) == ([19], [19])
    lines = resources(venue)["badminton_1"]["lines"]
    assert {one.get("valid_to") for one in lines if one.get("valid_from") is None} == {day(1)}
    assert [one["valid_from"] for one in lines if one.get("valid_from")] == [day(2)]


def test_what_is_sold_keeps_its_hour_although_the_plan_has_it_no_longer(venue, phone):  # noqa: F811
    found = issued(phone, [hour(15), hour(16)], partner(phone))
    told = look(venue, lines=[LINE])
    assert (told["kept_slots"], told["orders"], told["visitors"]) == (2, 1, 2)
    plan(venue, LINE)
    assert starts() == [19]
    assert [slot.read(one)["state"] for one in (hour(15), hour(16))] == ["closed", "closed"]
    assert phone.get(f"/mini/v1/sport/bookings/{found['id']}").json["state"] == "issued"
    assert drift(hour(15), hour(16)) == {0}


def test_an_hour_that_comes_back_into_the_plan_is_sold_again(venue, phone):  # noqa: F811
    found = issued(phone, hour(15), partner(phone))
    plan(venue, LINE)
    plan(venue, LINE, {**LINE, "start": "15:00", "end": "16:00"})
    assert slot.read(hour(15))["state"] == "open"
    phone.cancel(found["id"])
    assert left(hour(15)) == [1]


def test_looking_changes_nothing(venue, seeded):  # noqa: F811
    before = starts(), resources(venue)
    told = look(venue, lines=[LINE, {**LINE, "start": "22:00", "end": "23:00"}])
    assert told["new_slots"] == told["days"] == 5
    assert told["orders"] == 0
    assert (starts(), resources(venue)) == before


def test_a_session_gets_more_places_however_many_are_sold(venue, phone):  # noqa: F811
    at = hour(14, "deep", place=POOL)
    issued(phone, at, players(phone.me, deep_water_certificate=True), "adult")
    found = slot.read(at)
    assert slot_renewal.renew(found, {**found, "quota": 25}) == "changed"
    assert (slot.read(at)["quota"], left(at), drift(at)) == (25, [24], {0})
    found = slot.read(at)
    assert slot_renewal.renew(found, {**found, "quota": 0}) == "kept"
    assert (slot.read(at)["quota"], left(at)) == (25, [24])


def test_a_session_with_shares_never_gets_fewer_places_than_are_sold(venue, phone):  # noqa: F811
    at = hour(9, "main", place=POOL)
    found = slot.read(at)
    wanted = {**found, "quota": 60, "shares": {"public": 20}}
    assert slot_renewal.renew(found, wanted) == "changed"
    share = slot.read(at)["shares"]["public"]
    assert (left(at), share["quota"], share["left"]) == ([60], 20, 20)
    booked(book(phone, at, players(phone.me), "adult"))
    assert slot_renewal.renew(slot.read(at), {**wanted, "quota": 50}) == "changed"
    assert slot_renewal.renew(slot.read(at), {**wanted, "quota": 0, "shares": {}}) == "kept"
    assert (left(at), drift(at)) == ([49], {0})


def test_of_a_taker_and_a_withdrawal_at_once_only_one_happens(venue, seeded):  # noqa: F811
    at = hour(18)
    found = slot.read(at)

    def take():
        try:
            slot.take(Take(at, 1), ObjectId())
        except Exception as error:  # noqa: BLE001 - which one does not matter here
            return type(error).__name__
        return "taken"

    taken, outcome = at_once([take, lambda: slot_renewal.withdraw(found)])
    if outcome == "changed":
        assert (taken, slot.Slot._get_collection().find_one({"_id": at})) == ("NotFound", None)
    else:
        assert (taken, slot.read(at)["state"]) == ("taken", "closed")


BAD_PLANS = [
    [LINE, {**LINE, "end": "20:30"}],
    [{**LINE, "end": "19:00"}],
    [{**LINE, "weekdays": ["sat", "sun"]}, {**LINE, "weekdays": ["sun"]}],
]


@pytest.mark.parametrize("lines", BAD_PLANS)
def test_lines_that_do_not_fit_together_are_refused(venue, seeded, lines):  # noqa: F811
    answer = plan(venue, *lines)
    assert refusal(answer) == (422, "slot_plan_wrong")
    assert next(iter(answer.json["fields"])).startswith("lines.")


@pytest.mark.parametrize("others", [{"weekdays": ["mon"]}, {"day_kind": "workday"}, {"start": "20:00", "end": "21:00"}])
def test_lines_of_other_days_or_hours_fit_together(venue, seeded, others):  # noqa: F811
    first = {**LINE, "weekdays": ["sat"], "day_kind": "rest"}
    assert plan(venue, first, {**LINE, **others}).status_code == 202


def test_a_change_of_yesterday_is_refused(venue, seeded):  # noqa: F811
    assert refusal(plan(venue, LINE, days=-1)) == (422, "change_day_past")
    assert refusal(price(venue, 1, days=-1)) == (422, "change_day_past")


@pytest.mark.parametrize(
    "change", [{"start": "9:00"}, {"end": "24:30"}, {"quota": 0}, {"quota": "1"}, {"weekdays": ["xyz"]},
               {"shares": {"public": 2}}, {"shares": {"mine": 1}}, {"prices": {"standard": -1}}, {"more": 1}],
)  # fmt: skip
def test_an_odd_line_is_a_bad_request(venue, seeded, change):  # noqa: F811
    assert plan(venue, {**LINE, **change}).status_code == 400


# Prices


def test_a_price_from_a_day_on_leaves_what_was_booked_at_its_price(venue, phone):  # noqa: F811
    found = booked(book(phone, hour(14), partner(phone)))
    assert (
        look(venue, ticket={"from_day": day(), "code": "standard", "name_zh": "普通价", "price_fen": 9900})["orders"]
        == 1
    )
    assert price(venue, 9900).status_code == 202
    assert phone.order(found["id"])["total_fen"] == 2000
    phone.cancel(found["id"])
    assert booked(book(phone, hour(14), partner(phone)))["total_fen"] == 9900
    board = phone.get(f"/mini/v1/sport/venues/{HALL}/board?day={day(1)}").json["items"]
    mine = next(one for one in board if one["resource"] == "badminton_1")
    afternoon = next(one for one in mine["slots"] if one["start"] == "14:00")
    assert afternoon["ticket_types"][0]["price_fen"] == 2000


def test_prices_of_the_evening_are_those_of_the_plan(venue, phone):  # noqa: F811
    price(venue, 9900)
    quote = phone.get(f"/mini/v1/sport/quote?slot_id={hour(17)}&slot_id={hour(18)}&ticket_type=standard").json
    assert [one["price_fen"] for one in quote["hours"]] == [9900, 3000]


# Who may


def test_another_unit_changes_nothing(venue, manager, auditor, office, seeded):  # noqa: F811
    for clerk in (manager, auditor):
        assert clerk.call("PUT", f"{BASE}/badminton_1", {"kind": "court", "name_zh": "x"}).status_code in {403, 404}
        assert plan(clerk, LINE).status_code in {403, 404}
        assert clerk.post(f"{BASE}/badminton_1/retire").status_code in {403, 404}
    assert manager.get(BASE).status_code == 404
    assert "badminton_1" in resources(auditor)
    assert plan(office, LINE).status_code == 202
    assert venue.call("PUT", f"{BASE}/nothing/plan", {"from_day": day(), "lines": []}).status_code == 404


# The day sheet and figures


def test_the_day_sheet_says_who_is_on_which_court(venue, phone, travel):  # noqa: F811
    found = issued(phone, [hour(18), hour(19)], partner(phone))
    gate = Gate(phone.client, HALL)
    travel(found["day"], "18:05")
    gate.scan(found["tickets"][1]["code"])
    venue.log_in()
    before = AccessLine._get_collection().count_documents({"_id": {"$gt": ObjectId("0" * 24)}})
    sheet = venue.get(f"/office/v1/sport/venues/{HALL}/day-sheet?day={found['day']}").json
    court = next(one for one in sheet["items"] if one["resource"] == "badminton_1")
    line = court["bookings"][0]
    assert (line["order_id"], line["start"], line["end"], line["state_zh"]) == (found["id"], "18:00", "20:00", "已出票")
    assert [(one["name"], one["entered"]) for one in line["players"]] == [("张**", False), ("李*", True)]
    lines = list(AccessLine._get_collection().find({"_id": {"$gt": ObjectId("0" * 24)}}).sort("_id", 1))[before:]
    assert [(one["purpose"], len(one["subjects"])) for one in lines] == [("booking_service", 2)]


def test_a_child_on_the_day_sheet_is_not_shown_without_an_approval(venue, phone):  # noqa: F811
    child = phone.companion("20150101")
    issued(phone, hour(18), players(phone.me, child))
    sheet = venue.get(f"/office/v1/sport/venues/{HALL}/day-sheet?day={day()}").json
    names = [one["name"] for court in sheet["items"] for line in court["bookings"] for one in line["players"]]
    assert names[0] == "张**"
    assert "李" not in names[1]


def test_the_day_sheet_is_for_those_who_serve_there(manager, auditor, seeded):
    for clerk in (manager, auditor):
        assert clerk.get(f"/office/v1/sport/venues/{HALL}/day-sheet").status_code in {403, 404}


def test_figures_tell_how_much_of_each_hour_is_used(venue, phone):  # noqa: F811
    issued(phone, [hour(18), hour(19)], partner(phone))
    slot.close(hour(20), "检修")
    query = f"from={day()}&to={day(3)}"
    found = venue.get(f"/office/v1/sport/venues/{HALL}/utilisation?{query}").json
    court = next(one for one in found["items"] if one["resource"] == "badminton_1")
    hours = {one["start"]: one for one in court["hours"]}
    assert (hours["18:00"]["slots"], hours["18:00"]["used"], hours["18:00"]["used_percent"]) == (2, 1, 50.0)
    assert (hours["20:00"]["slots"], hours["20:00"]["closed"], hours["20:00"]["used_percent"]) == (1, 1, 0.0)
    assert court["used"] == 2
    book_ = venue.get(f"/office/v1/sport/venues/{HALL}/utilisation.xlsx?{query}")
    rows = cells(book_.data)
    assert rows[0][:3] == ["场地编码", "场地", "开始"]
    assert ["badminton_1", "1 号羽毛球场", "18:00", 2, 2, 1, 50, 0] in rows


@pytest.mark.parametrize("span", [(2, 1), (0, 31), (0, 400)])
def test_figures_are_of_a_month_at_most(venue, seeded, span):  # noqa: F811
    query = f"from={day(span[0])}&to={day(span[1])}"
    assert refusal(venue.get(f"/office/v1/sport/venues/{HALL}/utilisation?{query}")) == (400, "days_wrong")


# Sheets


COURTS = ["场馆编码", "场地编码", "类型", "名称", "预订方式", "最少人数", "最多人数", "室外", "提前开放天数"]
PLANS = ["场馆编码", "场地编码", "生效日期", "开始", "结束", "名额", "日别", "惠民名额", "价格"]
PRICES = ["场馆编码", "场地编码", "票种代码", "票种名称", "价格"]


def test_real_courts_replace_the_made_up_ones_by_sheets(office, phone):
    imported(office, "resources", COURTS, [HALL, "badminton_1", "场地", "主馆 1 号场", "整场", 2, 4, "否", 4])
    imported(office, "resource-prices", PRICES, [HALL, "badminton_1", "standard", "普通价", "25.00"])
    since = day(1)
    imported(
        office, "resource-plans", PLANS,
        [HALL, "badminton_1", since, "10:00", "11:30", 1, None, None, None],
        [HALL, "badminton_1", since, "19:00", "20:30", 1, None, None, "45.00"],
    )  # fmt: skip
    drain("reports")
    found = resource.read(f"{HALL}.badminton_1")
    assert (found["demo"], found["name_zh"], found["about"]["players_most"]) == (False, "主馆 1 号场", 4)
    slots = list(
        slot.Slot._get_collection().find({"place": HALL, "resource": "badminton_1", "day": day(2)}).sort("start", 1)
    )
    assert [(one["start"], one["end"], one["classes"][0]["price_fen"]) for one in slots if one["state"] == "open"] == [
        (600, 690, 2500),
        (1140, 1230, 4500),
    ]
    made = booked(book(phone, hour(19), partner(phone)))
    assert (made["total_fen"], made["end"][11:16]) == (4500, "20:30")


def test_a_row_that_is_written_twice_after_a_kill_is_one_line(office, seeded):
    since, court = clock.now(), f"{HALL}.table_1"
    for _ in range(2):
        resource_office.add_line(office.actor(), court, dict(LINE), clock.today(), since)
    assert [one["start"] for one in resource.read(court)["slots"] if one.get("sheet")] == ["19:00"]
    assert AuditEntry._get_collection().count_documents({"object": f"resource:{court}"}) == 1


def test_a_second_sheet_from_the_same_day_on_replaces_the_first(office, seeded):
    first = [HALL, "table_1", day(1), "09:00", "10:00", 1, "休息日", None, "8.00"]
    second = [HALL, "table_1", day(1), "11:00", "12:00", 1, None, None, "9.00"]
    for line in (first, second):
        imported(office, "resource-plans", PLANS, line)
    found = [one for one in resource.read(f"{HALL}.table_1")["slots"] if one.get("sheet")]
    assert [(one["start"], one["prices"]) for one in found] == [("11:00", {"standard": 900})]
    drain("reports")
    assert starts(2, "table_1") == [11]


WRONG = [
    ("resources", COURTS, ["nothing", "c1", "场地", "x", "整场", 1, 2, "否", 7], "场馆编码"),
    ("resources", COURTS, [HALL, "badminton_1", "泳池", "x", "按人", 1, 2, "否", 7], "类型"),
    ("resources", COURTS, [HALL, "c1", "场地", "x", "整场", 5, 2, "否", 7], "最多人数"),
    ("resources", COURTS, [HALL, "c1", "场地", "x", "半场", 1, 2, "否", 7], "预订方式"),
    ("resource-plans", PLANS, [HALL, "c9", None, "09:00", "10:00", 1, None, None, None], "场地编码"),
    ("resource-plans", PLANS, [HALL, "table_1", None, "10:00", "09:00", 1, None, None, None], "结束"),
    ("resource-plans", PLANS, [HALL, "table_1", "2020-01-01", "09:00", "10:00", 1, None, None, None], "生效日期"),
    ("resource-plans", PLANS, [HALL, "table_1", None, "09:00", "10:00", 1, None, 2, None], "惠民名额"),
    ("resource-prices", PRICES, [HALL, "c9", "standard", "普通价", "1.00"], "场地编码"),
]


@pytest.mark.parametrize(("kind", "headers", "line", "column"), WRONG)
def test_a_wrong_row_is_named_before_anything_is_written(office, seeded, kind, headers, line, column):
    made = checked(office, kind, headers, line)
    assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, column)]


def test_the_templates_explain_themselves(venue, seeded):  # noqa: F811
    for kind in ("resources", "resource-plans", "resource-prices"):
        answer = venue.get(f"/office/v1/sheets/{kind}/template.xlsx")
        assert answer.status_code == 200
        assert cells(answer.data)[0][0].startswith("场馆编码")


# What anybody sees


def test_venues_are_listed_with_their_mark_of_a_demonstration(client, seeded):
    found = client.get("/mini/v1/sport/venues").json["items"]
    assert [(one["id"], one["kind_zh"], one["demo"]) for one in found] == [
        ("sport_stadium", "体育场", True),
        ("sport_ground", "运动场", True),
        ("sport_gymnasium", "体育馆", True),
        ("sport_pool", "游泳馆", True),
    ]
    assert [one["resources"] for one in found] == [2, 3, 5, 3]


def test_the_board_shows_every_court_of_a_day(client, seeded):
    board = client.get(f"/mini/v1/sport/venues/{GROUND}/board?day={day()}").json
    found = {one["resource"]: one for one in board["items"]}
    assert (found["basketball_1"]["outdoor"], found["basketball_1"]["use_zh"]) == (True, "整场预订")
    assert [one["start"] for one in found["tennis_1"]["slots"]] == ["15:00", "16:00", "17:00", "18:00"]
    assert client.get("/mini/v1/sport/venues/museum/board").status_code == 404


def test_free_public_hours_are_listed_with_what_is_left(client, seeded):
    found = client.get("/mini/v1/sport/public-hours").json["items"]
    assert {one["resource"] for one in found} == {"track", "table_hall", "main"}
    assert all(any(share["share"] == "public" for share in one["shares"]) for one in found)
    assert [one["day"] for one in found] == sorted(one["day"] for one in found)


@pytest.mark.parametrize("query", ["", "slot_id=x", "ticket_type=standard", "slot_id=x&ticket_type=standard&more=1"])
def test_an_odd_quote_is_a_bad_request(client, seeded, query):
    assert client.get(f"/mini/v1/sport/quote?{query}").status_code == 400


def test_the_feed_lists_what_is_free_and_no_more(client, phone, seeded):
    booked(book(phone, hour(18), partner(phone)))
    found = client.get(f"/public/v1/sport/slots?place={HALL}&from={day()}").json
    ids = {one["id"] for one in found["items"]}
    assert hour(18) not in ids
    assert hour(19) in ids
    one = next(each for each in found["items"] if each["id"] == hour(19))
    assert (one["type"], one["duration"], one["remaining_uses"], one["demo"]) == ("Slot", "PT60M", 1, True)
    assert one["offers"][0] == {
        "type": "Offer",
        "id": "standard",
        "name": "普通价(每时段)",
        "price": 30.0,
        "price_currency": "CNY",
    }
    whole = client.get("/public/v1/sport/slots").json
    assert len(whole["items"]) <= 500
    rest = client.get(f"/public/v1/sport/slots?cursor={whole['next']}").json["items"] if whole["next"] else []
    assert len({each["id"] for each in (*whole["items"], *rest)}) == len(whole["items"]) + len(rest)


def test_the_feed_in_small_pages_lists_each_free_slot_once_in_the_order_of_ids(client, seeded, monkeypatch):
    whole = [one["id"] for one in client.get(f"/public/v1/sport/slots?place={HALL}&from={day()}").json["items"]]
    assert len(whole) > 14
    assert whole == sorted(whole)
    monkeypatch.setattr("models.sport.feed.MOST", 7)
    paged, cursor = [], ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        found = client.get(f"/public/v1/sport/slots?place={HALL}&from={day()}{more}").json
        assert len(found["items"]) <= 7
        paged, cursor = paged + [one["id"] for one in found["items"]], found["next"]
    assert paged == whole


def test_days_before_today_have_nothing_free(client, seeded):
    past = (clock.today() - timedelta(days=30)).isoformat()
    assert client.get(f"/public/v1/sport/slots?from={past}").json == {"items": [], "next": None}
