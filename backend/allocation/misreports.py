"""Who could get a better place by naming other wishes than the true ones, while all others name theirs.

Under immediate acceptance this is exact. A place that some report reaches is also reached by naming it first: if it
had a seat left in a later step, it turned nobody away in the first one, and so would take one more there. So the
question is whether a place that one wants more than the own would have taken one more among those who named it first.

Under deferred acceptance the answer is 0 by theorem; here it is tried, with every order of every selection of wishes.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, permutations

from backend.allocation import bounds, deferred, lots
from backend.allocation.problem import Problem
from backend.allocation.ranked import NONE, Ranked, rank

MOST_REPORTS = 326
"""All orders of all selections out of five wishes, the empty one included."""


def preferred(choices: Sequence[int], met: int) -> Sequence[int]:
    """Return the places that somebody wants more than the one that was met."""
    return choices if met == NONE else choices[: choices.index(met)]


def gaining_under_immediate(ranked: Ranked, met: Sequence[int]) -> list[int]:
    """Return the units that could gain by another report under immediate acceptance; `met` is its outcome."""
    # Who named a place first and did not get it has no seat there, so those who did are the whole first step.
    first = [number if number != NONE and choices[0] == number else NONE for number, choices in _pairs(ranked, met)]
    after = bounds.of_all(ranked, first)
    gaining = []
    for unit, number in enumerate(met):
        keys, own = ranked.keys[unit], ranked.classes[unit]
        better = preferred(ranked.choices[unit], number)
        # The first wish was named first already.
        if any(after[wanted].admits(key, own) for wanted, key in zip(better[1:], keys[1:], strict=False)):
            gaining.append(unit)
    return gaining


def gains_when_sampled(problem: Problem, seed: str, sample: int, rng_seed: str) -> int:
    """Return how many of `sample` applicants or groups gain by some other report under deferred acceptance.

    Each tries all orders of all selections of the own wishes (`MOST_REPORTS` at most). Which are tried is drawn like
    lots, with `rng_seed`.
    """
    ranked = rank(problem, seed)
    ids = [unit.first for unit in ranked.units]
    chosen = sorted(range(len(ids)), key=lambda unit: (lots.number(rng_seed, ids[unit]), ids[unit]))[:sample]
    return sum(_gains(ranked, unit) for unit in chosen)


def _gains(ranked: Ranked, unit: int) -> bool:
    # The order in which units ask changes nothing: all others ask once, and every report goes on from there.
    run = deferred.Run(ranked)
    run.propose(other for other in range(len(ranked.units)) if other != unit)
    choices = ranked.choices[unit]
    truth = _after(run, unit, range(len(choices)))
    better = set(preferred(choices, truth))
    return any(_after(run, unit, report) in better for report in islice(_reports(len(choices)), MOST_REPORTS))


def _after(run: deferred.Run, unit: int, report: Sequence[int]) -> int:
    """Return the place that a unit gets that names these of its wishes in this order, last of all."""
    trial, ranked = run.copy(), run.ranked
    trial.report(unit, [ranked.choices[unit][one] for one in report], [ranked.keys[unit][one] for one in report])
    trial.propose([unit])
    return trial.met_by(unit)


def _reports(wishes: int) -> Iterator[tuple[int, ...]]:
    for length in range(wishes, -1, -1):
        yield from permutations(range(wishes), length)


def _pairs(ranked: Ranked, met: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
    return zip(met, ranked.choices, strict=True)
