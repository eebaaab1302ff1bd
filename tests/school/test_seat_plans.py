"""Places of a school in a round: set before the freeze, taken one by one after the publication."""

import pytest

from models.audit.entry import AuditEntry
from models.school import seat_plan
from models.school.round import RoundStateWrong, SchoolRound
from models.school.school import SchoolUnknown
from models.school.seat_plan import SeatPlan, SeatPlanWrong, SeatsGone, plan_id
from tests.school import ground
from tests.school.ground import ROUND
from tests.support import affairs
from tests.support.crowd import at_once

PLACES, FAMILIES = 5, 20
GOOD = {"places": 90, "classes": 2, "class_size": 45, "reserves": {"4": 10}}


@pytest.fixture
def planner(client, seeded):
    ground.prepare()
    return affairs.seat(client, "school_manager", unit="education_sports").actor()


def taken() -> int:
    return seat_plan.read(ROUND, "s_east")["taken"]


def test_a_plan_is_set_and_corrected_with_an_audit_entry(planner):
    seat_plan.put(planner, ROUND, "s_east", GOOD)
    found = seat_plan.put(planner, ROUND, "s_east", {**GOOD, "places": 80})
    assert (found["places"], found["taken"], found["reserves"]) == (80, 0, {"4": 10})
    assert [one["school"] for one in seat_plan.of_round(ROUND)] == ["s_east"]
    entries = AuditEntry._get_collection().find({"object": f"seat_plan:{ROUND}:s_east"}).sort("at", 1)
    assert [one["details"]["places"] for one in entries] == [90, 80]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"places": -1}, "places"),
        ({"places": 5001}, "places"),
        ({"places": 91}, "places"),
        ({"classes": 0}, "classes"),
        ({"class_size": 56}, "class_size"),
        ({"class_size": 0}, "class_size"),
        ({"reserves": {"1": 91}}, "reserves"),
        ({"reserves": {"1": 50, "2": 41}}, "reserves"),
        ({"reserves": {"1": -1}}, "reserves"),
        ({"reserves": {"0": 1}}, "reserves"),
        ({"reserves": {"first": 1}}, "reserves"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused_by_field(planner, told, field):
    with pytest.raises(SeatPlanWrong) as refusal:
        seat_plan.put(planner, ROUND, "s_east", {**GOOD, **told})
    assert field in refusal.value.fields
    assert seat_plan.of_round(ROUND) == []


@pytest.mark.parametrize("code", ["nobody", "yudu_middle"])
def test_only_active_schools_of_the_stage_have_plans(planner, code):
    with pytest.raises(SchoolUnknown):
        seat_plan.put(planner, ROUND, code, GOOD)


@pytest.mark.parametrize(
    ("state", "may_set", "may_drop"),
    [("preparing", True, True), ("open", True, False), ("frozen", False, False), ("published", False, False)],
)
def test_plans_stand_once_the_list_is_frozen(planner, state, may_set, may_drop):
    seat_plan.put(planner, ROUND, "s_east", GOOD)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": state}})
    for may, call in (
        (may_set, lambda: seat_plan.put(planner, ROUND, "s_east", {**GOOD, "places": 80})),
        (may_drop, lambda: seat_plan.drop(planner, ROUND, "s_east")),
    ):
        if may:
            call()
        else:
            with pytest.raises(RoundStateWrong):
                call()
    assert bool(seat_plan.of_round(ROUND)) is not may_drop


def take_or_not() -> bool:
    try:
        seat_plan.take(plan_id(ROUND, "s_east"))
    except SeatsGone:
        return False
    return True


def test_of_many_families_at_once_as_many_get_a_place_as_there_are(planner):
    ground.plans("s_east", places=PLACES)
    assert sum(at_once([take_or_not] * FAMILIES)) == PLACES
    assert taken() == PLACES


def test_without_the_guard_more_get_a_place_than_there_are(planner, monkeypatch):
    """The control of the race above: read, compare, save."""
    ground.plans("s_east", places=PLACES)
    plans = SeatPlan._get_collection()

    def unguarded(where):
        found = plans.find_one({"_id": where})
        if found["taken"] >= found["places"]:
            raise SeatsGone
        plans.update_one({"_id": where}, {"$set": {"taken": found["taken"] + 1}})

    monkeypatch.setattr(seat_plan, "take", unguarded)
    assert sum(sum(at_once([take_or_not] * FAMILIES)) for _ in range(5)) > PLACES


def test_a_place_is_given_back_only_where_one_was_taken(planner):
    ground.plans("s_east", places=PLACES)
    where = plan_id(ROUND, "s_east")
    assert not seat_plan.give_back(where)
    seat_plan.take(where, count=PLACES)
    assert not take_or_not()
    assert seat_plan.give_back(where)
    assert (taken(), take_or_not(), take_or_not()) == (PLACES - 1, True, False)


def test_nothing_is_taken_of_a_plan_that_is_not_there(planner):
    with pytest.raises(SeatsGone):
        seat_plan.take(plan_id(ROUND, "nobody"))
