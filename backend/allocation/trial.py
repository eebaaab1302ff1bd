"""Both mechanisms side by side on the same problem and lots, over many trial seeds, before one becomes the rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.allocation import deferred, immediate, measures
from backend.allocation.measures import Measures
from backend.allocation.misreports import gains_when_sampled
from backend.allocation.problem import Problem
from backend.allocation.ranked import rank


@dataclass(frozen=True, slots=True)
class Averages:
    """The means of `Measures` over the seeds, in applicants; `tried` is how many reports of how many were tried.

    With `tried` 0 `could_gain` is the exact mean; else it is the mean of those who gained among `tried` in each seed.
    """

    mechanism: str
    seeds: int
    applicants: int
    by_choice: tuple[float, ...]
    unassigned: float
    envious: float
    wanted_empty: float
    could_gain: float
    extra: float
    tried: int = 0

    @property
    def first(self) -> float:
        """Return how many got their first wish."""
        return self.by_choice[0] if self.by_choice else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both mechanisms do on average."""

    deferred: Averages
    immediate: Averages


def compare(problem: Problem, seeds: Sequence[str], sample: int = 0) -> Comparison:
    """Return both mechanisms' averages; with a `sample`, so many try to gain under deferred acceptance in each seed.

    Raises:
        ValueError: there is no seed.
    """
    if not seeds:
        raise ValueError("a trial needs a seed")
    late, soon, gains = [], [], 0
    for seed in seeds:
        of_late, of_soon = measures.deferred_and_immediate(rank(problem, seed))
        late.append(of_late)
        soon.append(of_soon)
        gains += gains_when_sampled(problem, seed, sample, f"trial {seed}") if sample else 0
    return Comparison(
        _averages(deferred.NAME, late, could_gain=gains / len(seeds), tried=sample),
        _averages(immediate.NAME, soon, could_gain=_mean([one.could_gain for one in soon]), tried=0),
    )


def _averages(mechanism: str, found: Sequence[Measures], *, could_gain: float, tried: int) -> Averages:
    return Averages(
        mechanism=mechanism,
        seeds=len(found),
        applicants=found[0].applicants,
        by_choice=tuple(map(_mean, zip(*(one.by_choice for one in found), strict=True))),
        unassigned=_mean([one.unassigned for one in found]),
        envious=_mean([len(one.envious) for one in found]),
        wanted_empty=_mean([one.wanted_empty for one in found]),
        could_gain=could_gain,
        extra=_mean([one.extra for one in found]),
        tried=tried,
    )


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers)
