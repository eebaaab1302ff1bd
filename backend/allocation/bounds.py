"""How far down each place went: the worst key that got in, for those whom a guarantee protected and for the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.allocation.ranked import NONE, Ranked


@dataclass(frozen=True, slots=True)
class Bound:
    """One line: seats there, how many are taken, and the worst key that holds one (-1 for nobody)."""

    seats: int
    taken: int
    worst: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """A place after a placing.

    Of each class the best, up to the guaranteed number, are protected: their seats answer to their own class alone.
    `others` is everybody else, on the seats that protection leaves.
    """

    own: dict[int, Bound]
    others: Bound

    @property
    def full(self) -> bool:
        """Tell whether no seat is empty."""
        return self.others.taken == self.others.seats

    def claims(self, key: int, own: int) -> bool:
        """Tell whether one with this key and class has a better claim to a seat than somebody who sits there."""
        if key < self.others.worst:
            return True
        mine = self.own.get(own)
        if mine is None:
            return False
        return key < mine.worst or (mine.taken < mine.seats and self.others.taken > 0)

    def admits(self, key: int, own: int) -> bool:
        """Tell whether one more with this key and class would get a seat."""
        return not self.full or self.claims(key, own)


def of_place(seats: int, reserves: dict[int, int], held: Iterable[tuple[int, int]]) -> Bounds:
    """Return the bounds of a place whose seats are held by these (key, class)."""
    own: dict[int, list[int]] = {part: [] for part in reserves}
    rest, taken = -1, 0
    for key, part in sorted(held):
        mine = own.get(part)
        if mine is not None and len(mine) < reserves[part]:
            mine.append(key)
        else:
            rest, taken = key, taken + 1
    lines = {part: Bound(reserves[part], len(keys), keys[-1] if keys else -1) for part, keys in own.items()}
    left = seats - sum(line.taken for line in lines.values())
    return Bounds(lines, Bound(left, taken, rest))


def of_all(ranked: Ranked, met: Sequence[int], *, by_step: bool = False) -> list[Bounds]:
    """Return the bounds of all places; `by_step` ranks a wish named earlier before (priority, lot)."""
    held: list[list[tuple[int, int]]] = [[] for _ in ranked.seats]
    step_span = ranked.span if by_step else 0
    for unit, number in enumerate(met):
        if number != NONE:
            step = ranked.choices[unit].index(number)
            held[number].append((ranked.keys[unit][step] + step * step_span, ranked.classes[unit]))
    return [of_place(*place) for place in zip(ranked.seats, ranked.reserves, held, strict=True)]
