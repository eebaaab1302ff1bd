"""Codes are issued up to what confirmed plots may yield, however many order at once."""

from dataclasses import replace
from itertools import pairwise

import pytest

from backend.errors import NotFound
from models.selenium import code_quota, product, roll
from models.selenium.code import Code
from models.selenium.code_quota import CodeQuota, QuotaExceeded
from models.selenium.roll import Roll
from tests.selenium.code_kit import Packing, ceiling
from tests.selenium.grower_kit import ORANGE, confirmed_plot, farmer, plot_body, producing, town_clerk
from tests.support.crowd import at_once

SEASON = "2026-autumn"
WHOLE = 25_000_000
"""12.5 mu at 2,000 kg, in grams; less what rounds away."""


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


def left(packing) -> int:
    return code_quota.shown(packing.grower.producer_id, ORANGE, SEASON)["left_grams"]


def test_the_ceiling_is_the_confirmed_area_times_the_yield_of_the_day(packing, client):
    before = left(packing)
    assert 0.999 * WHOLE < before <= WHOLE
    confirmed_plot(packing.firm, packing.clerk, name="二号园")
    assert left(packing) in {2 * before, 2 * before + 1}
    assert packing.firm.post("/selenium/plots", plot_body(name="未核实", area_mu="99")).status_code == 201
    assert left(packing) in {2 * before, 2 * before + 1}
    ceiling(1000)
    assert left(packing) in {before, before + 1}


def test_over_issue_is_refused_with_what_is_left(packing):
    packing.ordered(4000)
    answer = packing.firm.post("/selenium/rolls", {"item": str(packing.item), "count": 1000})
    assert (answer.status_code, answer.json["code"]) == (409, "code_quota_exceeded")
    assert f"{left(packing) / 1000:g} 公斤" in answer.json["message"]
    assert left(packing) == code_quota.shown(packing.grower.producer_id, ORANGE, SEASON)["ceiling_grams"] - 20_000_000
    rest = left(packing) // 5000
    assert packing.firm.post("/selenium/rolls", {"item": str(packing.item), "count": rest}).status_code == 202
    assert left(packing) < 5000


def test_a_refused_order_leaves_nothing_behind(packing):
    with pytest.raises(QuotaExceeded):
        packing.ordered(5001)
    assert Roll._get_collection().find_one({"producer": packing.grower.producer_id}) is None
    assert left(packing) == code_quota.shown(packing.grower.producer_id, ORANGE, SEASON)["ceiling_grams"]


def test_orders_at_once_never_exceed_the_mass_balance(packing):
    def order():
        try:
            return packing.ordered(900)["count"]
        except QuotaExceeded:
            return 0

    assert sorted(at_once([order] * 8)) == [0] * 3 + [900] * 5
    rolls = list(Roll._get_collection().find({"producer": packing.grower.producer_id}))
    spans = sorted((one["first_counter"], one["first_counter"] + one["count"]) for one in rolls)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_control_reading_first_would_issue_too_much(packing):
    quota, most = code_quota.opened(packing.grower.producer_id, ORANGE, SEASON)
    quotas = CodeQuota._get_collection()

    def order():
        if quotas.find_one({"_id": quota})["issued_grams"] + 9_000_000 <= most:
            quotas.update_one({"_id": quota}, {"$inc": {"issued_grams": 9_000_000}})

    for _ in range(20):
        at_once([order] * 8)
        if quotas.find_one({"_id": quota})["issued_grams"] > most:
            return
        quotas.update_one({"_id": quota}, {"$set": {"issued_grams": 0}})
    pytest.fail("the race was not seen")


def test_each_season_has_its_own_quota_and_nobody_orders_without_a_ceiling(packing, seeded):
    before = left(packing)
    packing.ordered(100, season="2027-autumn")
    assert left(packing) == before
    product.Product._get_collection().update_one({"_id": ORANGE}, {"$set": {"yields": []}})
    with pytest.raises(product.NoCeiling):
        packing.ordered(1)


def test_a_farmer_sees_the_quota_in_the_mini_program(client, seeded, sandbox):
    phone, clerk = farmer(client, sandbox), town_clerk(client)
    ceiling()
    confirmed_plot(phone, clerk)
    shown = phone.get(f"/mini/v1/selenium/quota?product={ORANGE}").json
    assert (shown["season"], shown["issued_grams"]) == (SEASON, 0)
    assert shown["left_grams"] == shown["ceiling_grams"] > 24_000_000


def test_another_producers_item_is_not_ordered_for(packing, client, sandbox):
    other = producing(client, sandbox).grower()
    with pytest.raises(NotFound):
        roll.order(replace(packing.grower, producer_id=other.producer_id), roll.Wanted(packing.item, 1))
    assert Code._get_collection().find_one({"roll": "none"}) is None
