"""Immediate acceptance, printed by many offices as first wishes first: what a step has given is given for good.

Step k looks at the k-th wish of everybody who is still free, and each place takes them by (priority, lot) while it has
seats. Guarantees bind within a step: those of the class take its seats first, and what they leave goes to the others of
the same step, so that a place turns nobody away while it has a seat.
"""

from backend.allocation.problem import Outcome, Problem
from backend.allocation.ranked import NONE, Ranked, rank

NAME = "immediate_acceptance"


def place(problem: Problem, seed: str) -> Outcome:
    """Return the outcome under immediate acceptance with the lots of this seed."""
    ranked = rank(problem, seed)
    return ranked.outcome(NAME, met(ranked))


def met(ranked: Ranked) -> list[int]:
    """Return the number of the place by unit, NONE for who is left over."""
    found = [NONE] * len(ranked.units)
    rooms = [
        {NONE: seats - sum(reserves.values()), **reserves}
        for seats, reserves in zip(ranked.seats, ranked.reserves, strict=True)
    ]
    for step in range(max(map(len, ranked.choices), default=0)):
        asked: list[list[int]] = [[] for _ in ranked.seats]
        for unit, choices in enumerate(ranked.choices):
            if found[unit] == NONE and step < len(choices):
                asked[choices[step]].append(ranked.keys[unit][step])
        for number, keys in enumerate(asked):
            for unit in _taken(ranked, rooms[number], keys):
                found[unit] = number
    return found


def _taken(ranked: Ranked, room: dict[int, int], keys: list[int]) -> list[int]:
    """Return who gets a seat of a place in one step, and take the seats out of its room."""
    taken, rest, count = [], [], len(ranked.units)
    for key in sorted(keys):
        unit = key % count
        own = ranked.classes[unit]
        if own != NONE and room.get(own, 0):
            room[own] -= 1
            taken.append(unit)
        else:
            rest.append(unit)
    for part in room:
        some = rest[: room[part]]
        room[part] -= len(some)
        taken += some
        rest = rest[len(some) :]
    return taken
