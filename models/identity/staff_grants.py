"""Roles of a member, given and taken: at once, or, for sensitive ones, when a second person has agreed."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.audit import entry
from models.identity import approval, roles, staff, staff_scope, unit
from models.identity.actors import Assignment, Staff
from models.identity.staff import StaffMember
from models.identity.unit import UnitUnknown

SECURITY = "security_admin"


class AssignmentsChanged(Conflict):
    """409: somebody else changed the roles at the same time."""

    code = "assignments_changed"
    zh = "该账号的角色刚被他人修改或账号已停用,请刷新后再办理。"
    en = "Somebody changed these roles a moment ago, or the account was disabled. Refresh and try again."


class NotActivatedYet(Conflict):
    """409: whoever holds the link of an invitation would get the sensitive role with it."""

    code = "account_not_activated"
    zh = "该账号尚未激活,不能先授予敏感角色;请在本人激活后再办理,或停用后以该角色重新邀请。"
    en = "This account was not activated. Give a sensitive role once its owner has come, or invite them with it."


def sensitive(assignments: Sequence[Assignment]) -> bool:
    """Tell whether a second person must agree to these."""
    return any(one.role in roles.SENSITIVE for one in assignments)


def proposal(actor: Staff, member_id: ObjectId, *, reason: str, **details: Any) -> dict[str, Any]:
    """Return the proposal of sensitive roles of a member, not stored yet."""
    made = ObjectId()
    return approval.record(
        actor,
        "sensitive_grant",
        f"staff:{member_id}",
        reason=reason,
        approval_id=made,
        member=member_id,
        effect=outbox.entry("trust", "staff.apply_grant", approval=str(made)),
        otherwise=outbox.entry("trust", "staff.drop_grant", approval=str(made)),
        details=details,
    )


def assign(
    actor: Staff, member_id: ObjectId, assignments: Sequence[Assignment], *, reason: str = ""
) -> ObjectId | None:
    """Give a member these roles instead of theirs, at once; return the proposal's id when a second person must agree.

    Raises:
        NotFound: no such member in reach.
        OwnAccount: it is the actor.
        GrantOutOfReach, AssignmentsWrong, UnitUnknown: these roles cannot be given.
        NotActivatedYet: a sensitive role for who has not come yet, by a link that one person alone made.
        LastOne: nobody would be left to approve.
        AssignmentsChanged: somebody else changed them meanwhile.
    """
    found = staff_scope.read(actor, "staff.assign", member_id)
    if member_id == actor.staff_id:
        raise staff.OwnAccount
    staff_scope.require_grantable(actor, "staff.assign", assignments)
    staff.require_assignable(assignments)
    before, after = found["assignments"], [vars(one) for one in assignments]
    if found["state"] not in {"invited", "active"}:
        raise AssignmentsChanged
    if after == before:
        return None
    if sensitive([one for one in assignments if vars(one) not in before]):
        if found["state"] == "invited" and "pin" not in found["invitation"]:
            raise NotActivatedYet
        return _propose(actor, found, assignments, reason)
    line = entry.line(actor.key, "staff.assign", f"staff:{member_id}", unit=actor.unit, before=before, after=after)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        unit.hold(staff.units_named(assignments), session)
        if not _replace(found, after, line, session):
            raise AssignmentsChanged

    transactions.run(change)
    return None


def _replace(found: dict[str, Any], after: list[dict[str, str]], line: dict[str, Any], session: ClientSession) -> bool:
    if (
        staff.has_role(found, SECURITY)
        and found["state"] == "active"
        and SECURITY not in {one["role"] for one in after}
    ):
        staff.require_another(SECURITY, found["_id"], line, session)
    guard = {"_id": found["_id"], "assignments": found["assignments"], "state": {"$in": ["invited", "active"]}}
    change = {"$set": {"assignments": after}}
    if not StaffMember._get_collection().update_one(guard, change, session=session).matched_count:
        return False
    entry.write(line, session)
    return True


def _propose(actor: Staff, found: dict[str, Any], assignments: Sequence[Assignment], reason: str) -> ObjectId:
    after = [vars(one) for one in assignments]
    made = proposal(actor, found["_id"], reason=reason, before=found["assignments"], after=after)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, {"at": made["proposed_at"]}, session)
        unit.hold(staff.units_named(assignments), session)
        approval.store(actor, made, session)

    transactions.run(change)
    return ObjectId(made["_id"])


def apply(approval_id: ObjectId) -> None:
    """Carry out an approved proposal, once; when the member or a unit changed meanwhile, it is superseded."""
    found = approval.read(approval_id)
    now, told = clock.now(), found["details"]
    by = f"staff:{found['decided_by']}"
    line = entry.line(
        by, "staff.assign", found["about"], unit=found["unit"], approval=str(approval_id), after=told["after"]
    )
    assignments = [Assignment(**one) for one in told["after"]]

    def change(session: ClientSession) -> None:
        if not approval.finish(approval_id, "done", session):
            return
        unit.hold(staff.units_named(assignments), session)
        member = StaffMember._get_collection().find_one({"_id": found["member"]}, session=session) or {}
        if member.get("assignments") != told["before"]:
            raise AssignmentsChanged
        if member["state"] == "proposed":
            opened = {"state": "invited", "invitation.pin": found["pin"], "invitation.until": now + approval.LINK_LASTS}
            StaffMember._get_collection().update_one({"_id": member["_id"]}, {"$set": opened}, session=session)
            entry.write(line, session)
        elif not _replace(member, told["after"], line, session):
            raise AssignmentsChanged

    try:
        transactions.run(change)
    except (AssignmentsChanged, UnitUnknown, staff.LastOne):
        approval.finish(approval_id, "superseded")


def drop(approval_id: ObjectId) -> None:
    """End the account that was waiting for a proposal which was refused, withdrawn or ran out."""
    found = approval.read(approval_id)
    guard = {"_id": found["member"], "state": "proposed"}
    ended = {"$set": {"state": "disabled", "disabled_at": clock.now()}, "$unset": {"invitation": ""}}
    StaffMember._get_collection().update_one(guard, ended)
