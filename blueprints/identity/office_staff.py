"""The accounts of the staff: the system administrator keeps all, a unit's administrator those of the unit."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import schemas
from blueprints.identity.approval_schemas import ResetBody
from models.identity import invitation, staff_disable, staff_grants, staff_views, totp_reset
from models.identity.actors import Assignment

members = Surface("office staff", __name__, url_prefix="/office/v1", description="工作人员账号")


@members.post("/staff", access=staff("staff.invite"), parameters=[PARAMETER])
@idempotent
@members.arguments(schemas.StaffInviteBody)
@members.answer(201, schemas.StaffInvitationView)
def invite(body: dict[str, Any]) -> dict[str, str]:
    """Make an account; its owner activates it by the one-time link, after an approval where a role is sensitive."""
    given = [Assignment(**one) for one in body["assignments"]]
    return _shown(invitation.invite(g.actor, body["login"], body["name"], given, reason=body["reason"]))


@members.get("/staff", access=staff("staff.list"))
@members.arguments(schemas.StaffQuery, location="query")
@members.answer(200, schemas.StaffMemberList)
def list_staff(query: dict[str, Any]) -> dict[str, Any]:
    """The members of the staff in one's reach, oldest first."""
    items, following = staff_views.listed(
        g.actor, cursor=query.get("cursor"), limit=query["limit"], unit=query.get("unit")
    )
    return {"items": items, "next": following}


@members.get("/staff/<member_id>", access=staff("staff.list"))
@members.answer(200, schemas.StaffMemberView)
def read(member_id: str) -> dict[str, Any]:
    """One member of the staff."""
    return staff_views.one(g.actor, object_ids.read(member_id))


@members.put("/staff/<member_id>/assignments", access=staff("staff.assign"))
@members.arguments(schemas.StaffAssignBody)
@members.answer(200, schemas.StaffAssignedView)
def assign(body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Give a member these roles instead of theirs, at once; a new sensitive role waits for a second person."""
    given = [Assignment(**one) for one in body["assignments"]]
    subject = object_ids.read(member_id)
    waiting = staff_grants.assign(g.actor, subject, given, reason=body["reason"])
    shown = staff_views.one(g.actor, subject)
    return shown | ({"approval_id": str(waiting)} if waiting else {})


@members.post("/staff/<member_id>/disable", access=staff("staff.disable"))
@members.response(204)
def disable(member_id: str) -> None:
    """Disable an account and end its sessions at once."""
    staff_disable.disable(g.actor, object_ids.read(member_id))


@members.post("/staff/<member_id>/invitation", access=staff("staff.invite"), parameters=[PARAMETER])
@idempotent
@members.answer(201, schemas.StaffInvitationView)
def invite_again(member_id: str) -> dict[str, str]:
    """Give a member who never came a new link; the old one ends at once."""
    return _shown(invitation.invite_again(g.actor, object_ids.read(member_id)))


@members.post("/staff/<member_id>/totp-reset", access=staff("staff.reset"), parameters=[PARAMETER])
@idempotent
@members.arguments(ResetBody)
@members.answer(201, schemas.StaffInvitationView)
def reset(body: dict[str, str], member_id: str) -> dict[str, str]:
    """Propose a new start for who lost phone or password, or returns; a security administrator approves it."""
    return _shown(totp_reset.propose(g.actor, object_ids.read(member_id), body["reason"]))


@members.get("/staff/<member_id>/sessions", access=staff("session.end"))
@members.answer(200, schemas.StaffSessionList)
def list_sessions(member_id: str) -> dict[str, Any]:
    """The open sessions of a member."""
    return {"items": staff_disable.sessions_of(g.actor, object_ids.read(member_id)), "next": None}


@members.delete("/staff/<member_id>/sessions", access=staff("session.end"))
@members.response(204)
def end_sessions(member_id: str) -> None:
    """End all sessions of a member at once."""
    staff_disable.end_sessions(g.actor, object_ids.read(member_id))


@members.delete("/staff/<member_id>/sessions/<session_id>", access=staff("session.end"))
@members.response(204)
def end_session(member_id: str, session_id: str) -> None:
    """End one session of a member at once."""
    staff_disable.end_sessions(g.actor, object_ids.read(member_id), session_id)


def _shown(made: invitation.Invitation) -> dict[str, str]:
    until = clock.civil(made.until).isoformat(timespec="seconds")
    waiting = {"approval_id": str(made.approval_id)} if made.approval_id else {}
    return {"id": str(made.member_id), "link": made.link, "until": until, **waiting}
