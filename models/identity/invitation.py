"""Invitations: a one-time link by which a member of the staff sets password and second factor.

accept (password) ──▶ the secret of the second factor, shown once ──▶ confirm (its first code) ──▶ active

A link that was accepted but never confirmed opens nothing more; who lost the secret is invited again.

Where two administrators are needed (a sensitive role, a reset), the one who proposes gets the link, the one who
approves a PIN: only the member, who is handed both, can use them.
"""

import hmac
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
from models.identity import (
    approval,
    opaque_token,
    password,
    roles,
    second_factor,
    staff,
    staff_grants,
    staff_scope,
    unit,
)
from models.identity.actors import Assignment, Staff
from models.identity.staff import StaffMember

LASTS = timedelta(hours=24)
SYSTEM = "system:bootstrap"
FIRST = {"system_admin": "first_admin", "security_admin": "first_security_admin"}


@dataclass(frozen=True)
class Invitation:
    """A member and their link; the store keeps only the link's digest.

    While a proposal is open the link opens nothing; it wants a PIN then, and works for a day from the approval.
    """

    member_id: ObjectId
    link: str
    until: datetime
    approval_id: ObjectId | None = None


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs, shown once."""

    secret: str
    uri: str


class AdministratorExists(Conflict):
    """409: there is a first administrator already."""

    code = "administrator_exists"
    zh = "已有{role_zh},请由其登录后办理其他人员。"
    en = "There is a first administrator of this kind. They invite everybody else."


class SecondPersonNeeded(Conflict):
    """409: whoever used an account gets back in by two administrators only."""

    code = "second_person_needed"
    zh = "该账号启用过或有敏感角色,请发起动态口令重置,由安全管理员审批。"
    en = "This account was in use, or has a sensitive role. Propose a reset; a security administrator approves it."


class PinWrong(Unprocessable):
    """422: the PIN is not the one that the approving administrator was told."""

    code = "pin_wrong"
    zh = "口令码不正确,请向审批的安全管理员核对 10 位口令码。"
    en = "The PIN is wrong. Ask the administrator who approved for the ten characters."

    def __init__(self) -> None:
        super().__init__(fields={"pin": [self.zh]})


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


def bootstrap(login: str, name: str, role: str = "system_admin") -> Invitation:
    """Invite the first system or security administrator; two at once give one. A link that ran out unused is replaced.

    Only the operator at the server does this, once for each: from there on the two need each other.

    Raises:
        AdministratorExists: there is one, or their link still holds.
    """
    mark = FIRST[role]
    member = staff.record(login, name, [Assignment(role, "")], by=SYSTEM) | {mark: True}
    _forget_who_never_came(mark)
    try:
        return _made(member, SYSTEM)
    except staff.LoginTaken:
        raise AdministratorExists(role_zh=roles.ROLES[role].zh) from None


def _forget_who_never_came(mark: str) -> None:
    """Take away a first administrator whose link ran out unused; their record held nothing yet."""
    never = {"state": "invited", "activated_at": None, "invitation.until": {"$lte": clock.now()}}
    StaffMember._get_collection().delete_one({mark: True, **never})


def invite(actor: Staff, login: str, name: str, assignments: Sequence[Assignment], *, reason: str = "") -> Invitation:
    """Make an account that its owner activates by the link returned; a sensitive role waits for a second person.

    Raises:
        AssignmentsWrong, UnitUnknown: the roles do not fit together, or their unit is not there.
        GrantOutOfReach: the actor may not give them.
        LoginTaken: a member with this login exists.
    """
    staff_scope.require_grantable(actor, "staff.invite", assignments)
    member = staff.record(login, name, assignments, by=actor.key)
    if not staff_grants.sensitive(assignments):
        return _made(member, actor.key, actor)
    told = member["assignments"]
    waiting = staff_grants.proposal(actor, member["_id"], reason=reason, before=told, after=told)
    return _made(member | {"state": "proposed"}, actor.key, actor, waiting)


def _made(
    member: dict[str, Any], by: str, actor: Staff | None = None, waiting: dict[str, Any] | None = None
) -> Invitation:
    invitation, kept = _new(member["_id"], waiting)
    if waiting:
        waiting |= {"link": kept["digest"]}
    given = staff.assignments_of(member)
    wanted = [one.role for one in given]
    line = entry.line(by, "staff.invite", f"staff:{member['_id']}", unit=given[0].unit, roles=wanted)

    def change(session: ClientSession) -> None:
        if actor:
            staff.require_acting(actor, line, session)
        unit.hold(staff.units_named(given), session)
        StaffMember._get_collection().insert_one(member | {"invitation": kept}, session=session)
        entry.write(line, session)
        if actor and waiting:
            approval.store(actor, waiting, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise staff.LoginTaken(login=member["login"], fields={"login": [member["login"]]}) from None
    return invitation


def invite_again(actor: Staff, member_id: ObjectId) -> Invitation:
    """Give a member who never came a new link; the old one is void at once.

    Raises:
        NotFound: no such member in reach.
        OwnAccount: it is the actor.
        SecondPersonNeeded: the account was in use, or came to an end with a sensitive role.
        UnitUnknown: their unit was closed meanwhile.
    """
    actor.require("staff.invite")
    if member_id == actor.staff_id:
        raise staff.OwnAccount
    found = staff_scope.read(actor, "staff.invite", member_id)
    ended = found["state"] == "disabled"
    if found.get("activated_at") or (ended and staff_grants.sensitive(staff.assignments_of(found))):
        raise SecondPersonNeeded
    invitation, kept = _new(member_id)
    if "pin" in found.get("invitation", {}):
        kept["pin"] = found["invitation"]["pin"]
    to = "proposed" if found["state"] == "proposed" else "invited"
    line = entry.line(actor.key, "staff.invite_again", f"staff:{member_id}", unit=actor.unit, was=found["state"])
    renewed = {
        "$set": {"state": to, "invitation": kept},
        "$unset": {"password": "", "totp": "", "totp_step": "", "disabled_at": ""},
    }
    guard = {"_id": member_id, "state": found["state"], "activated_at": None, "assignments": found["assignments"]}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        unit.hold(staff.units_named(staff.assignments_of(found)), session)
        if not StaffMember._get_collection().update_one(guard, renewed, session=session).matched_count:
            raise SecondPersonNeeded
        entry.write(line, session)

    transactions.run(change)
    return invitation


def link_for(member_id: ObjectId, waiting: dict[str, Any]) -> Invitation:
    """Make a link that an open proposal carries, and opens nothing before its approval."""
    invitation, kept = _new(member_id, waiting)
    waiting |= {"link": kept["digest"]}
    return invitation


def _new(member_id: ObjectId, waiting: dict[str, Any] | None = None) -> tuple[Invitation, dict[str, Any]]:
    token = opaque_token.make(member_id)
    until = waiting["expires_at"] if waiting else clock.now() + LASTS
    link = f"{runtime.current().settings.public_base_url}/office/v1/invitations/{token}"
    made = Invitation(member_id, link, until, waiting["_id"] if waiting else None)
    return made, {"digest": opaque_token.digest(token), "until": until}


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


def accept(token: str, chosen: str, pin: str = "") -> Enrolment:
    """Set the password, once, and return the secret of the second factor, once.

    Raises:
        InvitationGone: no invitation is open under this link, or it was accepted.
        PinWrong: two administrators opened it, and this is not the PIN that the second one was told.
        PasswordWeak: the password would be too easy to guess.
    """
    member = read(token)
    wanted = member["invitation"].get("pin")
    if wanted and not hmac.compare_digest(wanted, approval.pin_digest(pin)):
        raise PinWrong
    password.require_strong(chosen, member["login"])
    secret = second_factor.new_secret()
    change = {
        "password": password.digest(chosen),
        "totp": runtime.current().sealer.seal("staff.totp", member["_id"], secret),
        "password_changed_at": clock.now(),
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
