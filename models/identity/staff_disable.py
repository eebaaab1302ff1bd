"""Taking access away from a member: the account disabled, or sessions ended by an administrator."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import staff, staff_scope, staff_session
from models.identity.actors import Staff
from models.identity.staff import StaffMember
from models.identity.staff_grants import AssignmentsChanged


def disable(actor: Staff, member_id: ObjectId) -> None:
    """Disable a member and end all their sessions; repeating it changes nothing.

    Raises:
        NotFound: no such member in reach.
        OwnAccount: it is the actor.
        LastOne: the last active security administrator.
        AssignmentsChanged: they got other roles meanwhile, which may lie out of reach.
    """
    actor.require("staff.disable")
    if member_id == actor.staff_id:
        raise staff.OwnAccount
    found = staff_scope.read(actor, "staff.disable", member_id)
    line = entry.line(actor.key, "staff.disable", f"staff:{member_id}", unit=found["assignments"][0]["unit"])
    ended = {"$set": {"state": "disabled", "sessions": [], "disabled_at": line["at"]}, "$unset": {"invitation": ""}}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        present = StaffMember._get_collection().find_one({"_id": member_id}, session=session)
        if present is None or present["state"] == "disabled":
            return
        if present["assignments"] != found["assignments"]:
            raise AssignmentsChanged
        if present["state"] == "active" and staff.has_role(present, "security_admin"):
            staff.require_another("security_admin", member_id, line, session)
        StaffMember._get_collection().update_one({"_id": member_id}, ended, session=session)
        entry.write(line, session)

    transactions.run(change)


def sessions_of(actor: Staff, member_id: ObjectId) -> list[dict[str, Any]]:
    """Return a member's sessions that still live, oldest first.

    Raises:
        NotFound: no such member in reach.
    """
    found = staff_scope.read(actor, "session.end", member_id)
    return staff_session.living(found, current=actor.session_id)


def end_sessions(actor: Staff, member_id: ObjectId, session_id: str | None = None) -> None:
    """End one session of a member, or all.

    Raises:
        NotFound: no such member in reach, or they have no such session.
    """
    staff_scope.read(actor, "session.end", member_id)
    which = {"id": session_id} if session_id else {}
    line = entry.line(
        actor.key, "staff.end_sessions", f"staff:{member_id}", unit=actor.unit, session=session_id or "all"
    )
    guard = {"_id": member_id} | ({"sessions.id": session_id} if session_id else {})

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        ended = {"$pull": {"sessions": which}}
        if not StaffMember._get_collection().update_one(guard, ended, session=session).matched_count:
            raise NotFound
        entry.write(line, session)

    transactions.run(change)
