"""Desks: role@unit/area, the places where cases lie. What an actor sees and may take on follows from theirs.

A case lies on the desks of its own area and of every area above it, so that a clerk of a town finds it by equality.
A role of the whole county has one desk, whatever unit its members belong to.
"""

from collections.abc import Iterable
from typing import Any

from backend.errors import NotFound
from models.identity import roles
from models.identity.actors import Assignment, Staff

_LENGTHS = (6, 9, 12)
"""Digits of a division code: county, town, village."""
SUPERVISED = ("counter_clerk", "case_handler", "case_supervisor")


def desk(role: str, unit: str) -> str:
    """Return the desk of a role at a unit."""
    return f"{role}@{'' if roles.ROLES[role].reach == 'county' else unit}"


def within(role: str, unit: str, area: str) -> list[str]:
    """Return where a case of `area` lies for a role at a unit."""
    areas = ["", *(area[:length] for length in _LENGTHS if len(area) >= length)]
    return [f"{desk(role, unit)}/{one}" for one in areas]


def of(assignments: Iterable[Assignment]) -> list[str]:
    """Return the desks of these assignments that handle cases."""
    return [f"{desk(one.role, one.unit)}/{one.area}" for one in _with("case.handle", assignments)]


def supervised(actor: Staff) -> list[str]:
    """Return the desks that the actor supervises besides their own: those of the clerks of their units."""
    near = [one for one in _with("case.supervise", actor.assignments) if roles.ROLES[one.role].reach != "county"]
    return [f"{desk(role, one.unit)}/{one.area}" for one in near for role in SUPERVISED]


def sits_at(actor: Staff, found: dict[str, Any]) -> bool:
    """Tell whether the present work of a case lies on one of the actor's desks."""
    return bool(found.get("work")) and not set(of(actor.assignments)).isdisjoint(found["work"]["desks"])


def reach(actor: Staff, operation: str, found: dict[str, Any]) -> None:
    """Check that `operation` of the actor reaches a case: it lies or lay on their desk, or they supervise it.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: the case is outside their scope.
    """
    actor.require(operation)
    if not reaches(actor, operation, found):
        raise NotFound


def reaches(actor: Staff, operation: str, found: dict[str, Any]) -> bool:
    """Tell whether a role that holds `operation` brings the actor to a case."""
    return any(_covers(actor, one, found) for one in _with(operation, actor.assignments))


def _with(operation: str, assignments: Iterable[Assignment]) -> list[Assignment]:
    return [one for one in assignments if operation in roles.ROLES[one.role].operations]


def _covers(actor: Staff, one: Assignment, found: dict[str, Any]) -> bool:
    if not found.get("area", "").startswith(one.area):
        return False
    if desk(one.role, one.unit) in found["desks"]:
        return True
    if "case.supervise" not in roles.ROLES[one.role].operations:
        return False
    units = actor.units_of(one)
    known = [known.partition("@") for known in found["desks"]]
    return units is None or any(role in SUPERVISED and unit in units for role, _, unit in known)
