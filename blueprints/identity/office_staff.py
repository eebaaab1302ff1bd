"""The accounts of the staff, kept by the system administrator."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import schemas
from models.identity import invitation, staff_views
from models.identity import staff as rules
from models.identity.actors import Assignment

members = Surface("office staff", __name__, url_prefix="/office/v1", description="工作人员账号")


@members.post("/staff", access=staff("staff.invite"), parameters=[PARAMETER])
@idempotent
@members.arguments(schemas.StaffInviteBody)
@members.answer(201, schemas.StaffInvitationView)
def invite(body: dict[str, Any]) -> dict[str, str]:
    """Make an account; its owner activates it by the one-time link."""
    given = [Assignment(**one) for one in body["assignments"]]
    return _shown(invitation.invite(g.actor, body["login"], body["name"], given))


@members.get("/staff", access=staff("staff.list"))
@members.arguments(schemas.StaffPageQuery, location="query")
@members.answer(200, schemas.StaffMemberList)
def list_staff(query: dict[str, Any]) -> dict[str, Any]:
    """All members of the staff, oldest first."""
    items, following = staff_views.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@members.post("/staff/<member_id>/disable", access=staff("staff.disable"))
@members.response(204)
def disable(member_id: str) -> None:
    """Disable an account and end its sessions at once."""
    rules.disable(g.actor, object_ids.read(member_id))


@members.post("/staff/<member_id>/invitation", access=staff("staff.invite"), parameters=[PARAMETER])
@idempotent
@members.answer(201, schemas.StaffInvitationView)
def invite_again(member_id: str) -> dict[str, str]:
    """Give a member a new link, for a lost phone, a forgotten password or a return; the old credentials end at once."""
    return _shown(invitation.invite_again(g.actor, object_ids.read(member_id)))


def _shown(made: invitation.Invitation) -> dict[str, str]:
    until = clock.civil(made.until).isoformat(timespec="seconds")
    return {"id": str(made.member_id), "link": made.link, "until": until}
