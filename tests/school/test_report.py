"""The report before a round opens, and that nothing opens over what it found."""

from datetime import timedelta

import pytest

from backend import clock
from models.rules.rule_set import RuleSet
from models.school import district_report, round_announce, seat_plan
from models.school import round as rounds
from models.school.address_point import AddressPoint
from models.school.round import RoundStateWrong, RoundWrong, SchoolRound
from models.school.round_announce import RoundNotReady, WarningsOpen
from models.school.school import School
from models.school.seat_plan import SeatPlan
from tests.school import ground
from tests.school.ground import ROUND, VILLAGES, collection, feature, rectangle, street
from tests.support import affairs


@pytest.fixture
def prepared(seeded):
    """A round of two schools in a town whose addresses nobody has put yet."""
    ground.prepare()
    ground.plans("s_east", "s_west")
    AddressPoint._get_collection().delete_many({"town": ground.TOWN})


@pytest.fixture
def planner(client, prepared):
    return affairs.seat(client, "school_manager", unit="education_sports").actor()


def found(*codes: str) -> list:
    told = district_report.of_round(ROUND).findings
    return [one for one in told if not codes or one.code in codes]


def set_round(**told) -> None:
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": told})


def beside(width: float, **told):
    """Return two districts of different schools, the second shifted so that they overlap by `width` metres."""
    left = feature("west", rectangle(0, 0, 1000, 1000), ["s_west"], **told)
    return collection(left, feature("east", rectangle(1000 - width, 0, 1000, 1000), ["s_east"]))


def test_districts_that_fit_have_no_finding(prepared):
    ground.lay(ground.two())
    assert found() == []


def test_a_round_without_districts_or_plans_is_blocked(prepared):
    SeatPlan._get_collection().delete_many({"round": ROUND})
    assert {one.code for one in found()} == {"no_districts", "no_plans"}
    assert {one.severity for one in found()} == {"blocking"}


@pytest.mark.parametrize(("width", "expected"), [(0.9, 0), (1.1, 1)])
def test_an_overlap_counts_above_a_thousand_square_metres(prepared, width, expected):
    ground.lay(beside(width))
    assert len(found("overlap")) == expected


def test_an_overlap_says_between_whom_how_large_and_where(prepared):
    ground.lay(beside(10))
    (one,) = found("overlap")
    assert (one.severity, one.about) == ("blocking", ("east", "west"))
    assert one.size_m2 == pytest.approx(10_000, rel=0.01)
    assert "east片区与west片区重叠约" in one.zh
    lon, lat = one.point
    assert ground.at(989, 0)[0] < lon < ground.at(1001, 0)[0]
    assert ground.at(0, 0)[1] < lat < ground.at(0, 1000)[1]


def test_two_districts_of_the_same_schools_may_overlap(prepared):
    both = [feature(f"d{n}", rectangle(500 * n, 0, 1000, 1000), ["s_west", "s_east"]) for n in (0, 1)]
    ground.lay(collection(*both))
    assert found() == []


def ring(hole: float):
    """Return four districts around a hole of some metres."""
    side = 1000
    return collection(
        feature("south", rectangle(0, 0, side + hole, side), ["s_west"]),
        feature("east", rectangle(side + hole, 0, side, side + hole), ["s_east"]),
        feature("north", rectangle(side, side + hole, side + hole, side), ["s_west"]),
        feature("west", rectangle(0, side, side, side + hole), ["s_east"]),
    )


@pytest.mark.parametrize(("hole", "expected"), [(30, 0), (33, 1)])
def test_a_hole_between_districts_blocks_above_a_thousand_square_metres(prepared, hole, expected):
    ground.lay(ring(hole))
    told = found("gap")
    assert len(told) == expected
    if expected:
        assert (told[0].severity, told[0].size_m2) == ("blocking", pytest.approx(hole**2, rel=0.02))
        assert set(told[0].about) == {"south", "east", "north", "west"}


