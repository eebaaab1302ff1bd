"""Login of staff, and one's own sessions."""

from typing import Any

from flask import g, request

from backend import clock
from backend.http.access import ANYONE, staff
from backend.http.limits import strictly
from backend.http.surface import Surface
from blueprints.identity import schemas
from models.identity import login_attempt, own_password, staff_session, staff_views

session = Surface("office session", __name__, url_prefix="/office/v1", description="工作人员登录与会话")
LIMIT_OF_LOGIN = "10/minute"
"""From all addresses together from which the login never succeeded, so that no stranger uses up a member's tries."""
LIMIT_OF_ADDRESS = "60/minute"
"""A unit's staff share one address behind its router."""
OWN = staff("session.own")


@session.post("/login", access=ANYONE)
@session.arguments(schemas.StaffLoginBody)
@session.answer(200, schemas.StaffTokenView)
def log_in(body: dict[str, str]) -> dict[str, Any]:
    """Open a session by login, password and the newest code of the second factor."""
    login, address = body["login"].lower(), request.remote_addr or ""
    strictly(LIMIT_OF_ADDRESS, "staff-login-address", address)
    if login_attempt.is_strange(login, address):
        strictly(LIMIT_OF_LOGIN, "staff-login", login)
    token, until = staff_session.log_in(login, body["password"], body["totp"], address=address)
    idle = int(staff_session.IDLE.total_seconds())
    return {"token": token, "until": clock.civil(until).isoformat(timespec="seconds"), "idle_seconds": idle}


@session.post("/logout", access=OWN)
@session.response(204)
def log_out() -> None:
    """End this session at once."""
    staff_session.log_out(g.actor)


@session.get("/me", access=OWN)
@session.answer(200, schemas.StaffSelfView)
def me() -> dict[str, Any]:
    """One's name, roles and operations."""
    return staff_views.own(g.actor)


@session.get("/sessions", access=OWN)
@session.answer(200, schemas.StaffSessionList)
def list_sessions() -> dict[str, Any]:
    """One's own open sessions."""
    return {"items": staff_session.listed(g.actor), "next": None}


@session.delete("/sessions", access=OWN)
@session.response(204)
def end_all_sessions() -> None:
    """End all of one's sessions, this one too."""
    staff_session.log_out_everywhere(g.actor)


@session.delete("/sessions/<session_id>", access=OWN)
@session.response(204)
def end_session(session_id: str) -> None:
    """End one of one's sessions."""
    staff_session.log_out(g.actor, session_id)


@session.post("/password", access=OWN)
@session.arguments(schemas.StaffPasswordBody)
@session.response(204)
def change_password(body: dict[str, str]) -> None:
    """Change one's password; all other sessions end."""
    own_password.change(g.actor, body["password"], body["new_password"])
