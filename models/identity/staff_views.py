"""What is shown of the staff. Plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.store import paging
from models.identity import roles, staff, staff_scope
from models.identity.actors import Staff
from models.identity.staff import StaffMember


def listed(
    actor: Staff, *, cursor: str | None, limit: int, unit: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the members whom the actor reaches, oldest first; of one unit when given."""
    actor.require("staff.list")
    secret = {"password": 0, "totp": 0, "invitation.digest": 0, "invitation.pin": 0}
    query = staff_scope.query(actor, "staff.list")
    if unit:
        query = {"$and": [query, {"assignments.unit": unit}]}
    found, following = paging.page(
        StaffMember._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=secret
    )
    return [shown(one) for one in found], following


def one(actor: Staff, member_id: ObjectId) -> dict[str, Any]:
    """Return a member.

    Raises:
        NotFound: no such member in reach.
    """
    return shown(staff_scope.read(actor, "staff.list", member_id))


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what an administrator sees of a member."""
    told = {
        **_head(found),
        "state": found["state"],
        "state_zh": staff.STATE_ZH[found["state"]],
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    if found.get("invitation"):
        told["invited_until"] = clock.civil(found["invitation"]["until"]).isoformat(timespec="seconds")
    if seen := [one["last_seen"] for one in found["sessions"]]:
        told["last_seen"] = clock.civil(max(seen)).isoformat(timespec="seconds")
    return told


def own(actor: Staff) -> dict[str, Any]:
    """Return the actor's name, roles and operations, and whether the password must be changed first."""
    operations = sorted(one for one in roles.OPERATIONS if actor.may(one))
    told = {"operations": operations, "password_expired": actor.password_expired}
    return {**_head(staff.read(actor.staff_id)), **told}


def _head(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(found["_id"]),
        "login": found["login"],
        "name": runtime.current().sealer.open("staff.name", found["_id"], found["name"]),
        "assignments": [{**vars(one), "role_zh": roles.ROLES[one.role].zh} for one in staff.assignments_of(found)],
    }
