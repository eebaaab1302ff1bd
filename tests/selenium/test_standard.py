"""Standards: what is selenium-rich by which edition, on which day; edited with effect from a day."""

from datetime import date

import pytest

from models.selenium import standard, standard_check
from models.selenium.standard_check import Measured
from tests.support import affairs
from tests.support.crowd import at_once

CHECK = "/public/v1/selenium/check"


@pytest.fixture
def manager(client, seeded):
    return affairs.seat(client, "cert_manager", unit="selenium_industry_centre")


def verdicts(client, **query) -> dict:
    answer = client.get(CHECK, query_string=query)
    assert answer.status_code == 200, answer.json
    return {one["standard"]: one for one in answer.json["items"]}


def outcome(client, name: str, **query) -> str:
    return verdicts(client, **query)[name]["outcome"]


def body(**told) -> dict:
    row = {"group": "fruit", "basis": "fresh", "lower_mg_per_kg": "0.020", "upper_mg_per_kg": "0.060"}
    return {"valid_from": "2027-01-01", "rows": [row], "source": "标准文本", "confidence": "high", **told}


def test_the_same_orange_passes_one_standard_and_fails_another(client, seeded):
    told = verdicts(client, value="0.012", group="fruit")
    found = {name: told[name]["outcome"] for name in ("db36t_566_2009", "t_qas_011_2020", "gb_28050_2011")}
    assert found == {"db36t_566_2009": "pass", "t_qas_011_2020": "pass", "gb_28050_2011": "below"}
    assert told["ght_1135_2017"]["outcome"] == "not_covered"
    assert told["gb_28050_2025"]["outcome"] == "not_in_force"
    assert told["db36t_566_2009"]["row"]["upper_mg_per_kg"] == "0.050"


def test_an_unread_edition_is_listed_without_numbers_and_judges_nothing(client, seeded):
    listed = {one["id"]: one for one in client.get("/public/v1/selenium/standards").json["items"]}
    unread = {"gbt_22499_2025", "db36t_566_2017", "t_ydxgnqccyxh_001_2021"}
    assert {name for name, one in listed.items() if not one["tables"]} == unread
    told = verdicts(client, value="0.200", group="rice")
    assert {(told[name]["outcome"], told[name]["reason"]) for name in unread} == {("cannot_judge", "unread")}
    meat = verdicts(client, value="0.100", group="meat")["db36t_566_2009"]
    assert (meat["outcome"], meat["reason"]) == ("cannot_judge", "unread")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.009", "below"), ("0.010", "pass"), ("0.050", "pass"), ("0.051", "above"), ("0", "below")],
)
def test_bounds_belong_to_the_range_and_too_much_fails(client, seeded, value, expected):
    assert outcome(client, "db36t_566_2009", value=value, group="fruit") == expected


@pytest.mark.parametrize(
    ("day", "old", "new"),
    [("2027-03-15", "pass", "not_in_force"), ("2027-03-16", "not_in_force", "below")],
)
def test_the_label_claim_rises_on_the_day_of_gb_28050_2025(client, seeded, day, old, new):
    told = verdicts(client, value="0.160", group="rice", day=day)
    assert (told["gb_28050_2011"]["outcome"], told["gb_28050_2025"]["outcome"]) == (old, new)
    later = verdicts(client, value="0.180", group="rice", day="2027-03-16")["gb_28050_2025"]
    assert (later["outcome"], later["row"]["lower_mg_per_kg"]) == ("pass", "0.180")


@pytest.mark.parametrize(
    ("day", "old", "new"),
    [("2026-06-30", "pass", "not_in_force"), ("2026-07-01", "not_in_force", "cannot_judge")],
)
def test_rice_of_gbt_22499_goes_over_to_the_edition_of_2025(client, seeded, day, old, new):
    told = verdicts(client, value="0.100", group="rice", day=day)
    assert (told["gbt_22499_2008"]["outcome"], told["gbt_22499_2025"]["outcome"]) == (old, new)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("12", "µg/kg", "0.012"),
        ("1.2", "µg/100g", "0.012"),
        ("0.0012", "mg/100g", "0.012"),
        ("0.012", "mg/kg", "0.012"),
    ],
)
def test_units_are_converted_exactly(client, seeded, value, unit, expected):
    answer = client.get(CHECK, query_string={"value": value, "unit": unit, "group": "fruit"})
    assert answer.json["mg_per_kg"] == expected


def test_what_standards_ask_of_dry_matter_needs_the_moisture(client, seeded):
    fresh = {"value": "0.050", "group": "vegetable", "organic_permille": 700}
    assert verdicts(client, **fresh)["ght_1135_2017"]["reason"] == "moisture"
    assert outcome(client, "ght_1135_2017", **fresh, moisture_permille=920) == "pass"
    assert outcome(client, "ght_1135_2017", **fresh, moisture_permille=400) == "below"
    assert outcome(client, "db36t_566_2009", **fresh) == "pass"
    dry = {"value": "0.100", "group": "vegetable", "basis": "dry"}
    assert verdicts(client, **dry)["db36t_566_2009"]["reason"] == "basis"
    assert outcome(client, "db36t_566_2009", **dry, moisture_permille=900) == "pass"


