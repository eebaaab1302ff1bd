"""Repeated readings of one quantity become one value: their mean, when they agree or enough were taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from models.eldercare.measuring_rules import ONCE, Repeats

DECIMALS = 1
"""A mean keeps one decimal: rounding to a whole number could carry it over a limit."""
Reading = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """What some readings come to: whether another one is wanted, after how long, and what a person should know."""

    done: bool
    flags: frozenset[str] = frozenset()
    wait_seconds: int = 0


@dataclass
class Group:
    """Readings of one code that are averaged together, the `number`th of that code in a session."""

    code: str
    number: int
    rule: Repeats
    readings: list[Reading] = field(default_factory=list)

    def judged(self, *, finished: bool = False) -> Judged:
        """Return what the readings come to; `finished` when no more will come."""
        return judge([one["numbers"] for one in self.readings], self.moments(), self.rule, finished=finished)

    def moments(self) -> list[datetime]:
        """Return when the readings were taken."""
        return [one["at"] for one in self.readings]


def judge(
    taken: Sequence[Mapping[str, float]], moments: Sequence[datetime], rule: Repeats, *, finished: bool
) -> Judged:
    """Judge readings in the order in which they were taken, by the rule of their quantity."""
    count = len(taken)
    if count < rule.readings:
        return Judged(finished, frozenset({"single_reading"}) if finished else frozenset(), rule.seconds)
    spread = _spread(taken[: rule.readings])
    differ = rule.readings > 1 and spread > rule.difference
    flags = {"repeats_differ"} if differ else set()
    flags |= {"repeats_hurried"} if _hurried(moments, rule) else set()
    done = finished or not differ or count >= rule.most
    return Judged(done, frozenset(flags), 0 if done else rule.seconds)


def mean(taken: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each component."""
    return {name: round(sum(one[name] for one in taken) / len(taken), DECIMALS) for name in taken[0]}


def groups(readings: Sequence[Reading], rules: Mapping[str, Repeats]) -> Iterator[Group]:
    """Yield the groups into which readings fall in their order; a group that is done takes no more."""
    open_: dict[str, Group] = {}
    counts: dict[str, int] = {}
    made: list[Group] = []
    for one in readings:
        code = one["code"]
        if code not in open_:
            counts[code] = counts.get(code, 0) + 1
            open_[code] = Group(code, counts[code], rules.get(code, ONCE))
            made.append(open_[code])
        open_[code].readings.append(one)
        if open_[code].judged().done:
            del open_[code]
    yield from made


def _spread(taken: Sequence[Mapping[str, float]]) -> float:
    return max(max(one[name] for one in taken) - min(one[name] for one in taken) for name in taken[0])


def _hurried(moments: Sequence[datetime], rule: Repeats) -> bool:
    return any((later - earlier).total_seconds() < rule.seconds for earlier, later in pairwise(moments))
