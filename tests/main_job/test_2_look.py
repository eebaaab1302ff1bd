"""Paragraph 2, Look: the county's places, their distance, opening days, notices, free slots, and the areas."""

from datetime import timedelta

import pytest

from backend import clock, geo
from models.booking import slot
from models.places import place
from seed import county_data
from tests.support import alarms, slots

MUSEUM = (115.41, 25.956)
PLACES = "/mini/v1/places"


@pytest.fixture
def look(client, seeded):
    """Somebody who is not logged in."""

    def get(path, **query):
        answer = client.get(path, query_string=query)
        assert answer.status_code == 200, answer.json
        return answer.json

    return get


def nulls(value):
    if isinstance(value, dict):
        return sum(nulls(one) for one in value.values())
    return sum(nulls(one) for one in value) if isinstance(value, list) else value is None


def days_from_today(number):
    return (clock.today() + timedelta(days=number)).isoformat()


def sights():
    """What the reference data tell of places that one visits, by id; services are found by searching only."""
    venues = [one for one in county_data._read("venues.json")["records"] if not one["same_as"] and not one["left_out"]]
    told = [*county_data._read("places.json")["records"], *venues, *county_data._read("sport.json")["places"]]
    return {one["id"]: one for one in told if one.get("category") != "service"}


# Places


def test_all_places_of_the_county_are_listed_and_what_is_unknown_is_absent(look):
    found = look(PLACES, limit=100)
    assert {one["id"] for one in found["items"]} == set(sights())
    assert len(found["items"]) == len(sights()) >= 33
    assert found["next"] is None
    assert nulls(found["items"]) == 0
    assert sum("level" in one for one in found["items"]) == sum(bool(one.get("level")) for one in sights().values())
    assert sum("geo" not in one for one in found["items"]) > 20


def test_a_place_is_shown_with_kind_level_town_and_where_it_was_read(look):
    park = look(f"{PLACES}/park")
    assert (park["kind"], park["level"], park["town"], park["town_code"]) == ("红色景区", "4A", "贡江镇", "360731100")
    assert park["confidence"] in {"high", "medium", "low"}
    assert all(source["title"] for source in park["source"])
    assert park["geo"]["confidence"] == "low"


def test_what_a_demonstration_makes_up_is_marked(look):
    items = look(PLACES, limit=100)["items"]
    assert {one["id"] for one in items if one.get("demo")} == {one["id"] for one in items if one["bookable"]}
    ticket = look(f"{PLACES}/pingshan")["ticket_types"][0]
    assert ticket["demo"] is True


