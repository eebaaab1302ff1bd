"""Seasons are computed from the day of the harvest, and each has one quota, over New Year too."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit.entry import AuditEntry
from models.selenium import pack, product, roll, seasons
from models.selenium.product import Product
from models.selenium.seasons import Calendar
from seed import selenium_data
from tests.selenium.forms_kit import Farm, harvest_body, input_body, made
from tests.selenium.grower_kit import ORANGE, RICE, office, producing, town_clerk
from tests.support.crowd import at_once

PATH = f"/office/v1/products/{ORANGE}/seasons"
JANUARY = "2027-01-10"
SOURCE = "县农业农村局 2027 年产季通知"


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def in_january(farm, travel):
    """Go to January, where the grower logs in again."""

    def go():
        travel(JANUARY)
        farm.firm.phone.log_in()

    return go


def by_quarters() -> None:
    Product._get_collection().update_one({"_id": ORANGE}, {"$set": {"seasons": []}})


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json.get("code")


class TestOfAProduct:
    def test_oranges_of_november_and_january_are_one_season_with_one_quota(self, farm):
        days = ("2025-11-25", "2025-12-01", "2025-12-31", "2026-01-01", "2026-01-15")
        lots = [made(farm.post("/lots", harvest_body(farm.plot, 1000, harvested_on=day))) for day in days]
        assert [one["season"] for one in lots] == ["2025-autumn"] * 5
        assert {one["season"] for one in farm.records(kind="harvest")} == {"2025-autumn"}
        labels = farm.rolled(2, season="2025-autumn")
        told = made(farm.get(f"/quota?product={ORANGE}&season=2025-autumn"), 200)
        assert told["issued_grams"] == 10_000
        for number in ("2025-winter", "2026-winter"):
            assert code(farm.get(f"/quota?product={ORANGE}&season={number}")) == (422, "season_wrong")
        assert roll.read(labels["_id"])["season"] == "2025-autumn"

    def test_over_issue_over_new_year_is_refused(self, farm, in_january):
        order = {"item": str(farm.item), "count": 4000}
        made(farm.post("/rolls", order), 202)
        in_january()
        assert code(farm.post("/rolls", order | {"count": 1000})) == (409, "code_quota_exceeded")
        assert made(farm.post("/rolls", order | {"count": 900}), 202)["season"] == "2026-autumn"
        harvest = harvest_body(farm.plot, 1000, harvested_on=JANUARY)
        assert made(farm.post("/lots", harvest))["season"] == "2026-autumn"
        shown = made(farm.get(f"/quota?product={ORANGE}"), 200)
        assert (shown["season"], shown["issued_grams"]) == ("2026-autumn", 4900 * 5000)

    def test_control_by_quarters_new_year_would_give_the_quota_twice(self, farm, in_january):
        by_quarters()
        farm.ordered(4900)
        in_january()
        assert farm.ordered(4900)["season"] == "2026-winter"

    def test_labels_ordered_in_november_go_on_oranges_of_january(self, farm, in_january):
        labels = farm.rolled(2)
        in_january()
        goods = farm.harvested(20_000)
        assert pack.bind(farm.grower, labels["_id"], goods, 1, 2)["lot"] == goods
        other = farm.rolled(1, season="2027-autumn")
        with pytest.raises(pack.LotMismatch):
            pack.bind(farm.grower, other["_id"], goods, 1, 1)

    def test_other_products_have_quarters_and_the_winter_is_that_of_its_december(self, farm):
        rice = product.read(RICE)
        days = ("2026-11-30", "2026-12-01", "2027-01-01", "2027-02-28", "2027-03-01", "2028-02-29")
        names = ["2026-autumn", "2026-winter", "2026-winter", "2026-winter", "2027-spring", "2027-winter"]
        assert [seasons.of(rice, date.fromisoformat(one)) for one in days] == names

    def test_nobody_tells_the_season_of_a_harvest(self, farm):
        for season in ("2026-autumn", "2027-autumn"):
            assert code(farm.post("/lots", harvest_body(farm.plot, season=season))) == (400, "bad_input")

    def test_a_roll_is_ordered_for_a_season_that_the_product_has(self, farm):
        body = {"item": str(farm.item), "count": 1}
        for season in ("2026-winter", "2027-spring", "2026-harvest", "autumn", "20x6-autumn", "2026-autumn "):
            assert code(farm.post("/rolls", body | {"season": season})) == (422, "season_wrong"), season
        assert made(farm.post("/rolls", body | {"season": "2027-autumn"}), 202)["season"] == "2027-autumn"
        by_quarters()
        assert made(farm.post("/rolls", body | {"season": "2026-winter"}), 202)["season"] == "2026-winter"

    def test_lots_of_two_seasons_are_not_graded_together(self, farm):
        old = farm.brought_in(1000, harvested_on="2026-01-15")
        taken = [{"lot": one, "grams": 100} for one in (old, farm.lot)]
        body = {"taken": taken, "into": [{"grade": "一级", "grams": 200}], "day": "2026-11-20"}
        assert code(farm.post("/gradings", body)) == (422, "lot_parents_wrong")
        body["taken"] = [{"lot": farm.lot, "grams": 200}]
        assert made(farm.post("/gradings", body))["lots"][0]["season"] == "2026-autumn"

    def test_records_of_a_lot_are_of_its_season_and_others_of_the_quarter(self, farm, in_january):
        in_january()
        day = {"day": JANUARY}
        assert made(farm.post("/samplings", {"lot": farm.lot, "grams": 10, **day}))["season"] == "2026-autumn"
        assert made(farm.post(f"/lots/{farm.lot}/sales", {"grams": 10, **day}))["season"] == "2026-autumn"
        assert made(farm.post("/inputs", input_body(farm.plot, **day)))["season"] == "2026-winter"
        assert seasons.under_way() == ["2026-autumn", "2026-winter"]
        rows = list(openpyxl.load_workbook(io.BytesIO(farm.get("/record-sheet").data)).active.values)
        assert sorted(row[1] for row in rows[1:]) == sorted(["抽样送检", "销售", "投入品使用"])


def table(*starts: tuple[str, str], valid_from: str = "2027-09-01") -> dict:
    told = [{"name": name, "from": day} for name, day in starts]
    return {"starts": told, "valid_from": valid_from, "source": SOURCE}


QUARTERS = tuple((one["name"], one["from"]) for one in seasons.QUARTERS)
REFUSED = {
    "today": (table(("autumn", "09-01"), valid_from="2026-11-20"), 422, "seasons_past"),
    "long ago": (table(("autumn", "09-01"), valid_from="2020-09-01"), 422, "seasons_past"),
    "in the harvest": (table(*QUARTERS, valid_from="2026-12-01"), 422, "season_cut"),
    "another name in the harvest": (table(("winter", "09-01"), valid_from="2026-12-01"), 422, "season_cut"),
    "a season that began before": (table(("winter", "08-01"), valid_from="2027-09-01"), 422, "season_cut"),
    "a short one in between": (table(("winter", "10-01"), valid_from="2027-09-01"), 422, "season_cut"),
    "one that ends earlier": (table(("autumn", "08-15"), valid_from="2027-12-05"), 422, "season_cut"),
    "a start in the harvest": (
        table(("autumn", "09-01"), ("winter", "12-01"), valid_from="2026-11-25"),
        422,
        "season_cut",
    ),
    "a leap day": (table(("autumn", "02-29")), 422, "season_starts_wrong"),
    "no day": (table(("autumn", "09-31")), 422, "season_starts_wrong"),
    "a name twice": (table(("autumn", "09-01"), ("autumn", "10-01")), 422, "season_starts_wrong"),
    "a day twice": (table(("autumn", "09-01"), ("winter", "09-01")), 422, "season_starts_wrong"),
    "none": (table(), 400, "bad_input"),
    "a name of its own": (table(("harvest", "09-01")), 400, "bad_input"),
    "no month": (table(("autumn", "13-01")), 400, "bad_input"),
}


class TestTheTable:
    @pytest.mark.parametrize("why", list(REFUSED))
    def test_a_change_that_could_open_a_second_quota_is_refused(self, client, seeded, why):
        body, *wanted = REFUSED[why]
        before = product.read(ORANGE)["seasons"]
        assert code(office(client).call("PUT", PATH, body)) == tuple(wanted)
        assert product.read(ORANGE)["seasons"] == before

    def test_the_office_divides_the_year_from_the_next_harvest_on(self, client, seeded):
        staff = office(client)
        shown = made(staff.call("PUT", PATH, table(*QUARTERS)), 200)
        assert shown["season"] == "2026-autumn"
        assert [one["valid_from"] for one in shown["seasons"]] == ["2020-01-01", "2027-09-01"]
        assert shown["seasons"][1]["starts"][0] == {"name": "spring", "from": "03-01"}
        found = product.read(ORANGE)
        days = {"2027-01-10": "2026-autumn", "2027-08-31": "2026-autumn", "2027-09-01": "2027-autumn"}
        days |= {"2027-12-01": "2027-winter", "2028-01-10": "2027-winter", "2028-09-01": "2028-autumn"}
        assert {day: seasons.of(found, date.fromisoformat(day)) for day in days} == days
        line = AuditEntry._get_collection().find_one({"object": f"product:{ORANGE}", "action": "product.seasons"})
        assert line["details"] == {"seasons": 4, "since": "2027-09-01"}

    def test_the_season_may_begin_at_another_day_while_it_keeps_its_name(self, client, seeded):
        staff = office(client)
        made(staff.call("PUT", PATH, table(("autumn", "10-15"), valid_from="2027-10-15")), 200)
        found = product.read(ORANGE)
        days = ("2027-08-31", "2027-09-01", "2027-10-14", "2027-10-15", "2028-10-14", "2028-10-15")
        names = ["2026-autumn", "2027-autumn", "2027-autumn", "2027-autumn", "2027-autumn", "2028-autumn"]
        assert [seasons.of(found, date.fromisoformat(one)) for one in days] == names

    def test_the_same_again_writes_nothing_and_what_is_planned_can_be_planned_otherwise(self, client, seeded):
        staff, lines = office(client), {"object": f"product:{ORANGE}", "action": "product.seasons"}
        for _ in range(2):
            made(staff.call("PUT", PATH, table(*QUARTERS)), 200)
        assert len(list(AuditEntry._get_collection().find(lines))) == 1
        made(staff.call("PUT", PATH, table(("autumn", "09-01"))), 200)
        assert [len(one["starts"]) for one in product.read(ORANGE)["seasons"]] == [1, 1]
        earlier = table(("autumn", "09-01"), valid_from="2027-03-01")
        assert code(staff.call("PUT", PATH, earlier)) == (422, "seasons_past")

    def test_only_the_countys_office_changes_it(self, client, seeded):
        assert code(town_clerk(client).call("PUT", PATH, table(*QUARTERS))) == (403, "not_allowed")
        assert office(client).call("PUT", "/office/v1/products/gold/seasons", table(*QUARTERS)).status_code == 404

    def test_a_seed_again_keeps_what_the_office_set(self, client, seeded):
        made(office(client).call("PUT", PATH, table(*QUARTERS)), 200)
        selenium_data.products(with_demo=True)
        assert len(product.read(ORANGE)["seasons"]) == 2
        assert product.read(RICE)["seasons"] == []

    def test_of_changes_at_once_one_is_kept(self, app, seeded):
        sides = [office(app.test_client()) for _ in range(6)]
        days = [f"2027-09-{day:02d}" for day in range(1, 7)]
        bodies = [table(("autumn", "09-01"), valid_from=day) for day in days]
        calls = [lambda s=side, b=body: s.call("PUT", PATH, b) for side, body in zip(sides, bodies, strict=True)]
        answers = at_once(calls)
        assert {one.status_code for one in answers} <= {200, 409, 422}
        kept = [one["valid_from"] for one in product.read(ORANGE)["seasons"]]
        assert kept == sorted(set(kept))
        assert len(kept) == 1 + sum(one.status_code == 200 for one in answers)


MONTH_DAYS = [f"{date(2001, 1, 1) + timedelta(days=n):%m-%d}" for n in range(365)]
CALENDARS = st.integers(1, 4).flatmap(
    lambda many: st.tuples(
        st.permutations(list(seasons.NAME_ZH)).map(lambda names: names[:many]),
        st.lists(st.sampled_from(MONTH_DAYS), min_size=many, max_size=many, unique=True),
    ).map(lambda told: tuple(zip(*told, strict=True)))
)
DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
ROWS = st.lists(st.tuples(CALENDARS, DAYS), max_size=3, unique_by=lambda one: one[1])


def rows_of(told) -> list[dict]:
    return [seasons.row(Calendar(starts, day, "规则")) for starts, day in sorted(told, key=lambda one: one[1])]


@given(ROWS, DAYS)
def test_every_day_has_exactly_one_season(told, day):
    found = {"seasons": rows_of(told)}
    text = seasons.of(found, day)
    assert seasons.require(found, text) == text
    held = [one["starts"] for one in found["seasons"] if one["valid_from"] <= day.isoformat()]
    starts = {one["name"]: one["from"] for one in (held[-1] if held else seasons.QUARTERS)}
    year, name = text.split("-")
    began = date.fromisoformat(f"{year}-{starts[name]}")
    assert timedelta(0) <= day - began <= timedelta(days=365)
    between = [date.fromisoformat(f"{y}-{at}") for at in starts.values() for y in (day.year - 1, day.year)]
    assert max(one for one in between if one <= day) == began


def season_around(found: dict, day: date) -> list[date]:
    """Return all days of the season of a day."""
    text, near = seasons.of(found, day), [day + timedelta(days=n) for n in range(-366, 367)]
    return [one for one in near if seasons.of(found, one) == text]


@given(CALENDARS, st.one_of(CALENDARS, st.none()), st.data())
def test_a_change_leaves_the_past_and_cuts_no_season(first, second, data):
    """Let through is what gives the season that runs until then one text for all its days, or begins a whole one."""
    before = [seasons.row(Calendar(first, date(2020, 1, 1), "规则"))]
    edges = [date.fromisoformat(f"2028-{day}") for _, day in (*first, *(second or ()))]
    day = data.draw(st.one_of(st.sampled_from(edges), st.dates(date(2027, 1, 1), date(2029, 1, 1))))
    made, eve = seasons.row(Calendar(second or first, day, "规则")), day - timedelta(days=1)
    old, new = {"seasons": before}, {"seasons": [*before, made]}
    accepted = True
    try:
        assert seasons._changed(before, made) == new["seasons"]
    except seasons.SeasonCut:
        accepted = False
    ran = season_around(old, eve)
    assert all(seasons.of(new, one) == seasons.of(old, one) for one in ran if one < day)
    uncut = {seasons.of(new, one) for one in (*ran, day)} == {seasons.of(old, eve)}
    begins = all(f"{day:%m-%d}" in [one["from"] for one in row["starts"]] for row in (*before, made))
    assert accepted == (uncut or begins)
