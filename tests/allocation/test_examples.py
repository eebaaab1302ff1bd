"""Small cases whose outcome one sees without computing: guarantees, groups, first wishes first, both side by side."""

import random

import pytest

from backend.allocation import deferred, draw, immediate, lots, measures, trial
from backend.allocation.misreports import gains_when_sampled
from backend.allocation.problem import Applicant, Place, Problem
from tests.allocation.instances import build

SEED = "seed"
NAMES = [f"p{number}" for number in range(6)]
BY_LOT = sorted(NAMES, key=lambda name: lots.number(SEED, name))
"""Six pseudonyms, the best lot first."""


def placed(mechanism, applicants, places):
    return draw.place(mechanism, Problem(tuple(applicants), tuple(places)), SEED).placed


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_a_better_priority_beats_a_better_lot(mechanism):
    late, soon = BY_LOT[-1], BY_LOT[0]
    found = placed(mechanism, [Applicant(late, (("S", 1),)), Applicant(soon, (("S", 2),))], [Place("S", 1)])
    assert found == {late: "S", soon: ""}


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_a_guaranteed_seat_goes_to_its_class_before_better_ones(mechanism):
    of_class = Applicant(BY_LOT[-1], (("S", 4),), "4")
    others = [Applicant(name, (("S", 1),), "1") for name in BY_LOT[:3]]
    found = placed(mechanism, [of_class, *others], [Place("S", 2, (("4", 1),))])
    assert found == {BY_LOT[-1]: "S", BY_LOT[0]: "S", BY_LOT[1]: "", BY_LOT[2]: ""}


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_a_guaranteed_seat_that_its_class_does_not_need_goes_to_the_others(mechanism):
    others = [Applicant(name, (("S", 1),), "1") for name in BY_LOT[:3]]
    found = placed(mechanism, others, [Place("S", 2, (("4", 2),))])
    assert found == {BY_LOT[0]: "S", BY_LOT[1]: "S", BY_LOT[2]: ""}


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_the_best_of_a_class_use_its_guarantee_and_the_next_compete_for_the_rest(mechanism):
    # A guarantee is a minimum: a class with better priorities gets more than it.
    of_class = [Applicant(name, (("S", 1),), "1") for name in BY_LOT[3:]]
    others = [Applicant(name, (("S", 2),), "2") for name in BY_LOT[:3]]
    found = placed(mechanism, of_class + others, [Place("S", 3, (("1", 1),))])
    assert [name for name in BY_LOT if found[name]] == BY_LOT[3:]


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_twins_take_one_seat_and_the_second_comes_beyond_the_plan(mechanism):
    twins = [Applicant(name, (("S", 1),), "", "twins") for name in ("a1", "a2")]
    outcome = draw.place(mechanism, Problem((*twins, Applicant("b", (("S", 2),))), (Place("S", 2),)), SEED)
    assert outcome.placed == {"a1": "S", "a2": "S", "b": "S"}
    assert outcome.extra == {"S": 1}
    assert measures.measure(outcome).extra == 1


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_a_place_without_seats_takes_no_twins_either(mechanism):
    twins = [Applicant(name, (("S", 1),), "", "twins") for name in ("a1", "a2")]
    outcome = draw.place(mechanism, Problem(tuple(twins), (Place("S", 0),)), SEED)
    assert outcome.placed == {"a1": "", "a2": ""}
    assert outcome.extra == {"S": 0}


def the_trap():
    """Someone of the first tier names the popular place second and a still more popular one first."""
    careful, second_wish = Applicant("a", (("T", 2), ("S", 1))), Applicant("b", (("S", 3),))
    return Problem((careful, second_wish, Applicant("c", (("T", 1),))), (Place("S", 1), Place("T", 1)))


def test_a_second_wish_is_worthless_under_immediate_acceptance_and_counts_under_deferred():
    soon, late = immediate.place(the_trap(), SEED), deferred.place(the_trap(), SEED)
    assert soon.placed == {"a": "", "b": "S", "c": "T"}
    assert late.placed == {"a": "S", "b": "", "c": "T"}
    found = measures.measure(soon)
    assert (found.envious, found.could_gain, found.first, found.unassigned) == (("a",), 1, 2, 1)
    found = measures.measure(late)
    assert (found.envious, found.could_gain, found.by_choice) == ((), 0, (1, 1))


def test_a_list_shorter_than_the_places_that_one_wants_makes_a_trick_pay_under_both():
    # "c" wants S, T and U and may name two. Whoever is truthful names S and T, where others come first.
    others = Applicant("a", (("S", 1),)), Applicant("b", (("T", 1),))
    places = Place("S", 1), Place("T", 1), Place("U", 1)
    wanted = (("S", 2), ("T", 2), ("U", 2))
    for mechanism in draw.MECHANISMS:
        assert placed(mechanism, [*others, Applicant("c", wanted[:2])], places)["c"] == ""
        assert placed(mechanism, [*others, Applicant("c", (wanted[0], wanted[2]))], places)["c"] == "U"
    # What is counted takes the list that was handed in for the whole of what one wants.
    cut = Problem((*others, Applicant("c", wanted[:2])), places)
    assert measures.measure(deferred.place(cut, SEED)).could_gain == 0
    assert deferred.place(Problem((*others, Applicant("c", wanted)), places), SEED).placed["c"] == "U"


def test_an_empty_seat_that_somebody_wanted_is_counted():
    outcome = deferred.place(the_trap(), SEED)
    empty = type(outcome)(outcome.mechanism, outcome.problem, SEED, outcome.lots, {"a": "S", "b": "", "c": ""}, {})
    found = measures.measure(empty)
    assert (found.wanted_empty, found.unassigned) == (1, 2)


def test_a_comparison_averages_both_mechanisms_over_the_same_seeds():
    problem = build(random.Random(11), 120, 6)
    seeds = [f"trial {number}" for number in range(4)]
    found = trial.compare(problem, seeds, sample=5)
    assert found.deferred.envious == found.deferred.could_gain == found.deferred.wanted_empty == 0
    assert (found.deferred.tried, found.immediate.tried, found.immediate.seeds) == (5, 0, 4)
    soon = [measures.measure(immediate.place(problem, seed)) for seed in seeds]
    assert found.immediate.first == sum(one.first for one in soon) / 4
    assert found.immediate.could_gain == sum(one.could_gain for one in soon) / 4 > 0
    assert found.immediate.envious == sum(len(one.envious) for one in soon) / 4 > 0
    late = [measures.measure(deferred.place(problem, seed)) for seed in seeds]
    assert found.deferred.by_choice == tuple(sum(met) / 4 for met in zip(*(one.by_choice for one in late), strict=True))
    assert found.deferred.unassigned == sum(one.unassigned for one in late) / 4
    assert found.deferred.extra == sum(one.extra for one in late) / 4


def test_a_comparison_without_a_seed_is_refused():
    with pytest.raises(ValueError, match="needs a seed"):
        trial.compare(the_trap(), [])


def test_at_most_all_applicants_try_other_reports():
    assert gains_when_sampled(the_trap(), SEED, 1_000, "any") == 0
    assert gains_when_sampled(the_trap(), SEED, 0, "any") == 0