def test_pages_follow_each_other_without_loss_or_repetition(look):
    seen, cursor = [], {}
    while cursor is not None:
        page = look(PLACES, limit=7, **cursor)
        seen += [one["id"] for one in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert seen == [one["id"] for one in look(PLACES, limit=100)["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "长征渡口"}, lambda one: one["kind"] == "长征渡口"),
        ({"town": "360731105"}, lambda one: one["town_code"] == "360731105"),
        ({"kind": "长征渡口", "town": "360731108"}, lambda one: one["town_code"] == "360731108"),
    ],
)
def test_places_are_filtered_by(look, query, expected):
    found = look(PLACES, **query)["items"]
    assert 2 <= len(found) < 20
    assert all(expected(one) for one in found)


def test_a_filter_that_nothing_meets_gives_an_empty_list(look):
    assert look(PLACES, town="360731999") == {"items": [], "next": None}


def test_near_places_come_first_and_those_of_unknown_position_last(look):
    lon, lat = geo.to_gcj02(*MUSEUM)
    distances = [one.get("distance_m") for one in look(PLACES, lon=lon, lat=lat, limit=100)["items"]]
    known = [one for one in distances if one is not None]
    assert len(known) >= 5
    assert known == sorted(known)
    assert distances[len(known) :] == [None] * (len(sights()) - len(known))


def test_pages_by_distance_follow_each_other_too(look):
    where = dict(zip(("lon", "lat"), geo.to_gcj02(*MUSEUM), strict=True))
    whole = [one["id"] for one in look(PLACES, **where, limit=100)["items"]]
    first = look(PLACES, **where, limit=4)
    second = look(PLACES, **where, limit=4, cursor=first["next"])
    assert [one["id"] for one in first["items"] + second["items"]] == whole[:8]


def test_the_position_from_wechat_is_converted_before_distances_are_measured(look):
    lon, lat = geo.to_gcj02(*MUSEUM)
    assert look(f"{PLACES}/museum", lon=lon, lat=lat)["distance_m"] <= 1
    unconverted = look(f"{PLACES}/museum", lon=MUSEUM[0], lat=MUSEUM[1])["distance_m"]
    assert 300 < unconverted < 1000


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (PLACES, {"lon": 115.4}, "lon"),
        (PLACES, {"lon": 200, "lat": 25}, "lon"),
        (PLACES, {"lon": "nan", "lat": 25}, "lon"),
        (PLACES, {"town": "贡江镇"}, "town"),
        (PLACES, {"limit": 101}, "limit"),
        (PLACES, {"order": "price"}, "order"),
        (f"{PLACES}/museum/slots", {"from": "22.11.2026"}, "from"),
        (f"{PLACES}/museum/slots", {"from": "2026-02-30"}, "from"),
        (f"{PLACES}/museum/slots", {"from": "2026-11-02", "to": "2026-11-01"}, "to"),
        (f"{PLACES}/museum/slots", {"from": "2026-11-01", "to": "2027-01-02"}, "to"),
    ],
)
def test_a_wrong_question_names_its_field_in_chinese(client, seeded, path, query, field):
    answer = client.get(path, query_string=query)
    assert (answer.status_code, list(answer.json["fields"])) == (400, [field])
    assert "\u4e00" <= answer.json["fields"][field][0][0] <= "\u9fff"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_answered(look, day):
    assert look(f"{PLACES}/museum/slots", **{"from": day}) == {"items": [], "next": None}


@pytest.mark.parametrize("path", [f"{PLACES}/atlantis", f"{PLACES}/$ne", "/mini/v1/slots/atlantis-20261124-0900"])
def test_what_does_not_exist_is_a_404(client, seeded, path):
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.json["message"] == "Not found. Please check and try again."


# Opening days

CALENDAR = [
    ("2026-10-12", False, "a plain Monday"),
    ("2026-10-13", True, "a plain Tuesday"),
    ("2026-10-05", True, "a Monday that is a public holiday"),
    ("2026-10-11", True, "a Sunday"),
    ("2031-01-06", False, "a Monday of a year that nobody imported"),
]


@pytest.mark.parametrize(("day", "is_open", "_why"), CALENDAR, ids=[row[2] for row in CALENDAR])
def test_the_museum_on(look, travel, day, is_open, _why):
    travel(day)
    assert look(f"{PLACES}/museum")["open_today"] is is_open
    found = next(one for one in look(PLACES, limit=100)["items"] if one["id"] == "museum")
    assert found["open_today"] is is_open


@pytest.mark.parametrize(("day", "is_open", "_why"), CALENDAR, ids=[row[2] for row in CALENDAR])
def test_slots_of_the_museum_are_opened_only_on_open_days(look, day, is_open, _why):
    made = place.open_slots("museum", clock.date_of(day), 1)
    assert made == (4 if is_open else 0)
    assert len(look(f"{PLACES}/museum/slots", **{"from": day, "to": day})["items"]) == made


def test_the_park_has_no_closing_day_and_unknown_hours_say_nothing_of_today(look, travel):
    travel("2026-10-12")
    assert look(f"{PLACES}/park")["open_today"] is True
    assert "open_today" not in look(f"{PLACES}/shangbao")


def test_a_year_that_nobody_imported_raises_the_alarm(client, seeded, travel):
    travel("2031-01-06")
    before = alarms.raised("calendar_year_missing")
    client.get(f"{PLACES}/museum")
    assert alarms.raised("calendar_year_missing") > before
    assert 'alarms_total{alarm="calendar_year_missing"}' in client.get("/metrics").get_data(as_text=True)


def test_an_imported_year_raises_none(client, seeded, travel):
    travel("2026-10-12")
    before = alarms.raised("calendar_year_missing")
    assert client.get(f"{PLACES}/museum").status_code == 200
    assert alarms.raised("calendar_year_missing") == before


# Notices


