"""Deferred acceptance: applicants propose, a place keeps the best so far, and nothing is final before the end.

A place is split by its seats: each guarantee is a part that prefers its own class and then goes by (priority, lot); the
open part goes by (priority, lot) alone. An applicant asks, place after place in the order of wish, the part of the own
class, the open part, then the other parts. Each part has one strict order and each applicant one strict list that only
the order of wish decides, so the theorems of Gale and Shapley (stable) and of Dubins and Freedman (a true order of wish
is never worse) hold as they stand. Seats that a class does not need go to the others, for these ask there too.
"""

from bisect import insort
from collections.abc import Iterable, Sequence

from backend.allocation.problem import Outcome, Problem
from backend.allocation.ranked import NONE, Ranked, rank

NAME = "deferred_acceptance"
Route = list[tuple[int, int]]
Asks = Sequence[int]
"""What a unit asks in order: the parts, or its keys there."""


def place(problem: Problem, seed: str) -> Outcome:
    """Return the outcome under deferred acceptance with the lots of this seed."""
    ranked = rank(problem, seed)
    return ranked.outcome(NAME, met(ranked))


def met(ranked: Ranked) -> list[int]:
    """Return the number of the place by unit, NONE for who is left over."""
    run = Run(ranked)
    run.propose(range(len(ranked.units)))
    return run.met()


class Run:
    """The state of a run: who holds which seat for the time being, and how far down the list each unit has asked."""

    def __init__(self, ranked: Ranked) -> None:
        self.ranked = ranked
        self._parts = _Parts(ranked)
        self._asks, self._keys = self._parts.all_asks(ranked)
        self._at = [0] * len(ranked.units)
        self._held: list[list[int]] = [[] for _ in self._parts.seats]

    def copy(self) -> "Run":
        """Return a run that goes on from the same state."""
        other = object.__new__(Run)
        other.ranked, other._parts = self.ranked, self._parts
        other._asks, other._keys, other._at = self._asks.copy(), self._keys.copy(), self._at.copy()
        other._held = [inside.copy() for inside in self._held]
        return other

    def report(self, unit: int, choices: Sequence[int], keys: Sequence[int]) -> None:
        """Let a unit that has not asked yet name these places instead."""
        self._asks[unit], self._keys[unit] = self._parts.asks(self.ranked.classes[unit], choices, keys)

    def propose(self, units: Iterable[int]) -> None:
        """Let units ask; who is turned away or displaced asks on at once. The order of the units changes nothing."""
        asks, keys, at = self._asks, self._keys, self._at
        held, seats, count = self._held, self._parts.seats, len(self._asks)
        for first in units:
            unit = first
            while True:
                step = at[unit]
                parts = asks[unit]
                if step == len(parts):
                    break
                at[unit] = step + 1
                part, key = parts[step], keys[unit][step]
                inside = held[part]
                if len(inside) < seats[part]:
                    insort(inside, key)
                    break
                if inside and key < inside[-1]:
                    unit = inside.pop() % count
                    insort(inside, key)

    def met_by(self, unit: int) -> int:
        """Return the number of the place that a unit holds as things stand, NONE for none."""
        last, parts, keys = self._at[unit] - 1, self._asks[unit], self._keys[unit]
        if last < 0 or keys[last] not in self._held[parts[last]]:
            return NONE
        return self._parts.place[parts[last]]

    def met(self) -> list[int]:
        """Return the number of the place by unit as things stand, NONE for who has none."""
        found, count = [NONE] * len(self._asks), len(self._asks)
        for number, inside in zip(self._parts.place, self._held, strict=True):
            for key in inside:
                found[key % count] = number
        return found


class _Parts:
    """The parts of all places. The open parts come first, so that part and place have the same number there.

    In a part of another class a key is one span higher, behind all of that class. Keys held are sorted and not in a
    heap: moving the few hundred of a place in memory takes less time than turning every key into its negative.
    """

    def __init__(self, ranked: Ranked) -> None:
        self.seats = [
            all_seats - sum(some.values()) for all_seats, some in zip(ranked.seats, ranked.reserves, strict=True)
        ]
        self.place = list(range(len(self.seats)))
        self._split = any(ranked.reserves)
        self._span = ranked.span if self._split else 0
        self._routes = [self._routes_of(number, reserves) for number, reserves in enumerate(ranked.reserves)]

    def _routes_of(self, number: int, reserves: dict[int, int]) -> dict[int, Route]:
        """Return by class in which order the parts of a place are asked; NONE stands for all without a part."""
        parts = {}
        for own, seats in reserves.items():
            parts[own] = len(self.seats)
            self.seats.append(seats)
            self.place.append(number)
        routes = {NONE: [(number, 0), *((part, self._span) for part in parts.values())]}
        for own, part in parts.items():
            others = [(other, self._span) for other in parts.values() if other != part]
            routes[own] = [(part, 0), (number, 0), *others]
        return routes

    def all_asks(self, ranked: Ranked) -> tuple[list[Asks], list[Asks]]:
        """Return what each unit asks: the parts, and its keys there."""
        if not self._split:
            return [*ranked.choices], [*ranked.keys]
        found = list(map(self.asks, ranked.classes, ranked.choices, ranked.keys))
        return [parts for parts, _ in found], [keys for _, keys in found]

    def asks(self, own: int, choices: Sequence[int], keys: Sequence[int]) -> tuple[Asks, Asks]:
        """Return what a unit of this class asks that names these places and has these keys there."""
        parts: list[int] = []
        asked: list[int] = []
        for chosen, key in zip(choices, keys, strict=True):
            routes = self._routes[chosen]
            for part, behind in routes.get(own) or routes[NONE]:
                parts.append(part)
                asked.append(key + behind)
        return parts, asked