@pytest.mark.parametrize(("width", "expected"), [(0.5, 0), (30, 1), (80, 0)])
def test_a_slit_at_the_outline_is_a_warning_and_a_wide_one_is_outline(prepared, width, expected):
    ground.lay(beside(-width))
    told = found("sliver")
    assert [one.severity for one in told] == ["warning"] * expected
    assert found("gap") == []


def test_a_village_of_two_schools_blocks_and_a_forgotten_one_is_told(prepared):
    told = ground.two(villages=list(VILLAGES[:2]))
    told["features"][1]["properties"]["villages"] = [VILLAGES[1]]
    ground.lay(told)
    (twice,) = found("village_twice")
    assert (twice.severity, twice.about[0]) == ("blocking", VILLAGES[1])
    assert "于中居委会同时划入" in twice.zh
    (left,) = found("village_left_out")
    assert left.severity == "warning"
    assert "45 个村(社区)" in left.zh, "47 of the town, 2 of them named"


@pytest.mark.parametrize(
    ("west", "east", "words"),
    [
        ((1, 99, "odd"), (2, 98, "even"), None),
        ((1, 50, "all"), (51, 99, "all"), None),
        ((1, 50, "all"), (50, 99, "all"), "红军路 50 号"),
        ((1, 99, "odd"), (50, 99, "all"), "红军路 51–99 号单号"),
        ((1, 50, "odd"), (50, 99, "odd"), None),
        ((1, 51, "odd"), (51, 99, "odd"), "红军路 51 号"),
        ((1, 99_999, "all"), (201, 99_999, "even"), "红军路 202"),
    ],
)
def test_house_numbers_claimed_twice_block(prepared, west, east, words):
    told = ground.two(streets=[street("红军路", *west)])
    told["features"][1]["properties"]["streets"] = [street("红军路", *east)]
    ground.lay(told)
    twice = found("street_twice")
    assert bool(twice) is (words is not None)
    if words:
        assert twice[0].severity == "blocking"
        assert words in twice[0].zh


def test_house_numbers_between_rules_and_standing_houses_without_one_are_told(prepared):
    told = ground.two(streets=[street("红军路", 1, 19, "odd"), street("红军路", 31, 99, "odd")])
    told["features"][1]["properties"]["villages"] = [VILLAGES[0]]
    ground.lay(told)
    (odd,) = found("street_left_out")
    assert (odd.severity, "红军路单号 21–29 号没有划入" in odd.zh) == ("warning", True)
    ground.house("红军路", "8", 500, 500)
    ground.house("红军路", "101", 500, 500)
    odd, even = found("street_left_out")
    assert "红军路单号 21–29 号、101 号没有划入" in odd.zh
    assert "红军路双号 8 号没有划入" in even.zh


def test_addresses_in_no_district_are_told_by_street(prepared):
    ground.lay(ground.two(villages=[VILLAGES[0]], streets=[street("远街", 1, 2)]))
    ground.house("内街", "1", 500, 500)
    for number in ("3", "2", "5"):
        ground.house("远街", number, 5000, 500)
    ground.house("他街", "1", 5000, 500, town="360731105")
    (one,) = found("address_left_out")
    assert (one.severity, one.about) == ("warning", (ground.TOWN, "远街"))
    assert "远街 3、5 号(共 2 个门牌)" in one.zh, "number 2 has a rule, and the other town has no part in the round"


def test_a_school_without_plan_or_district_blocks_unless_it_is_private(prepared):
    ground.plans("s_north")
    ground.lay(collection(feature("d1", rectangle(0, 0, 1000, 1000), ["s_east", "s_both"])))
    assert [(one.code, one.about[0]) for one in found("school_without_plan")] == [("school_without_plan", "s_both")]
    assert [one.about[0] for one in found("school_without_district")] == ["s_north", "s_west"]
    School._get_collection().update_many({"_id": {"$in": ["s_north", "s_west"]}}, {"$set": {"ownership": "private"}})
    assert found("school_without_district") == []