def test_only_the_notices_of_today_are_shown(look):
    for text, first, last in (("昨天", -2, -1), ("今天", 0, 0), ("本周", -3, 3), ("明天", 1, 2)):
        place.post_notice("museum", text, *(clock.today() + timedelta(days=n) for n in (first, last)), "staff:test")
    shown = look(f"{PLACES}/museum")["notices"]
    assert [notice["text"] for notice in shown] == ["今天", "本周"]
    assert set(shown[0]) == {"id", "text", "from_day", "to_day"}
    assert look(f"{PLACES}/park")["notices"] == []


# Slots


def test_the_slots_of_a_month_show_what_is_left_of_one_quota(look):
    items = look(f"{PLACES}/pingshan/slots")["items"]
    assert len(items) == 30 * 4
    assert items == sorted(items, key=lambda one: (one["day"], one["start"]))
    last = items[-1]
    assert (last["quota"], last["left"], last["state"]) == (400, 400, "open")
    assert (last["start"], last["end"], last["place_id"]) == ("16:00", "17:30", "pingshan")


def test_a_slot_lists_the_ticket_types_that_share_its_quota(look):
    types = look(f"/mini/v1/slots/{slots.make(5)}")["ticket_types"]
    prices = {one["code"]: one["price_fen"] for one in types}
    assert prices == {"adult": 6000, "child_6": 0, "minor": 3000, "student": 3000, "senior_65": 0}
    assert all(one["name_zh"] and one["name_en"] for one in types)


def test_a_span_of_days_is_inclusive(look):
    day, next_day = days_from_today(1), days_from_today(2)
    assert {one["day"] for one in look(f"{PLACES}/luotianyan/slots", **{"from": day, "to": next_day})["items"]} == {
        day,
        next_day,
    }
    assert len(look(f"{PLACES}/luotianyan/slots", **{"from": day, "to": day})["items"]) == 4


def test_the_next_free_slots_are_five_and_leave_out_the_sold_out_closed_and_past(look, travel):
    day = days_from_today(3)
    compact = day.replace("-", "")
    travel(day, "11:30")
    slot.close(f"luotianyan-{compact}-1400", "test")
    slot.Slot._get_collection().update_one({"_id": f"luotianyan-{compact}-1600"}, {"$set": {"left": 0}})
    shown = look(f"{PLACES}/luotianyan")["next_slots"]
    following = days_from_today(1).replace("-", "")
    expected = [
        f"luotianyan-{compact}-1100",
        *(f"luotianyan-{following}-{start}" for start in ("0900", "1100", "1400", "1600")),
    ]
    assert [one["id"] for one in shown] == expected


def test_a_past_or_closed_slot_shows_nothing_left(look, travel):
    day = days_from_today(3)
    travel(day, "12:00")
    slot.close(f"luotianyan-{day.replace('-', '')}-1400", "test")
    items = look(f"{PLACES}/luotianyan/slots", **{"from": day, "to": day})["items"]
    assert [one["state"] for one in items] == ["over", "open", "closed", "open"]
    assert [one["left"] > 0 for one in items] == [False, True, False, True]


# Areas


def test_the_county_has_24_towns_and_401_villages(look):
    towns = look("/mini/v1/areas/360731/children")["items"]
    villages = [one for town in towns for one in look(f"/mini/v1/areas/{town['code']}/children")["items"]]
    assert (len(towns), len(villages)) == (24, 401)
    assert {one["level"] for one in towns} == {"town"}
    assert {one["level"] for one in villages} == {"village"}
    assert towns[0] == {"code": "360731100", "name": "贡江镇", "level": "town"}


def test_the_town_of_every_place_is_an_area(look):
    towns = {one["code"]: one["name"] for one in look("/mini/v1/areas/360731/children")["items"]}
    placed = [one for one in look(PLACES, limit=100)["items"] if "town_code" in one]
    assert len(placed) == sum(bool(one.get("town_code")) for one in sights().values()) >= 30
    assert all(towns[one["town_code"]] == one["town"] for one in placed)


@pytest.mark.parametrize("code", ["360731100001", "999999", "x"])
def test_an_area_without_parts_has_no_children(look, code):
    assert look(f"/mini/v1/areas/{code}/children")["items"] == []
