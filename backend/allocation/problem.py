"""Who wants which places and what the places have: the whole input of a placing, checked, and its outcome."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
"""What pseudonyms, groups, codes and classes are made of, so that published lines need no quoting."""


class ProblemWrong(ValueError):
    """The input is no problem that can be placed; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """One who wants a place, under a pseudonym.

    `choices` are (code of a place, priority there) in the order of wish; a smaller priority is better. `reserve` is the
    class whose reserved seats are meant for this applicant. Who shares a `group` is placed together, or not at all.
    """

    id: str
    choices: tuple[tuple[str, int], ...]
    reserve: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What a place has: its seats, and of these a minimum that is guaranteed to applicants of a class.

    A guarantee is soft: a seat that its class does not need goes to the others.
    """

    code: str
    seats: int
    reserves: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """All applicants and all places.

    Raises:
        ProblemWrong: something stands twice or is unknown, a number is negative, a place guarantees more seats than it
            has, or those of a group differ in choices, priorities or class.
    """

    applicants: tuple[Applicant, ...]
    places: tuple[Place, ...]

    def __post_init__(self) -> None:
        _once((place.code for place in self.places), "place")
        _once((one.id for one in self.applicants), "applicant")
        for place in self.places:
            _check_place(place)
        known = {place.code for place in self.places}
        for one in self.applicants:
            _check_applicant(one, known)
        _check_groups(self.applicants)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where everybody got a place under one mechanism and seed.

    `lots` is the lot that counted for each applicant, `placed` the code of the place ("" for none), both by pseudonym.
    `extra` is, by place, how many further members of groups came with the one who took the seat.
    """

    mechanism: str
    problem: Problem
    seed: str
    lots: Mapping[str, str]
    placed: Mapping[str, str]
    extra: Mapping[str, int]

    def choice(self, applicant: Applicant) -> int:
        """Return the rank of the choice that was met, 1 for the first wish, 0 for none."""
        met = self.placed[applicant.id]
        return next((rank for rank, (code, _) in enumerate(applicant.choices, 1) if code == met), 0)


def _once(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if not PLAIN.fullmatch(name):
            raise ProblemWrong(f"{what} {name!r}: only ASCII letters, digits and ._- may stand there")
        if name in seen:
            raise ProblemWrong(f"{what} {name} stands twice")
        seen.add(name)


def _check_place(place: Place) -> None:
    _once((name for name, _ in place.reserves), f"place {place.code}: class")
    if min([place.seats, *(seats for _, seats in place.reserves)]) < 0:
        raise ProblemWrong(f"place {place.code}: a number of seats is negative")
    if sum(seats for _, seats in place.reserves) > place.seats:
        raise ProblemWrong(f"place {place.code}: more seats are reserved than there are")


def _check_applicant(one: Applicant, known: set[str]) -> None:
    codes = [code for code, _ in one.choices]
    if len(set(codes)) != len(codes):
        raise ProblemWrong(f"applicant {one.id}: a place is chosen twice")
    if not known.issuperset(codes):
        raise ProblemWrong(f"applicant {one.id}: an unknown place is chosen")
    if any(priority < 0 for _, priority in one.choices):
        raise ProblemWrong(f"applicant {one.id}: a priority is negative")
    if not all(PLAIN.fullmatch(name) for name in (one.reserve, one.group) if name):
        raise ProblemWrong(f"applicant {one.id}: class and group are ASCII letters, digits and ._-")


def _check_groups(applicants: Iterable[Applicant]) -> None:
    first: dict[str, Applicant] = {}
    for one in applicants:
        if not one.group:
            continue
        other = first.setdefault(one.group, one)
        if (one.choices, one.reserve) != (other.choices, other.reserve):
            raise ProblemWrong(f"group {one.group}: its members differ in choices, priorities or class")
