"""Sessions of staff: opened by login, password and a code that works once; ended after half an hour of silence."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.errors import NotFound, NotLoggedIn
from backend.store import transactions
from models.audit import entry
from models.identity import login_attempt, opaque_token, own_password, password, roles, second_factor, staff, unit
from models.identity.account import SessionEnded
from models.identity.actors import Staff
from models.identity.staff import StaffMember

log = structlog.get_logger()

LASTS = timedelta(hours=12)
IDLE = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)
"""`last_seen` is written this often at most, so that reading does not write."""
MOST_SESSIONS = 5


class LoginFailed(NotLoggedIn):
    """401: login, password or code is wrong; which one is not told."""

    code = "login_failed"
    zh = "账号、密码或动态口令不正确,请核对后重试;15 分钟内失败 5 次将锁定 15 分钟。"
    en = "Login, password or code is wrong. Five failures within 15 minutes lock the account for 15 minutes."


def log_in(login: str, secret: str, code: str, *, address: str) -> tuple[str, datetime]:
    """Open a session; return its token and when it ends at the latest.

    Raises:
        LoginFailed: login, password or code is wrong, or the code was used.
        LoginLocked: too many failures.
    """
    login_attempt.count(login, address)
    member = staff.active(login)
    right = password.matches(member["password"] if member else None, secret)
    step = _step(member, code)
    if member is None or not right or step is None or not (opened := _open(member, step)):
        known = f"staff:{member['_id']}" if member else "staff:unknown"
        entry.write(entry.line("system:login", "staff.login_failed", known))
        raise LoginFailed
    login_attempt.forget(login, address)
    return opened


def _step(member: dict[str, Any] | None, code: str) -> int | None:
    if member is None:
        return None
    return second_factor.step_of(runtime.current().sealer.open("staff.totp", member["_id"], member["totp"]), code)


def _open(member: dict[str, Any], step: int) -> tuple[str, datetime] | None:
    """Use up the code's step and store the session; None when the code, or a later one, was used before."""
    token, now = opaque_token.make(member["_id"]), clock.now()
    session_id, until = secrets.token_hex(8), now + LASTS
    kept = {"id": session_id, "digest": opaque_token.digest(token), "at": now, "last_seen": now, "until": until}
    key = f"staff:{member['_id']}"
    line = entry.line(key, "staff.login", key, unit=member["assignments"][0]["unit"], session=session_id)
    guard = {"_id": member["_id"], "state": "active", "password": member["password"], "totp_step": {"$lt": step}}
    opened = {"$set": {"totp_step": step}, "$push": {"sessions": {"$each": [kept], "$slice": -MOST_SESSIONS}}}

    def change(session: ClientSession) -> bool:
        if not StaffMember._get_collection().update_one(guard, opened, session=session).matched_count:
            return False
        entry.write(line, session)
        return True

    return (token, until) if transactions.run(change) else None


def authenticate(token: str) -> Staff:
    """Return who holds a session token.

    Raises:
        SessionEnded: unknown, expired, idle for too long, or ended.
    """
    fields = dict.fromkeys(("login", "assignments", "sessions", "password_changed_at", "activated_at"), 1)
    query = {"_id": opaque_token.owner(token), "state": "active"}
    member = StaffMember._get_collection().find_one(query, fields) or {"sessions": []}
    digest, now = opaque_token.digest(token), clock.now()
    for one in member["sessions"]:
        if hmac.compare_digest(one["digest"], digest) and _lives(one, now):
            _seen(member["_id"], one, now)
            return _actor(member, one["id"], now)
    raise SessionEnded


def _actor(member: dict[str, Any], session_id: str, now: datetime) -> Staff:
    given = staff.assignments_of(member)
    below = unit.subtrees(one.unit for one in given if roles.ROLES[one.role].reach == "subtree")
    return Staff(member["_id"], member["login"], session_id, given, below, own_password.expired(member, now))


def _lives(session: dict[str, Any], now: datetime) -> bool:
    return bool(session["until"] > now and session["last_seen"] > now - IDLE)


def _seen(member_id: ObjectId, session: dict[str, Any], now: datetime) -> None:
    if now - session["last_seen"] < NOTED_EVERY:
        return
    guard = {"_id": member_id, "sessions.id": session["id"]}
    StaffMember._get_collection().update_one(guard, {"$set": {"sessions.$.last_seen": now}})


def log_out(actor: Staff, session_id: str | None = None) -> None:
    """End the actor's session, or another one of theirs.

    Raises:
        NotFound: they have no such session.
    """
    ended = session_id or actor.session_id
    guard = {"_id": actor.staff_id, "sessions.id": ended}
    if not StaffMember._get_collection().update_one(guard, {"$pull": {"sessions": {"id": ended}}}).matched_count:
        raise NotFound


def log_out_everywhere(actor: Staff) -> None:
    """End all sessions of the actor."""
    StaffMember._get_collection().update_one({"_id": actor.staff_id}, {"$set": {"sessions": []}})


def listed(actor: Staff) -> list[dict[str, Any]]:
    """Return the actor's sessions that still live, oldest first."""
    return living(staff.read(actor.staff_id), current=actor.session_id)


def living(member: dict[str, Any], *, current: str) -> list[dict[str, Any]]:
    """Return the sessions of a member that still live, oldest first; `current` is the one that asks."""
    now = clock.now()
    return [
        {
            "id": one["id"],
            "current": one["id"] == current,
            **{name: clock.civil(one[name]).isoformat(timespec="seconds") for name in ("at", "last_seen", "until")},
        }
        for one in member["sessions"]
        if _lives(one, now)
    ]
