"""What an outcome is worth: wishes met, envy that is justified, seats left empty, and who could gain by a trick."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.allocation import bounds, deferred, immediate, misreports
from backend.allocation.bounds import Bounds
from backend.allocation.problem import Outcome
from backend.allocation.ranked import NONE, Ranked, rank


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts of applicants, each member of a group for one.

    `by_choice` is how many got their first, second … wish. `envious` are the pseudonyms with justified envy: at a place
    that they wanted more than theirs sits somebody with a worse (priority, lot) whom no guarantee protects from them.
    Protected, at each place, are the best of a class up to its guaranteed number, against all who are not of that
    class; and who is of a class whose guarantee is not used up there has the better claim against everybody who is not
    protected. Where a group sits, its one seat counts. `wanted_empty` are seats left empty at places that somebody
    wanted more than the own. `could_gain` is how many would get a place that they want more by naming other wishes or
    another order, while all others stay as they are: for immediate acceptance exactly, for deferred acceptance 0 by
    theorem (`misreports.gains_when_sampled` tries it). `extra` is how many came with one of their group beyond plan.
    """

    applicants: int
    by_choice: tuple[int, ...]
    unassigned: int
    envious: tuple[str, ...]
    wanted_empty: int
    could_gain: int
    extra: int

    @property
    def first(self) -> int:
        """Return how many got their first wish."""
        return self.by_choice[0] if self.by_choice else 0


def measure(outcome: Outcome) -> Measures:
    """Return the measures of an outcome."""
    ranked = rank(outcome.problem, outcome.seed)
    return of_met(ranked, outcome.mechanism, ranked.met(outcome))


def of_met(ranked: Ranked, mechanism: str, met: Sequence[int]) -> Measures:
    """Return the measures of an outcome in numbers."""
    sizes = [len(unit.members) for unit in ranked.units]
    by_choice = [0] * max(map(len, ranked.choices), default=0)
    for size, choices, number in zip(sizes, ranked.choices, met, strict=True):
        if number != NONE:
            by_choice[choices.index(number)] += size
    after = bounds.of_all(ranked, met)
    gaining = misreports.gaining_under_immediate(ranked, met) if mechanism == immediate.NAME else []
    return Measures(
        applicants=sum(sizes),
        by_choice=tuple(by_choice),
        unassigned=sum(size for size, number in zip(sizes, met, strict=True) if number == NONE),
        envious=_envious(ranked, met, after),
        wanted_empty=_wanted_empty(ranked, met, after),
        could_gain=sum(sizes[unit] for unit in gaining),
        extra=sum(size - 1 for size, number in zip(sizes, met, strict=True) if number != NONE),
    )


def _envious(ranked: Ranked, met: Sequence[int], after: Sequence[Bounds]) -> tuple[str, ...]:
    found = []
    for unit, number in enumerate(met):
        keys, own = ranked.keys[unit], ranked.classes[unit]
        better = misreports.preferred(ranked.choices[unit], number)
        if any(after[wanted].claims(key, own) for wanted, key in zip(better, keys, strict=False)):
            found += [one.id for one in ranked.units[unit].members]
    return tuple(sorted(found))


def _wanted_empty(ranked: Ranked, met: Sequence[int], after: Sequence[Bounds]) -> int:
    wanting = [0] * len(after)
    for choices, number in zip(ranked.choices, met, strict=True):
        for wanted in misreports.preferred(choices, number):
            wanting[wanted] += 1
    empty = [place.others.seats - place.others.taken for place in after]
    return sum(map(min, empty, wanting))


def deferred_and_immediate(ranked: Ranked) -> tuple[Measures, Measures]:
    """Return the measures of both mechanisms on the same problem with the same lots."""
    return (
        of_met(ranked, deferred.NAME, deferred.met(ranked)),
        of_met(ranked, immediate.NAME, immediate.met(ranked)),
    )
