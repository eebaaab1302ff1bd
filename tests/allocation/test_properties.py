"""What holds for every problem, tried on thousands of small ones; measures are computed a second, slow way."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.allocation import deferred, draw, immediate, lots, measures, misreports
from backend.allocation.problem import Applicant, Place, Problem
from backend.allocation.ranked import NONE, rank
from tests.allocation.instances import build, gains, problems

SEED = "2027-08-20 12 07 33"
BOTH = st.sampled_from(sorted(draw.MECHANISMS))


def wants_more(applicant, met):
    """The choices that stand before what was met."""
    for code, priority in applicant.choices:
        if code == met:
            return
        yield code, priority


def sitting(outcome):
    """By place who takes a seat, a group as its smallest pseudonym, with (priority, lot) there."""
    order = lots.ranks(outcome.seed, outcome.problem.applicants)
    found = {place.code: {} for place in outcome.problem.places}
    for one in sorted(outcome.problem.applicants, key=lambda one: one.id, reverse=True):
        met = outcome.placed[one.id]
        if met:
            found[met][order[one.id]] = (dict(one.choices)[met], order[one.id], one)
    return {code: sorted(holders.values(), key=lambda one: one[:2]) for code, holders in found.items()}


def envious(outcome):
    """Who has justified envy, straight from the definition."""
    order, inside = lots.ranks(outcome.seed, outcome.problem.applicants), sitting(outcome)
    reserves = {place.code: dict(place.reserves) for place in outcome.problem.places}
    found = set()
    for one in outcome.problem.applicants:
        for code, priority in wants_more(one, outcome.placed[one.id]):
            used = Counter()
            for there in inside[code]:
                own = there[2].reserve
                used[own] += 1
                protected = used[own] <= reserves[code].get(own, 0)
                better = (priority, order[one.id]) < there[:2]
                unused = sum(other[2].reserve == one.reserve for other in inside[code]) < reserves[code].get(
                    one.reserve, 0
                )
                if (better or unused) and (not protected or (own == one.reserve and better)):
                    found.add(one.id)
    return tuple(sorted(found))


@given(problems(units=14), st.text("0123456789abc", min_size=1))
@settings(max_examples=2000)
def test_deferred_acceptance_leaves_no_justified_envy_and_no_wanted_seat_empty(problem, seed):
    outcome = deferred.place(problem, seed)
    assert envious(outcome) == ()
    found = measures.measure(outcome)
    assert found.envious == ()
    assert found.wanted_empty == 0


@given(problems(units=14), BOTH)
@settings(max_examples=1000)
def test_the_measured_envy_is_that_of_the_definition(problem, mechanism):
    outcome = draw.place(mechanism, problem, SEED)
    shuffled = dict(
        zip(outcome.placed, random.Random(1).sample(list(outcome.placed.values()), len(outcome.placed)), strict=True)
    )
    assert measures.measure(outcome).envious == envious(outcome)
    if not any(one.group for one in problem.applicants):
        asked = {one.id: dict(one.choices) for one in problem.applicants}
        placed = {one: code if code in asked[one] else "" for one, code in shuffled.items()}
        anyhow = type(outcome)(mechanism, problem, SEED, outcome.lots, placed, outcome.extra)
        assert measures.measure(anyhow).envious == envious(anyhow)


@given(problems(units=14), BOTH)
@settings(max_examples=1000)
def test_no_place_gives_more_seats_than_it_has_and_extras_are_told(problem, mechanism):
    outcome = draw.place(mechanism, problem, SEED)
    inside = Counter(code for code in outcome.placed.values() if code)
    for place in problem.places:
        taken = inside[place.code] - outcome.extra[place.code]
        assert taken == len(sitting(outcome)[place.code])
        assert 0 <= taken <= place.seats
    assert measures.measure(outcome).extra == sum(outcome.extra.values())


@given(problems(units=14), BOTH)
@settings(max_examples=1000)
def test_everybody_gets_a_place_that_was_named_or_none(problem, mechanism):
    outcome = draw.place(mechanism, problem, SEED)
    assert set(outcome.placed) == {one.id for one in problem.applicants}
    for one in problem.applicants:
        assert outcome.placed[one.id] in {"", *(code for code, _ in one.choices)}


@given(problems(units=14))
@settings(max_examples=1000)
def test_nobody_of_a_class_is_turned_away_while_its_guarantee_is_not_used_up(problem):
    outcome = deferred.place(problem, SEED)
    for place in problem.places:
        for own, seats in place.reserves:
            used = sum(holder.reserve == own for _, _, holder in sitting(outcome)[place.code])
            turned_away = [
                one.id
                for one in problem.applicants
                if one.reserve == own and place.code in dict(wants_more(one, outcome.placed[one.id]))
            ]
            assert used >= seats or not turned_away


@given(problems(units=14))
@settings(max_examples=1000)
def test_without_guarantees_nobody_gets_in_before_one_of_a_better_tier(problem):
    bare = Problem(problem.applicants, tuple(Place(place.code, place.seats) for place in problem.places))
    outcome = deferred.place(bare, SEED)
    for code, holders in sitting(outcome).items():
        turned_away = [
            dict(one.choices)[code] for one in bare.applicants if code in dict(wants_more(one, outcome.placed[one.id]))
        ]
        assert not holders or not turned_away or holders[-1][0] <= min(turned_away)


@given(problems(units=14), BOTH)
@settings(max_examples=1000)
def test_a_group_is_together_or_unplaced_and_has_one_lot(problem, mechanism):
    outcome = draw.place(mechanism, problem, SEED)
    for group in {one.group for one in problem.applicants if one.group}:
        members = sorted(one.id for one in problem.applicants if one.group == group)
        assert len({outcome.placed[one] for one in members}) == 1
        assert {outcome.lots[one] for one in members} == {lots.number(SEED, members[0])}


@given(problems(units=14), BOTH, st.integers(0, 2**32))
@settings(max_examples=1000)
def test_the_order_of_the_lists_changes_nothing(problem, mechanism, shuffle):
    rng = random.Random(shuffle)
    mixed = Problem(
        tuple(rng.sample(problem.applicants, len(problem.applicants))),
        tuple(rng.sample(problem.places, len(problem.places))),
    )
    one, other = draw.place(mechanism, problem, SEED), draw.place(mechanism, mixed, SEED)
    assert one.placed == other.placed
    assert one.lots == other.lots


@given(problems(units=7, places=4, most=3))
@settings(max_examples=800)
def test_no_report_gains_anything_under_deferred_acceptance(problem):
    for one in problem.applicants:
        assert not gains(lambda other: deferred.place(other, SEED), problem, one)
    assert misreports.gains_when_sampled(problem, SEED, len(problem.applicants), "any") == 0


@given(problems(units=7, places=4, most=3))
@settings(max_examples=200)
def test_a_report_that_is_tried_ends_as_the_whole_placing_with_it_would(problem):
    ranked = rank(problem, SEED)
    for unit, tied in enumerate(ranked.units):
        run = deferred.Run(ranked)
        run.propose(other for other in range(len(ranked.units)) if other != unit)
        for report in misreports._reports(len(tied.members[0].choices)):
            told = tuple(tied.members[0].choices[one] for one in report)
            changed = (Applicant(one.id, told, one.reserve, one.group) for one in tied.members)
            others = (one for one in problem.applicants if one not in tied.members)
            whole = deferred.place(Problem((*changed, *others), problem.places), SEED)
            met = misreports._after(run, unit, report)
            assert whole.placed[tied.first] == ("" if met == NONE else problem.places[met].code)


@given(problems(units=7, places=4, most=3))
@settings(max_examples=800)
def test_who_could_gain_under_immediate_acceptance_is_counted_as_trying_everything_counts(problem):
    tried = sum(gains(lambda other: immediate.place(other, SEED), problem, one) for one in problem.applicants)
    assert measures.measure(immediate.place(problem, SEED)).could_gain == tried


def test_tried_reports_see_a_gain_where_there_is_one(monkeypatch):
    problem = build(random.Random(3), 60, 6)
    assert misreports.gains_when_sampled(problem, SEED, 60, "any") == 0
    usual = deferred._Parts.asks

    def first_named_first(parts, own, choices, keys):
        behind = [key + step * 100 * parts._span for step, key in enumerate(keys)]
        return usual(parts, own, choices, behind)

    # Places that look at the rank of the wish make the mechanism one in which naming a place first helps.
    monkeypatch.setattr(deferred._Parts, "asks", first_named_first)
    assert misreports.gains_when_sampled(problem, SEED, 60, "any") > 0


def never_displaced(run, units):
    """The rejection chain is cut: who sits stays, as in immediate acceptance."""
    for unit in units:
        for part, key in zip(run._asks[unit], run._keys[unit], strict=True):
            if len(run._held[part]) < run._parts.seats[part]:
                run._held[part].append(key)
                break


def test_with_the_rejection_chain_cut_there_is_envy(monkeypatch):
    problem = build(random.Random(5), 200, 8)
    assert measures.measure(deferred.place(problem, SEED)).envious == ()
    # Units ask in the order of the lots: with chains cut, a late one of a better priority finds the seats taken.
    monkeypatch.setattr(deferred.Run, "propose", never_displaced)
    cut = deferred.place(problem, SEED)
    assert len(envious(cut)) > 0
    assert measures.measure(cut).envious == envious(cut)


def test_an_applicant_without_wishes_gets_no_place_and_takes_no_seat():
    problem = Problem((Applicant("a", ()), Applicant("b", (("S", 1),))), (Place("S", 1),))
    for mechanism in draw.MECHANISMS:
        assert draw.place(mechanism, problem, SEED).placed == {"a": "", "b": "S"}


def test_a_problem_without_applicants_has_an_outcome():
    for mechanism in draw.MECHANISMS:
        outcome = draw.place(mechanism, Problem((), (Place("S", 1),)), SEED)
        assert outcome.placed == {}
        assert measures.measure(outcome).by_choice == ()
