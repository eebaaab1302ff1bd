"""Lots: what was harvested, what is left of it, and the states that let it be used."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.store import transactions
from models.selenium import harvesting, lot
from models.selenium.harvesting import Harvest
from models.selenium.lot import Lot
from tests.selenium.grower_kit import ORANGE, RICE, confirmed_plot, producing, town_clerk
from tests.support.crowd import at_once

BY = "staff:test"


@pytest.fixture
def own(client, seeded, sandbox):
    return producing(client, sandbox)


@pytest.fixture
def clerk(client, seeded):
    return town_clerk(client)


@pytest.fixture
def grower(own):
    return own.grower()


@pytest.fixture
def field(own, clerk):
    return ObjectId(confirmed_plot(own, clerk))


@pytest.fixture
def made(grower, field):
    return harvesting.create(grower, Harvest(ORANGE, (field,), 1_000_000, clock.today()))


def test_a_lot_has_a_number_that_fits_a_gs1_lot_and_is_found_by_its_uri(made, own):
    assert (len(made["_id"]), made["_id"][:8], made["season"]) == (16, "20261120", "2026-autumn")
    assert made["uri"].endswith(f"/lot/{made['_id']}")
    assert lot.by_uri(made["uri"])["_id"] == made["_id"]
    shown = own.get(f"/selenium/lots/{made['_id']}").json
    assert (shown["grams"], shown["left_grams"], shown["state"]) == (1_000_000, 1_000_000, "open")
    assert [one["id"] for one in own.get("/selenium/lots").json["items"]] == [made["_id"]]


def test_a_lot_comes_from_own_plots_of_the_product_within_the_year(client, sandbox, grower, field, clerk):
    stranger = producing(client, sandbox)
    theirs = ObjectId(confirmed_plot(stranger, clerk))
    today = clock.today()
    for plots in ((theirs,), (), (field, ObjectId())):
        with pytest.raises(harvesting.PlotsWrong):
            harvesting.create(grower, Harvest(ORANGE, plots, 1000, today))
    with pytest.raises(harvesting.PlotsWrong):
        harvesting.create(grower, Harvest(RICE, (field,), 1000, today))
    for day in (today + timedelta(days=1), today - timedelta(days=367)):
        with pytest.raises(harvesting.HarvestDayWrong):
            harvesting.create(grower, Harvest(ORANGE, (field,), 1000, day))
    assert Lot._get_collection().find_one({"producer": grower.producer_id}) is None


def test_uses_at_once_never_take_more_than_there_is(made):
    def use():
        try:
            return lot.use(made["_id"], 300_000)["left_grams"]
        except lot.LotTooSmall:
            return -1

    left = at_once([use] * 8)
    assert sorted(left) == [-1] * 5 + [100_000, 400_000, 700_000]
    assert lot.read(made["_id"])["left_grams"] == 100_000


def test_control_reading_first_would_take_more(made):
    def use():
        if lot.read(made["_id"])["left_grams"] >= 300_000:
            Lot._get_collection().update_one({"_id": made["_id"]}, {"$inc": {"left_grams": -300_000}})

    for _ in range(20):
        at_once([use] * 8)
        if lot.read(made["_id"])["left_grams"] < 0:
            return
        Lot._get_collection().update_one({"_id": made["_id"]}, {"$set": {"left_grams": 1_000_000}})
    pytest.fail("the race was not seen")


def test_graded_lots_name_their_parents_and_take_from_them(made, grower):
    drafted = harvesting.grade(grower, {made["_id"]: 600_000}, [("一级", 400_000), ("二级", 150_000)])
    transactions.run(drafted.store)
    first = lot.read(drafted.lots[0]["_id"])
    assert (first["parents"], first["grade"], first["plots"]) == ([made["_id"]], "一级", made["plots"])
    assert lot.read(made["_id"])["left_grams"] == 400_000
    too_much = harvesting.grade(grower, {made["_id"]: 500_000}, [("一级", 500_000)])
    with pytest.raises(lot.LotTooSmall):
        transactions.run(too_much.store)
    assert Lot._get_collection().find_one({"_id": too_much.lots[0]["_id"]}) is None
    with pytest.raises(harvesting.ParentsWrong):
        harvesting.grade(grower, {made["_id"]: 100}, [("一级", 101)])


def test_a_lot_of_somebody_else_is_not_graded(client, sandbox, made):
    stranger = producing(client, sandbox).grower()
    with pytest.raises(NotFound):
        harvesting.grade(stranger, {made["_id"]: 100}, [("一级", 100)])


def test_a_held_lot_is_not_used_until_the_town_releases_it(made, own, clerk, grower):
    path = f"/office/v1/lots/{made['_id']}"
    held = clerk.post(f"{path}/hold", {"reason": "failed_test"})
    assert (held.status_code, held.json["reason_zh"]) == (200, "检测不合格")
    with pytest.raises(lot.LotNotOpen):
        lot.use(made["_id"], 1)
    with pytest.raises(lot.LotNotOpen):
        harvesting.grade(grower, {made["_id"]: 100}, [("一级", 100)])
    assert own.post(f"/selenium/lots/{made['_id']}/close").json["code"] == "lot_state"
    assert clerk.post(f"{path}/release").json["state"] == "open"
    assert lot.use(made["_id"], 1)["left_grams"] == 999_999


ALLOWED = {
    "open": {"hold": "held", "release": "open", "close": "closed", "recall": "recalled"},
    "held": {"hold": "held", "release": "open", "recall": "recalled"},
    "closed": {"close": "closed", "recall": "recalled"},
    "recalled": {"recall": "recalled"},
}
VERBS = {
    "hold": lambda number: lot.hold(number, "inspection", by=BY),
    "release": lambda number: lot.release(number, by=BY),
    "close": lambda number: lot.close(number, by=BY),
    "recall": lambda number: lot.recall(number, by=BY),
}


@pytest.mark.parametrize("state", list(ALLOWED))
@pytest.mark.parametrize("verb", list(VERBS))
def test_every_state_allows_what_the_picture_says(made, state, verb):
    Lot._get_collection().update_one({"_id": made["_id"]}, {"$set": {"state": state}})
    if wanted := ALLOWED[state].get(verb):
        assert VERBS[verb](made["_id"])["state"] == wanted
    else:
        with pytest.raises(lot.LotMoved):
            VERBS[verb](made["_id"])
        assert lot.read(made["_id"])["state"] == state


def test_a_recall_and_a_release_at_once_end_recalled(made):
    for _ in range(5):
        Lot._get_collection().update_one(
            {"_id": made["_id"]}, {"$set": {"state": "held", "held": {"reason": "inspection"}}}
        )

        def release():
            try:
                lot.release(made["_id"], by=BY)
            except lot.LotMoved:
                return

        at_once([release, lambda: lot.recall(made["_id"], by=BY)])
        assert lot.read(made["_id"])["state"] == "recalled"


def test_a_lot_of_another_town_is_not_found(made, client):
    elsewhere = town_clerk(client, "360731100")
    assert elsewhere.get(f"/office/v1/lots/{made['_id']}").status_code == 404
    assert elsewhere.post(f"/office/v1/lots/{made['_id']}/hold", {"reason": "inspection"}).status_code == 404
    assert elsewhere.get("/office/v1/lots").json["items"] == []
