"""Problems to be placed: strategies of small ones for hypothesis, and random ones of any size from a seed."""

import random
from itertools import count, permutations

from hypothesis import strategies as st

from backend.allocation.problem import Applicant, Place, Problem


def build(rng, units, places, *, most=5, tiers=3, twins=0.15, reserved=True):
    """Return a random problem: contested places, some with guarantees, some groups of two or three."""
    codes = [f"S{number:02}" for number in range(places)]
    seats = max(units * 9 // (places * 10), 1)
    offered = [_place(rng, code, max(seats + rng.randint(-1, 1), 0), tiers if reserved else 0) for code in codes]
    numbers, applicants = count(), []
    for unit in range(units):
        wished = rng.sample(codes, rng.randint(0 if rng.random() < 0.1 else 1, min(most, places)))
        choices = tuple((code, rng.randint(1, tiers)) for code in wished)
        size = rng.randint(2, 3) if rng.random() < twins else 1
        own = rng.choice(["", *map(str, range(1, tiers + 1))])
        group = f"g{unit}" if size > 1 else ""
        applicants += [Applicant(f"p{next(numbers) * 7919 % 100003:05}", choices, own, group) for _ in range(size)]
    return Problem(tuple(applicants), tuple(offered))


def _place(rng, code, seats, tiers):
    left, reserves = seats, []
    for tier in range(1, tiers + 1):
        if left and rng.random() < 0.5:
            some = rng.randint(0, left)
            reserves.append((str(tier), some))
            left -= some
    return Place(code, seats, tuple(reserves))


@st.composite
def problems(draw, units=8, places=4, most=3):
    """Small problems of every kind, contested ones: drawn numbers of units and places would mostly be ones."""
    rng = random.Random(draw(st.integers(0, 2**64)))
    return build(
        rng,
        rng.randint(max(units // 3, 1), units),
        rng.randint(min(2, places), places),
        most=most,
        tiers=rng.randint(1, 3),
        twins=rng.choice([0, 0.3]),
        reserved=rng.random() < 0.7,
    )


def told_otherwise(problem, applicant):
    """Yield the problem as it would be if this applicant, with its group, named other wishes: all of them."""
    together = {
        one.id for one in problem.applicants if one.id == applicant.id or (one.group and one.group == applicant.group)
    }
    for length in range(len(applicant.choices) + 1):
        for choices in permutations(applicant.choices, length):
            changed = (
                Applicant(one.id, choices, one.reserve, one.group) if one.id in together else one
                for one in problem.applicants
            )
            yield Problem(tuple(changed), problem.places)


def gains(place, problem, applicant):
    """Tell by trying everything whether an applicant gets a place that it wants more by naming other wishes."""
    wanted = [code for code, _ in applicant.choices]
    value = {code: -rank for rank, code in enumerate(wanted)} | {"": -len(wanted)}
    truth = value[place(problem).placed[applicant.id]]
    return any(value[place(other).placed[applicant.id]] > truth for other in told_otherwise(problem, applicant))
