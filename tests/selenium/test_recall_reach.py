"""What a recall would reach: over splits and merges, by events and by our own records, and who received some of it."""

import pytest

from models.selenium import recall_reach, uri
from tests.selenium.grower_kit import OTHER_VILLAGE, farmer, firm, office, producing, town_clerk
from tests.selenium.recall_kit import Farm, names


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def clerk(client, seeded):
    return office(client)


def reached(who, number: str, direction: str, prefix: str = "/office/v1", **query) -> dict:
    told = "".join(f"&{name}={value}" for name, value in query.items())
    answer = who.get(f"{prefix}/lots/{number}/reach?direction={direction}{told}")
    assert answer.status_code == 200, answer.json
    return answer.json


def lots(told: dict, role: str) -> set[str]:
    return names(told["lots"], role=role)


@pytest.fixture
def merged(farm):
    """A and B became C, C became D and E; B alone became F as well."""
    a, b = farm.harvested(), farm.harvested()
    (c,) = farm.graded({a: 600, b: 400}, 1000)
    d, e = farm.graded({c: 1000}, 500, 450)
    (f,) = farm.graded({b: 300}, 300)
    return {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}


def test_forward_follows_merges_and_splits_and_leaves_other_children_of_what_was_mixed_in(merged, clerk):
    told = reached(clerk, merged["a"], "forward")
    assert lots(told, "start") == {merged["a"]}
    assert lots(told, "forward") == {merged["c"], merged["d"], merged["e"]}
    assert lots(told, "backward") == set()
    assert merged["f"] not in names(told["lots"])
    assert lots(reached(clerk, merged["b"], "forward"), "forward") == {merged[one] for one in "cdef"}


def test_backward_comes_to_everything_that_went_in(merged, clerk):
    told = reached(clerk, merged["e"], "backward")
    assert lots(told, "backward") == {merged["a"], merged["b"], merged["c"]}
    assert (lots(told, "start"), lots(told, "forward")) == ({merged["e"]}, set())


def test_both_goes_both_ways_from_the_one_lot(merged, clerk):
    told = reached(clerk, merged["c"], "both")
    assert lots(told, "backward") == {merged["a"], merged["b"]}
    assert lots(told, "forward") == {merged["d"], merged["e"]}
    assert (told["counts"]["lots"], told["counts"]["source_lots"]) == (3, 2)
    sources = {one["name"]: set(one["sources"]) for one in told["lots"]}
    assert sources[merged["c"]] == {merged["a"], merged["b"]}
    assert sources[merged["d"]] == {merged["c"]}


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_lots_whose_grading_wrote_no_event_are_reached_by_their_parents(farm, clerk, direction):
    a, b = farm.harvested(), farm.harvested()
    (c,) = farm.graded({a: 100, b: 100}, 200, events=False)
    (d,) = farm.graded({c: 100}, 100)
    start = {"forward": a, "backward": d, "both": c}[direction]
    wanted = {"forward": {a, c, d}, "backward": {d, c, a, b}, "both": {a, b, c, d}}[direction]
    assert names(reached(clerk, start, direction)["lots"]) == wanted


def test_packs_and_boxes_come_with_labels_and_what_is_here_and_gone(farm, clerk):
    a = farm.harvested(1000)
    sold, active = farm.packed(a, 10, state="sold"), farm.packed(a, 4)
    bare = farm.packed(a, 2, state="bound", events=False)
    box = farm.boxed({active["_id"]: 4})
    told = reached(clerk, a, "forward")
    packs = {one["name"]: one for one in told["packs"]}
    assert packs.keys() == {sold["_id"], active["_id"], bare["_id"]}
    first = packs[sold["_id"]]
    assert (first["first"], first["last"], first["packages"], first["grams"]) == (1, 10, 10, 50_000)
    assert (first["was"], first["gone_grams"], first["lot"], first["roll"]) == ("sold", 50_000, a, sold["roll"])
    assert packs[active["_id"]]["gone_grams"] == 0
    assert names(told["boxes"]) == {box}
    assert told["boxes"][0]["sources"] == [active["_id"]]
    counts = told["counts"]
    assert (counts["packs"], counts["packages"], counts["boxes"], counts["things"]) == (3, 16, 1, 0)
    assert counts["left_grams"] == 1_000_000 - 16 * 5_000
    assert (counts["unsold_grams"], counts["gone_grams"]) == (30_000, 50_000)


def test_who_received_what_is_told_by_shipments_of_boxes_packages_and_loose_goods(farm, clerk, client, sandbox):
    a = farm.harvested(1000)
    pack = farm.packed(a, 10)["_id"]
    box = farm.boxed({pack: 4})
    shop = firm(client, sandbox, name="于都测试超市")
    person, foreign = uri.party("5f0000000000000000000001"), "urn:epc:id:pgln:0614141.00001"
    farm.moved([uri.party(shop.id)], boxes=[box], packs={pack: 2})
    farm.moved([uri.party(shop.id)], step="receiving", boxes=[box], packs={pack: 2})
    farm.moved([person], packs={pack: 1}, step="retail_selling")
    farm.moved([foreign], lots={a: 100})
    told = reached(clerk, a, "forward")
    got = {one["uri"]: one for one in told["buyers"]}
    assert got.keys() == {uri.party(shop.id), person, foreign}
    assert (got[uri.party(shop.id)]["grams"], got[uri.party(shop.id)]["party_name"]) == (30_000, "于都测试超市")
    assert (got[person]["grams"], got[person]["party_name"]) == (5_000, "")
    assert (got[foreign]["grams"], got[foreign]["parts"]) == (100_000, [a])
    assert told["counts"]["gone_grams"] == 30_000 + 5_000 + 100_000
    assert told["counts"]["unsold_grams"] == 50_000 - 35_000


def test_more_than_the_bound_is_reported_as_cut(farm, clerk):
    a = farm.harvested()
    farm.graded({a: 400}, 100, 100, 100, 100)
    assert reached(clerk, a, "forward", most=3)["cut"] is True
    assert reached(clerk, a, "forward")["cut"] is False


def test_only_who_may_sees_a_reach(merged, farm, client, sandbox):
    path = f"/lots/{merged['a']}/reach"
    assert town_clerk(client, OTHER_VILLAGE[:9]).get(f"/office/v1{path}").status_code == 404
    assert town_clerk(client).get(f"/office/v1{path}").status_code == 200
    assert farm.firm.get(f"/selenium{path}").json["counts"]["lots"] == 4
    assert producing(client, sandbox).get(f"/selenium{path}").status_code == 404
    assert farmer(client, sandbox).get(f"/mini/v1/selenium{path}").status_code == 404
    assert client.get(f"/office/v1{path}").status_code == 401
    for wrong in ("direction=up", "most=0", "most=10001"):
        assert town_clerk(client).get(f"/office/v1{path}?{wrong}").status_code == 400


def test_places_are_nobody_who_received_something():
    assert recall_reach.name("https://x/lot/7") == "7"


def test_a_place_of_ours_is_no_party(seeded):
    assert not recall_reach.is_party(uri.place("1"))
    assert recall_reach.is_party(uri.party("1"))
    assert recall_reach.is_party("urn:epc:id:pgln:0614141.00001")
