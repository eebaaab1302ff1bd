"""Which members of the staff an administrator reaches, and which roles they may give: delegated administration.

A system administrator reaches everybody. A unit administrator reaches a member only when all of the member's
assignments lie within their own units, area and grantable roles; anybody else is not found.
"""

import re
from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from backend.errors import NotAllowed, NotFound
from models.identity import roles, staff
from models.identity.actors import Assignment, Staff


class GrantOutOfReach(NotAllowed):
    """403: the actor may not give this role, or not there."""

    code = "grant_out_of_reach"
    zh = "您只能在本单位及下级单位、本区划内分配规定的角色,请联系系统管理员。"
    en = "You may give only the listed roles, within your units and area. Ask the system administrator."

    def __init__(self) -> None:
        super().__init__(fields={"assignments": [self.zh]})


def covers(actor: Staff, operation: str, given: Assignment) -> bool:
    """Tell whether one assignment lies within what `operation` of the actor reaches."""
    return any(_within(actor, one, given) for one in actor.giving(operation))


def _within(actor: Staff, own: Assignment, given: Assignment) -> bool:
    units = actor.units_of(own)
    near = units is None or given.unit in units
    return near and given.area.startswith(own.area) and given.role in _grantable(own)


def _grantable(own: Assignment) -> frozenset[str]:
    return roles.GRANTABLE.get(own.role, frozenset(roles.ROLES))


def require_grantable(actor: Staff, operation: str, assignments: Sequence[Assignment]) -> None:
    """Check that the actor may give all of these assignments.

    Raises:
        NotAllowed: no role of the actor holds `operation`.
        GrantOutOfReach: one lies outside.
    """
    actor.require(operation)
    if not all(covers(actor, operation, one) for one in assignments):
        raise GrantOutOfReach


def read(actor: Staff, operation: str, member_id: ObjectId) -> dict[str, Any]:
    """Return a member whom `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds `operation`.
        NotFound: no such member, or out of reach.
    """
    actor.require(operation)
    found = staff.read(member_id)
    if not all(covers(actor, operation, one) for one in staff.assignments_of(found)):
        raise NotFound
    return found


def query(actor: Staff, operation: str) -> dict[str, Any]:
    """Return the query of all members whom `operation` of the actor reaches, the actor's own account left out of it."""
    giving = actor.giving(operation)
    if any(roles.ROLES[one.role].reach == "county" and not one.area for one in giving):
        return {}
    within = [_pattern(actor, one) for one in giving]
    units = sorted(actor.units_for(operation) or ())
    outside = {"assignments": {"$not": {"$elemMatch": {"$nor": within}}}}
    return outside | ({"assignments.unit": {"$in": units}} if units else {"_id": {"$exists": True}})


def _pattern(actor: Staff, own: Assignment) -> dict[str, Any]:
    units = actor.units_of(own)
    told: dict[str, Any] = {"role": {"$in": sorted(_grantable(own))}, "area": {"$regex": f"^{re.escape(own.area)}"}}
    return told | ({} if units is None else {"unit": {"$in": sorted(units)}})