def test_dry_matter_is_judged_without_rounding_at_the_bound():
    found = {"_id": "x", "number": "X", "tables": [{"valid_from": None, "valid_to": None, "confidence": "high"}]}
    row = {"group": "bean", "basis": "dry", "lower_ug": 100, "upper_ug": None, "organic_percent": None, "item_zh": ""}
    found["tables"][0]["rows"] = [row]
    day = date(2026, 11, 20)
    assert standard_check.judge(found, Measured(33, moisture_permille=670), "bean", day)["outcome"] == "pass"
    assert standard_check.judge(found, Measured(33, moisture_permille=669), "bean", day)["outcome"] == "below"


def test_organic_selenium_is_asked_for_where_the_standard_does(client, seeded):
    rice = {"value": "0.200", "group": "rice"}
    assert verdicts(client, **rice)["ght_1135_2017"]["reason"] == "organic"
    assert outcome(client, "ght_1135_2017", **rice, organic_permille=650) == "organic_low"
    assert outcome(client, "ght_1135_2017", **rice, organic_permille=651) == "pass"


def test_a_standard_of_garlic_judges_garlic_only(client, seeded):
    assert outcome(client, "nyt_3115_2017", value="0.1", group="vegetable") == "not_covered"
    assert outcome(client, "nyt_3115_2017", value="0.1", group="vegetable", item_zh="大蒜") == "pass"
    assert outcome(client, "nyt_3115_2017", value="0.4", group="vegetable", item_zh="大蒜") == "above"


@pytest.mark.parametrize(
    "query",
    [
        {"value": "-1", "group": "fruit"},
        {"value": "NaN", "group": "fruit"},
        {"value": "0.1", "group": "stone"},
        {"value": "0.1", "group": "fruit", "unit": "ppm"},
        {"value": "0.1", "group": "fruit", "day": "2026-02-30"},
        {"value": "0.1", "group": "fruit", "moisture_permille": "1000"},
        {"group": "fruit"},
    ],
)
def test_what_is_no_content_is_refused(client, seeded, query):
    assert client.get(CHECK, query_string=query).status_code == 400


def test_a_content_finer_than_a_microgram_is_refused(client, seeded):
    answer = client.get(CHECK, query_string={"value": "0.0125", "group": "fruit"})
    assert (answer.status_code, answer.json["code"]) == (422, "selenium_wrong")
    assert standard_check.micrograms("0.0120", "mg/kg") == 12


def test_a_table_counts_from_its_day_and_the_one_before_stays(client, manager):
    path = "/office/v1/standards/db36t_566_2009/table"
    first = manager.call("PUT", path, body())
    assert first.status_code == 200, first.json
    assert manager.call("PUT", path, body()).json == first.json
    assert [one["valid_to"] for one in first.json["tables"]] == ["2026-12-31", None]
    query = {"value": "0.012", "group": "fruit"}
    assert outcome(client, "db36t_566_2009", **query, day="2026-12-31") == "pass"
    later = verdicts(client, **query, day="2027-01-01")["db36t_566_2009"]
    assert (later["outcome"], later["table_from"], later["confidence"]) == ("below", "2027-01-01", "high")
    early = manager.call("PUT", path, body(valid_from="2026-12-31"))
    assert (early.status_code, early.json["code"]) == (422, "standard_table_past")


@pytest.mark.parametrize(
    "row",
    [
        {"lower_mg_per_kg": "0.200", "upper_mg_per_kg": "0.050"},
        {"lower_mg_per_kg": "0.0001"},
    ],
)
def test_bounds_that_contradict_are_refused(manager, row):
    rows = [{**body()["rows"][0], **row}]
    answer = manager.call("PUT", "/office/v1/standards/db36t_566_2009/table", body(rows=rows))
    assert answer.status_code == 422
    twice = manager.call("PUT", "/office/v1/standards/db36t_566_2009/table", body(rows=body()["rows"] * 2))
    assert twice.json["code"] == "standard_bounds_wrong"


def test_an_edition_is_entered_by_who_may_and_lands_in_the_audit(client, manager):
    told = {"number": "T/TEST 1-2026", "title_zh": "测试标准", "kind": "produce", "scope": "county"}
    made = manager.call("PUT", "/office/v1/standards/t_test_1_2026", {**told, "valid_from": "2026-12-01"})
    assert (made.status_code, made.json["confidence"], made.json["in_force"]) == (200, "unread", False)
    from models.audit.entry import AuditEntry  # noqa: PLC0415 - read here only

    lines = list(AuditEntry._get_collection().find({"object": "standard:t_test_1_2026"}))
    assert [one["action"] for one in lines] == ["standard.put"]
    clerk = affairs.seat(client, "cert_clerk")
    assert clerk.call("PUT", "/office/v1/standards/t_test_1_2026", told).status_code == 403
    assert clerk.get("/office/v1/standards").status_code == 200
    assert manager.call("PUT", "/office/v1/standards/BAD-ID", told).status_code == 404


def test_of_two_tables_at_once_none_is_lost(manager):
    tables = [body(valid_from=f"2028-0{month}-01") for month in (1, 2)]
    path = "/office/v1/standards/t_qas_011_2020/table"
    codes = at_once([lambda one=one: manager.call("PUT", path, one).status_code for one in tables])
    stored = [one["valid_from"] for one in standard.read("t_qas_011_2020")["tables"]]
    assert len(stored) == 1 + codes.count(200)
    assert codes.count(200) >= 1
