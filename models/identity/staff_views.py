"""What is shown of the staff. Plain dicts."""

from typing import Any

from backend import clock, runtime
from backend.store import paging
from models.identity import roles, staff
from models.identity.actors import Staff
from models.identity.staff import StaffMember


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of all members, oldest first."""
    secret = {"password": 0, "totp": 0, "invitation.digest": 0}
    found, following = paging.page(
        StaffMember._get_collection(), {}, sort=("_id", 1), cursor=cursor, limit=limit, projection=secret
    )
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    shown = {
        **_head(found),
        "state": found["state"],
        "state_zh": staff.STATE_ZH[found["state"]],
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    if found.get("invitation"):
        shown["invited_until"] = clock.civil(found["invitation"]["until"]).isoformat(timespec="seconds")
    if seen := [one["last_seen"] for one in found["sessions"]]:
        shown["last_seen"] = clock.civil(max(seen)).isoformat(timespec="seconds")
    return shown


def own(actor: Staff) -> dict[str, Any]:
    """Return the actor's name, roles and operations."""
    operations = sorted(one for one in roles.OPERATIONS if actor.may(one))
    return {**_head(staff.read(actor.staff_id)), "operations": operations}


def _head(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(found["_id"]),
        "login": found["login"],
        "name": runtime.current().sealer.open("staff.name", found["_id"], found["name"]),
        "assignments": [{**vars(one), "role_zh": roles.ROLES[one.role].zh} for one in staff.assignments_of(found)],
    }
