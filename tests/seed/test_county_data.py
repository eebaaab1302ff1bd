import json
from datetime import date, time
from itertools import pairwise
from pathlib import Path

import pytest

from backend.calendar import CalendarYearMissing, WorkCalendar
from backend.geo import distance_m
from backend.identity_documents import KINDS
from models.messaging import notice_kinds
from seed import county_data

COUNTY = Path(__file__).parents[2] / "seed" / "county"
BOOKABLE = {"park", "museum", "luotianyan", "pingshan", "qilushan", "tantou", "selenium_museum", "theatre"}
CONFIDENCE = {"high", "medium", "low"}


def load(name):
    return json.loads((COUNTY / f"{name}.json").read_text())


PLACES = {place["id"]: place for place in load("places")["records"]}
BOOKING = load("booking_demo")
BOOKABLE_PLACES = {place["place_id"]: place for place in BOOKING["places"]}
CALENDAR = WorkCalendar(load("calendar")["years"])


def ticket(place_id, code):
    (found,) = [kind for kind in BOOKABLE_PLACES[place_id]["ticket_types"] if kind["code"] == code]
    return found


def objects(value):
    """Walk every JSON object inside a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def sourced_records():
    yield "county", load("county")
    yield "divisions", load("divisions")
    for place in PLACES.values():
        yield f"place {place['id']}", place
    for unit in load("units")["records"]:
        yield f"unit {unit['code']}", unit
    for year, days in load("calendar")["years"].items():
        yield f"calendar {year}", days
    for name, basis in BOOKING["legal_bases"].items():
        yield f"legal basis {name}", basis


@pytest.mark.parametrize("record", [pytest.param(record, id=name) for name, record in sourced_records()])
def test_every_record_names_its_source_and_how_far_to_trust_it(record):
    assert record["source"]
    assert all(source["title"] for source in record["source"])
    assert record["confidence"] in CONFIDENCE


def test_the_county_has_24_towns_and_401_villages_with_nested_codes():
    divisions = load("divisions")
    villages = [village for town in divisions["towns"] for village in town["villages"]]
    assert (len(divisions["towns"]), len(villages)) == (24, 401)
    assert len({village["code"] for village in villages}) == 401
    for town in divisions["towns"]:
        assert town["code"].startswith(divisions["county"]["code"])
        assert len(town["code"]) == 9
        assert all(v["code"].startswith(town["code"]) and len(v["code"]) == 12 for v in town["villages"])


def test_all_33_places_lie_in_a_town_and_village_of_the_divisions():
    towns = {town["code"]: town for town in load("divisions")["towns"]}
    assert len(PLACES) == 33
    for place in PLACES.values():
        assert (place["town"] is None) == (place["town_code"] is None)
        if place["town_code"]:
            assert towns[place["town_code"]]["name"] == place["town"]
        if place["village_code"]:
            codes = {village["code"]: village["name"] for village in towns[place["town_code"]]["villages"]}
            assert codes[place["village_code"]].startswith(place["village"])


def test_what_nobody_could_source_stays_null():
    assert sum(place["geo"] is None for place in PLACES.values()) == 27
    assert PLACES["theatre"]["ticket"] is None
    assert PLACES["pingshan"]["opening_hours"] is None
    assert PLACES["ferry_shiwei"]["town"] is None


def test_coordinates_state_their_doubt_and_lie_near_the_centre():
    centre = load("county")["centre"]
    for place in PLACES.values():
        if place["geo"]:
            assert (place["geo"]["datum"], place["geo"]["confidence"]) == ("unknown", "low")
            assert place["geo"]["source"]["title"]
            assert distance_m(centre["lon"], centre["lat"], place["geo"]["lon"], place["geo"]["lat"]) < 60_000


def test_the_centre_says_how_it_was_computed_and_in_which_datum():
    centre = load("county")["centre"]
    assert centre["datum"] == "WGS-84"
    assert "polygon" in centre["computed"]


def test_eight_places_can_be_booked_and_each_exists_with_an_existing_unit():
    units = {unit["code"] for unit in load("units")["records"]}
    assert set(BOOKABLE_PLACES) == BOOKABLE
    assert set(PLACES) >= BOOKABLE
    assert {place["unit_code"] for place in BOOKING["places"]} <= units


def test_no_object_is_both_sourced_and_made_up():
    assert BOOKING["demo"] is True
    for found in objects(BOOKING):
        assert not ("demo" in found and "source" in found)
        assert found.get("demo", True) is True


@pytest.mark.parametrize("place", BOOKING["places"], ids=lambda place: place["place_id"])
def test_every_value_of_a_bookable_place_is_marked_as_made_up_or_sourced(place):
    assert place["demo"] is True
    for part in [place["opening"], place["closing"], *place["slots"], *place["ticket_types"]]:
        assert ("demo" in part) != ("source" in part)
        assert "source" not in part or part["confidence"] in CONFIDENCE


@pytest.mark.parametrize("place", BOOKING["places"], ids=lambda place: place["place_id"])
def test_slots_lie_within_every_open_day_and_do_not_overlap(place):
    slots = sorted((time.fromisoformat(s["start"]), time.fromisoformat(s["end"])) for s in place["slots"])
    assert all(start < end for start, end in slots)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(slots))
    assert all(slot["quota"] > 0 for slot in place["slots"])
    weekly = place["opening"]["weekly"]
    assert list(weekly) == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    for hours in filter(None, weekly.values()):
        assert time.fromisoformat(hours[0]["open"]) <= slots[0][0]
        assert slots[-1][1] <= time.fromisoformat(hours[-1]["close"])


@pytest.mark.parametrize("place", BOOKING["places"], ids=lambda place: place["place_id"])
def test_tickets_cover_each_age_and_name_documents_that_exist(place):
    codes = [kind["code"] for kind in place["ticket_types"]]
    assert len(set(codes)) == len(codes)
    for kind in place["ticket_types"]:
        assert isinstance(kind["price_fen"], int)
        assert kind["name_zh"]
        assert kind["name_en"]
        assert set(kind["identity_documents"]) <= set(KINDS)
        assert kind["document_to_inspect"] in {None, *BOOKING["documents"]}
        assert kind["legal_basis"] in {None, *BOOKING["legal_bases"]}
    for age in range(120):
        assert any(k["min_age"] <= age and (k["max_age"] is None or age <= k["max_age"]) for k in place["ticket_types"])


def test_entry_is_free_by_law_from_65_and_not_from_60():
    seniors = [ticket(place, "senior_65") for place in ("park", "luotianyan", "pingshan", "qilushan")]
    for senior in seniors:
        assert (senior["min_age"], senior["price_fen"], senior["document_to_inspect"]) == (65, 0, "resident_id")
        assert senior["source"] == BOOKING["legal_bases"]["jiangxi_65_free"]["source"]
    free_before_65 = [k for k in BOOKABLE_PLACES["pingshan"]["ticket_types"] if k["price_fen"] == 0]
    assert {kind["code"] for kind in free_before_65} == {"child_6", "senior_65"}


def test_only_two_places_cost_money_and_their_prices_are_made_up():
    paid = {p["place_id"]: p for p in BOOKING["places"] if any(k["price_fen"] for k in p["ticket_types"])}
    assert set(paid) == {"pingshan", "theatre"}
    assert (ticket("pingshan", "adult")["price_fen"], ticket("theatre", "adult")["price_fen"]) == (6000, 8000)
    assert all(kind["demo"] for p in paid.values() for kind in p["ticket_types"] if kind["price_fen"])


def test_the_museum_closes_on_mondays_except_holidays_and_names_its_sources():
    closing = BOOKABLE_PLACES["museum"]["closing"]
    assert (closing["weekdays"], closing["unless_public_holiday"]) == (["mon"], True)
    assert len(closing["source"]) == 2


def test_money_comes_back_in_full_until_the_day_before():
    for place in BOOKING["places"]:
        (version,) = BOOKING["refund_rules"][place["refund_rule"]]["versions"]
        assert date.fromisoformat(version["valid_from"])
        assert [(row["from_days_before"], row["percent"]) for row in version["rows"]] == [(1, 100), (0, 0)]


@pytest.mark.parametrize(("year", "holidays", "workdays"), [(2025, 28, 5), (2026, 33, 6)])
def test_a_year_has_the_days_of_the_notice_and_worked_days_are_weekends(year, holidays, workdays):
    days = load("calendar")["years"][str(year)]
    assert (len(days["holidays"]), len(days["workdays"])) == (holidays, workdays)
    assert all(date.fromisoformat(day).weekday() >= 5 for day in days["workdays"])


def test_days_of_the_notices_are_as_announced():
    assert CALENDAR.name(date(2025, 10, 6)) == "中秋节"
    assert CALENDAR.name(date(2026, 2, 17)) == "春节"
    assert CALENDAR.is_workday(date(2026, 10, 10))
    assert not CALENDAR.is_workday(date(2026, 10, 7))
    with pytest.raises(CalendarYearMissing):
        CALENDAR.is_workday(date(2027, 1, 4))


def test_the_units_are_those_that_the_plan_holds_responsible():
    records = load("units")["records"]
    names = {unit["code"]: unit["name_zh"] for unit in records if unit["kind"] not in {"town", "county"}}
    added = {"veterans_affairs", "disabled_persons_federation", "armed_forces_department"}
    assert len(names) == 50 + len(added)
    assert names["culture_tourism"] == "县文广新旅局"
    assert names["changzhengyuan"] == "县长征源旅投公司"
    assert names["long_march_museum"] == "于都中央红军长征集结出发历史博物馆"
    planned = [unit for unit in records if unit["kind"] != "county" and unit["code"] not in added]
    assert all("责任单位" in unit["source"][0]["note"] for unit in planned)
    for unit in records:
        assert unit["code"] not in added or "不在行动方案" in unit["source"][0]["note"]


def test_every_town_is_a_unit_of_its_own_area():
    towns = {town["code"] for town in load("divisions")["towns"] if not town["code"].endswith("400")}
    units = {unit["area"]: unit["code"] for unit in load("units")["records"] if unit["kind"] == "town"}
    assert units == {code: f"town_{code}" for code in towns}


def test_a_unit_s_parent_stands_before_it():
    seen = {""}
    for unit in load("units")["records"]:
        assert unit["parent"] in seen, unit["code"]
        seen.add(unit["code"])


def test_the_county_states_code_time_zone_and_hotline():
    county = load("county")
    assert (county["code"], county["name"]) == (load("divisions")["county"]["code"], "于都县")
    assert (county["time_zone"]["value"], county["hotline"]["phone"]) == ("Asia/Shanghai", "12345")


def test_every_message_that_a_kind_of_notice_names_has_a_template_of_its_own_in_the_demonstration():
    assert set(county_data.SMS_TEMPLATES) == set(notice_kinds.SMS_ZH)
    assert set(county_data.TEMPLATES) == set(notice_kinds.TEMPLATE_ZH)
    assert len(set(county_data.SMS_TEMPLATES.values())) == len(county_data.SMS_TEMPLATES)
    assert len({number for number, _ in county_data.TEMPLATES.values()}) == len(county_data.TEMPLATES)
