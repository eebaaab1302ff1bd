"""A problem and its lots in whole numbers, which is what makes placing fast.

A unit is a group or one alone, and its number is the rank of its lot. A key is `priority * units + unit`: comparing
keys compares (priority, lot), and `key % units` tells whose key it is. Class -1 is "none".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.allocation import lots
from backend.allocation.lots import Tied
from backend.allocation.problem import Outcome, Problem

NONE = -1


@dataclass(frozen=True, slots=True)
class Ranked:
    """Units with their choices as numbers of places, keys there and class; places with seats and seats by class."""

    problem: Problem
    seed: str
    units: list[Tied]
    choices: list[list[int]]
    keys: list[list[int]]
    classes: list[int]
    seats: list[int]
    reserves: list[dict[int, int]]

    @property
    def span(self) -> int:
        """Return a number above all keys that is a multiple of the number of units."""
        count = max(len(self.units), 1)
        worst = max((max(keys) for keys in self.keys if keys), default=0)
        return (worst // count + 1) * count

    def outcome(self, mechanism: str, met: Sequence[int]) -> Outcome:
        """Return the outcome in words; `met` is the number of the place by unit, NONE for nobody's."""
        codes = [place.code for place in self.problem.places]
        placed, drawn, extra = {}, {}, dict.fromkeys(codes, 0)
        for unit, place in zip(self.units, met, strict=True):
            code = "" if place == NONE else codes[place]
            if code:
                extra[code] += len(unit.members) - 1
            for one in unit.members:
                placed[one.id], drawn[one.id] = code, unit.lot
        return Outcome(mechanism, self.problem, self.seed, drawn, placed, extra)

    def met(self, outcome: Outcome) -> list[int]:
        """Return the number of the place by unit of an outcome of the same problem and seed."""
        number = {place.code: index for index, place in enumerate(self.problem.places)}
        return [number.get(outcome.placed[unit.first], NONE) for unit in self.units]


def rank(problem: Problem, seed: str) -> Ranked:
    """Return the problem in numbers, with the lots of this seed."""
    number = {place.code: index for index, place in enumerate(problem.places)}
    named = sorted({name for place in problem.places for name, _ in place.reserves})
    classes = {name: index for index, name in enumerate(named)}
    units = lots.order(seed, problem.applicants)
    count = len(units)
    wishes = [unit.members[0].choices for unit in units]
    return Ranked(
        problem,
        seed,
        units,
        [[number[code] for code, _ in wish] for wish in wishes],
        [[priority * count + unit for _, priority in wish] for unit, wish in enumerate(wishes)],
        [classes.get(unit.members[0].reserve, NONE) for unit in units],
        [place.seats for place in problem.places],
        [{classes[name]: seats for name, seats in place.reserves} for place in problem.places],
    )
