"""Kinds of cases as data: steps and their outcomes, clocks with stop reasons, escalation, appeal.

Steps follow one another; what runs side by side are cases of their own. A running case keeps the version of its kind,
so a changed kind is a new version and never an edit. Every reader goes through `read` and `newest`, which know the
kinds of the program (`put`) and those of the published service items.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from models.identity import roles

Counted = Literal["working", "calendar"]
END = ""
"""Where an outcome leads that decides the case."""


@dataclass(frozen=True)
class Limit:
    """So many working or calendar days."""

    days: int
    counted: Counted = "working"


@dataclass(frozen=True)
class Outcome:
    """One way out of a step: to the step `to`, or to the decision. `carry_out` names what follows a final decision."""

    code: str
    zh: str
    to: str = END
    carry_out: str = ""


@dataclass(frozen=True)
class Step:
    """A piece of work for a role at a unit: `unit` is fixed, or empty for the case's own.

    With `by_area` it is the town's of the case's area, where there is one. With `another_person` nobody may take it who
    took another step of the same case, nor take another step after it.
    """

    code: str
    zh: str
    role: str
    limit: Limit
    outcomes: tuple[Outcome, ...]
    unit: str = ""
    another_person: bool = False
    by_area: bool = False


@dataclass(frozen=True)
class Stop:
    """A reason for which the clocks stand still, for `longest` at most, then the work goes on by itself.

    `asks` says that the applicant's answer ends it; `once` that a case may stop for it one time only. `carry_out` names
    what follows the stop.
    """

    code: str
    zh: str
    longest: Limit
    asks: bool = False
    once: bool = False
    carry_out: str = ""


@dataclass(frozen=True)
class Level:
    """So many working days after the due time a role of the same unit, or of the county, gets the work as well."""

    after: int
    role: str


@dataclass(frozen=True)
class Appeal:
    """Within `limit` of the decision the applicant may appeal, once, to the step `step`."""

    limit: Limit
    step: str


@dataclass(frozen=True)
class Kind:
    """`limit` is the total clock, from `law`; `remind` is how many working days before a due time the handler is told.

    `settles` names what changes together with each decision, withdrawal and appeal. `settled_at_zh` says where the
    steps are settled by a rule of their own; nobody decides such a case by itself then. `blind` that a later step does
    not see what an earlier one decided until the case is over.
    """

    code: str
    version: int
    zh: str
    prefix: str
    law: str
    limit: Limit
    steps: tuple[Step, ...]
    stops: tuple[Stop, ...]
    remind: int
    levels: tuple[Level, ...]
    appeal: Appeal | None
    settles: str = ""
    settled_at_zh: str = ""
    blind: bool = False

    def step(self, code: str) -> Step:
        """Return a step."""
        return next(one for one in self.steps if one.code == code)

    def stop(self, code: str) -> Stop | None:
        """Return a stop reason, None where the kind has none such."""
        return next((one for one in self.stops if one.code == code), None)


_table: dict[tuple[str, int], Kind] = {}
_newest: dict[str, Kind] = {}


def put(told: Kind) -> Kind:
    """Add a version of a kind.

    Raises:
        ValueError: a case of it could get stuck, with the reasons.
    """
    if wrong := problems(told):
        raise ValueError(told.code, wrong)
    _table[told.code, told.version] = told
    if told.version >= _newest.get(told.code, told).version:
        _newest[told.code] = told
    return told


class Kept(Protocol):
    """Where kinds are kept that are no part of the program."""

    def read(self, code: str, version: int) -> Kind:
        """Return a version that is or was in use; raise NotFound for any other."""

    def newest(self, code: str) -> Kind:
        """Return the version in use; raise NotFound where there is none."""


_kept: list[Kept] = []


def kept_as_data(kept: Kept) -> None:
    """Let `read` and `newest` look here for kinds that are no part of the program."""
    _kept[:] = [kept]


def is_literal(code: str) -> bool:
    """Tell whether a kind is part of the program."""
    return code in _newest


def read(code: str, version: int) -> Kind:
    """Return the version of a kind that a case is bound to.

    Raises:
        NotFound: there is none.
    """
    found = _table.get((code, version))
    return found or _kept[0].read(code, version)


def newest(code: str) -> Kind:
    """Return the version of a kind that a case opened today gets.

    Raises:
        NotFound: there is none.
    """
    return _newest.get(code) or _kept[0].newest(code)


def every() -> list[Kind]:
    """Return the newest version of each kind of the program."""
    return [_newest[code] for code in sorted(_newest)]


def problems(told: Kind) -> list[str]:
    """Return what would leave a case of this kind stuck or out of everybody's reach, empty when nothing would."""
    codes = {one.code for one in told.steps}
    starts = [told.steps[0].code, *([told.appeal.step] if told.appeal else [])]
    found = [f"step {start} is missing" for start in starts if start not in codes]
    found += [
        f"{one.code} leads to {out.to}" for one in told.steps for out in one.outcomes if out.to not in codes | {END}
    ]
    if found:
        return found
    found += [f"{code} is never reached" for code in codes - _reached(told, starts)]
    found += [f"{code} never ends" for code in codes - _ending(told)]
    workers = [one.role for one in told.steps] + [one.role for one in told.levels]
    found += [f"{role} handles no cases" for role in workers if not _handles(role)]
    last = roles.ROLES.get(told.levels[-1].role) if told.levels else None
    if last is None or last.reach != "county":
        found.append("escalation ends within one unit")
    limits = [told.limit, *(one.limit for one in told.steps), *(one.longest for one in told.stops)]
    found += ["a clock without time" for limit in limits if limit.days < 1]
    return found


def _handles(role: str) -> bool:
    return role in roles.ROLES and {"case.inbox", "case.read", "case.handle"} <= roles.ROLES[role].operations


def _reached(told: Kind, starts: list[str]) -> set[str]:
    reached, left = set(), list(starts)
    while left:
        code = left.pop()
        if code not in reached and code != END:
            reached.add(code)
            left += [out.to for out in told.step(code).outcomes]
    return reached


def _ending(told: Kind) -> set[str]:
    ending: set[str] = set()
    while more := {
        one.code
        for one in told.steps
        if one.code not in ending and any(out.to == END or out.to in ending for out in one.outcomes)
    }:
        ending |= more
    return ending
