"""Invitations: a one-time link by which a member of the staff sets password and second factor.

accept (password) ──▶ the secret of the second factor, shown once ──▶ confirm (its first code) ──▶ active

A link that was accepted but never confirmed opens nothing more; who lost the secret is invited again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import opaque_token, password, second_factor, staff
from models.identity.actors import Assignment, Staff
from models.identity.staff import StaffMember

LASTS = timedelta(hours=24)
SYSTEM = "system:bootstrap"


@dataclass(frozen=True)
class Invitation:
    """A member and their link; the store keeps only the link's digest."""

    member_id: ObjectId
    link: str
    until: datetime


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs, shown once."""

    secret: str
    uri: str


class AdministratorExists(Conflict):
    """409: there is a first administrator already."""

    code = "administrator_exists"
    zh = "已有系统管理员,请由其登录后邀请其他人员。"
    en = "An administrator exists. They invite everybody else."


class InvitationGone(NotFound):
    """404: no invitation is open under this link."""

    code = "invitation_gone"
    zh = "邀请链接无效、已使用或已超过 24 小时,请联系系统管理员重新邀请。"
    en = "This link is not valid, was used, or is older than 24 hours. Ask the administrator for a new one."


class NotAccepted(Conflict):
    """409: the password comes first."""

    code = "invitation_not_accepted"
    zh = "请先设置密码并绑定动态口令,再提交验证码。"
    en = "Set the password first, then confirm with a code."


class CodeWrong(Unprocessable):
    """422: the code does not belong to the secret that was given out."""

    code = "totp_wrong"
    zh = "动态口令不正确,请核对手机时间后输入最新的 6 位数字。"
    en = "The code is wrong. Check your phone's clock and enter the newest six digits."

    def __init__(self) -> None:
        super().__init__(fields={"totp": [self.zh]})


def bootstrap(login: str, name: str) -> Invitation:
    """Invite the first administrator; two at once give one. A link of theirs that ran out unused is replaced.

    Raises:
        AdministratorExists: there is one, or their link still holds.
    """
    member = staff.record(login, name, [Assignment("system_admin", "")], by=SYSTEM) | {"first_admin": True}
    if _expired_first_admin():
        return _made(member, SYSTEM)
    try:
        return _made(member, SYSTEM)
    except staff.LoginTaken:
        raise AdministratorExists from None


def _expired_first_admin() -> bool:
    """Take away a first administrator who never came; their record held nothing yet."""
    never = {"state": "invited", "activated_at": None, "invitation.until": {"$lte": clock.now()}}
    query = {"first_admin": True, **never}
    return bool(StaffMember._get_collection().delete_one(query).deleted_count)


def invite(actor: Staff, login: str, name: str, assignments: Sequence[Assignment]) -> Invitation:
    """Make an account that its owner activates by the link returned.

    Raises:
        AssignmentsWrong: the roles do not fit together.
        LoginTaken: a member with this login exists.
    """
    actor.require("staff.invite")
    return _made(staff.record(login, name, assignments, by=actor.key), actor.key, actor)


def _made(member: dict[str, Any], by: str, actor: Staff | None = None) -> Invitation:
    invitation, kept = _new(member["_id"])
    given = [one["role"] for one in member["assignments"]]
    line = entry.line(by, "staff.invite", f"staff:{member['_id']}", unit=member["assignments"][0]["unit"], roles=given)

    def change(session: ClientSession) -> None:
        if actor:
            staff.require_acting(actor, line, session)
        StaffMember._get_collection().insert_one(member | {"invitation": kept}, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise staff.LoginTaken(login=member["login"], fields={"login": [member["login"]]}) from None
    return invitation


def invite_again(actor: Staff, member_id: ObjectId) -> Invitation:
    """Give a member a new link: the old one, password, second factor and sessions are void at once.

    Raises:
        NotFound: no such member.
        OwnAccount: it is the actor.
    """
    actor.require("staff.invite")
    if member_id == actor.staff_id:
        raise staff.OwnAccount
    found = staff.read(member_id)
    invitation, kept = _new(member_id)
    unit = found["assignments"][0]["unit"]
    line = entry.line(actor.key, "staff.invite_again", f"staff:{member_id}", unit=unit, was=found["state"])
    reset = {
        "$set": {"state": "invited", "invitation": kept, "sessions": []},
        "$unset": {"password": "", "totp": "", "totp_step": "", "disabled_at": ""},
    }

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        StaffMember._get_collection().update_one({"_id": member_id}, reset, session=session)
        entry.write(line, session)

    transactions.run(change)
    return invitation


def _new(member_id: ObjectId) -> tuple[Invitation, dict[str, Any]]:
    token, until = opaque_token.make(member_id), clock.now() + LASTS
    link = f"{runtime.current().settings.public_base_url}/office/v1/invitations/{token}"
    return Invitation(member_id, link, until), {"digest": opaque_token.digest(token), "until": until}


def _guard(token: str) -> dict[str, Any]:
    return {
        "_id": opaque_token.owner(token),
        "state": "invited",
        "invitation.digest": opaque_token.digest(token),
        "invitation.until": {"$gt": clock.now()},
    }


def read(token: str) -> dict[str, Any]:
    """Return the member whom an open link invites.

    Raises:
        InvitationGone: no invitation is open under it.
    """
    found = StaffMember._get_collection().find_one(_guard(token))
    if found is None:
        raise InvitationGone
    return found


def accept(token: str, chosen: str) -> Enrolment:
    """Set the password, once, and return the secret of the second factor, once.

    Raises:
        InvitationGone: no invitation is open under this link, or it was accepted.
        PasswordWeak: the password would be too easy to guess.
    """
    member = read(token)
    password.require_strong(chosen, member["login"])
    secret = second_factor.new_secret()
    change = {
        "password": password.digest(chosen),
        "totp": runtime.current().sealer.seal("staff.totp", member["_id"], secret),
        "invitation.accepted_at": clock.now(),
    }
    guard = {**_guard(token), "invitation.accepted_at": None}
    if not StaffMember._get_collection().update_one(guard, {"$set": change}).matched_count:
        raise InvitationGone
    return Enrolment(secret, second_factor.enrolment_uri(secret, member["login"]))


def confirm(token: str, code: str) -> None:
    """Activate the account by the first code of its second factor; that code is used up.

    Raises:
        InvitationGone: no invitation is open under this link.
        NotAccepted: no password was set yet.
        CodeWrong: the code is wrong.
    """
    member = read(token)
    if "accepted_at" not in member["invitation"]:
        raise NotAccepted
    step = second_factor.step_of(runtime.current().sealer.open("staff.totp", member["_id"], member["totp"]), code)
    if step is None:
        raise CodeWrong
    guard, key = _guard(token), f"staff:{member['_id']}"
    line = entry.line(key, "staff.activate", key, unit=member["assignments"][0]["unit"])

    def change(session: ClientSession) -> None:
        now_active = {"state": "active", "totp_step": step, "activated_at": line["at"]}
        done = {"$set": now_active, "$unset": {"invitation": ""}}
        if not StaffMember._get_collection().update_one(guard, done, session=session).matched_count:
            raise InvitationGone
        entry.write(line, session)

    transactions.run(change)