def test_large_classes_are_told_by_the_dated_limit(prepared):
    ground.lay(ground.two())
    SeatPlan._get_collection().update_one({"_id": f"{ROUND}:s_east"}, {"$set": {"class_size": 46}})
    (one,) = found("class_size")
    assert (one.severity, one.about) == ("warning", ("s_east",))
    assert "超过小学每班 45 人的标准" in one.zh


def test_a_rule_that_is_not_in_force_on_the_day_blocks(prepared):
    ground.lay(ground.two())
    RuleSet._get_collection().update_one({"_id": "school_primary_tier:1"}, {"$set": {"valid_to": "2027-08-30"}})
    (one,) = found("rule_not_in_force")
    assert (one.severity, one.about) == ("blocking", ("school_primary_tier",))
    assert "2027-08-31" in one.zh


def test_the_round_opens_when_nothing_was_found(planner):
    ground.lay(ground.two())
    told = round_announce.announce(planner, ROUND, accept_warnings=False)
    assert (told["state"], told["history"][-1]["what"], told["history"][-1]["accepted"]) == ("open", "announced", [])
    with pytest.raises(RoundStateWrong):
        round_announce.announce(planner, ROUND, accept_warnings=False)


def test_what_blocks_is_named_and_cannot_be_accepted(planner):
    ground.lay(beside(10))
    with pytest.raises(RoundNotReady) as refusal:
        round_announce.announce(planner, ROUND, accept_warnings=True)
    assert "重叠约" in refusal.value.fields["findings"][0]
    assert "重叠约" in refusal.value.message("zh")
    assert rounds.read(ROUND)["state"] == "preparing"


def test_who_accepted_which_warnings_stays_in_the_history(planner):
    ground.lay(beside(-30))
    with pytest.raises(WarningsOpen) as refusal:
        round_announce.announce(planner, ROUND, accept_warnings=False)
    assert "窄缝" in refusal.value.fields["accept_warnings"][0]
    last = round_announce.announce(planner, ROUND, accept_warnings=True)["history"][-1]
    assert (last["by"], last["warnings"], last["accepted"][0]["code"]) == (planner.key, 1, "sliver")
    assert "窄缝" in last["accepted"][0]["zh"]


def test_a_round_whose_window_is_over_is_not_announced(planner):
    ground.lay(ground.two())
    set_round(opens_at=clock.now() - timedelta(days=3), closes_at=clock.now() - timedelta(days=1))
    with pytest.raises(RoundWrong) as refusal:
        round_announce.announce(planner, ROUND, accept_warnings=False)
    assert list(refusal.value.fields) == ["closes_at"]


def test_what_changed_while_it_was_checked_is_not_announced(planner, monkeypatch):
    ground.lay(ground.two())
    checked = district_report.of_round

    def slow(code):
        told = checked(code)
        ground.lay(beside(10))
        return told

    monkeypatch.setattr(district_report, "of_round", slow)
    with pytest.raises(RoundStateWrong):
        round_announce.announce(planner, ROUND, accept_warnings=False)
    assert rounds.read(ROUND)["state"] == "preparing"


def test_a_plan_that_changed_while_it_was_checked_stops_the_announcement(planner, monkeypatch):
    ground.lay(ground.two())
    checked = district_report.of_round

    def slow(code):
        told = checked(code)
        seat_plan.drop(planner, ROUND, "s_east")
        return told

    monkeypatch.setattr(district_report, "of_round", slow)
    with pytest.raises(RoundStateWrong):
        round_announce.announce(planner, ROUND, accept_warnings=False)


def test_an_announcement_is_taken_back_before_the_window_begins_and_not_after(planner, shift_clock):
    ground.lay(ground.two())
    round_announce.announce(planner, ROUND, accept_warnings=False)
    assert round_announce.recall(planner, ROUND)["state"] == "preparing"
    round_announce.announce(planner, ROUND, accept_warnings=False)
    shift_clock(timedelta(days=11).total_seconds())
    with pytest.raises(RoundStateWrong):
        round_announce.recall(planner, ROUND)
    assert rounds.read(ROUND)["state"] == "open"
