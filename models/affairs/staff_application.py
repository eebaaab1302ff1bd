"""An application for a staff account: the unit's administrator decides, and a second person where it opens data.

What follows an approval is an invitation, whose link the administrator hands over. The login is noted on the case
before the account is made: who was interrupted in between repeats it with the same login and gets a link.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import Conflict, NotFound, Unprocessable
from models.affairs import case, desks, kind_table, open_case
from models.affairs.case import Move
from models.affairs.case_errors import CaseStateWrong
from models.affairs.handle import audit
from models.affairs.open_case import Matter
from models.audit import access_line
from models.identity import invitation, person, roles, unit
from models.identity.actors import Assignment, Resident, Staff
from models.identity.invitation import Invitation
from models.identity.staff import LoginTaken, StaffMember

KINDS = (kind_table.STAFF_APPLICATION.code, kind_table.SENSITIVE_STAFF_APPLICATION.code)
SENSITIVE = frozenset({"case.read", "fact.read", "person.find"})
"""Whoever may do one of these works with the personal data of residents."""


@dataclass(frozen=True)
class Wish:
    """The role applied for, at a unit and within an area."""

    unit: str
    role: str
    area: str = ""


class RoleNotOpen(Unprocessable):
    """422: nobody applies for this role."""

    code = "role_not_open"
    zh = "该角色不能自行申请,请由系统管理员办理。"
    en = "Nobody applies for this role. Ask the system administrator."

    def __init__(self) -> None:
        super().__init__(fields={"role": [self.zh]})


class AlreadyInvited(Conflict):
    """409: the account of this application was made."""

    code = "already_invited"
    zh = "该申请的账号已经开通;如需新的邀请链接,请在工作人员账号中重新邀请。"
    en = "The account of this application exists. Invite its owner again in the list of staff."


def apply(resident: Resident, wish: Wish, reason: str) -> dict[str, Any]:
    """Open the application of a resident and return it.

    Raises:
        RoleNotOpen: the role is not one that a unit's administrator gives.
        UnitUnknown: there is no such unit.
        AlreadyOpen: an application of theirs is open.
    """
    person_id = open_case.require_person(resident)
    if wish.role not in roles.GRANTABLE["unit_admin"]:
        raise RoleNotOpen
    _require_unit(wish.unit)
    sensitive = not SENSITIVE.isdisjoint(roles.ROLES[wish.role].operations)
    told = kind_table.SENSITIVE_STAFF_APPLICATION if sensitive else kind_table.STAFF_APPLICATION
    matter = Matter(wish.unit, reason, about=vars(wish), once=f"staff:{person_id}")
    return open_case.open_case(open_case.by(resident), told, matter)


def _require_unit(code: str) -> None:
    try:
        known = unit.read(code)
    except NotFound:
        raise unit.UnitUnknown("unit", code) from None
    if known["state"] != "active":
        raise unit.UnitUnknown("unit", code)


def invite(actor: Staff, case_id: ObjectId, login: str) -> Invitation:
    """Make the account of an approved application; return its one-time link.

    Raises:
        NotFound: no such application within the actor's scope.
        CaseStateWrong: it was not approved.
        AlreadyInvited: the account was made.
        LoginTaken: somebody else has this login.
    """
    actor.require("staff.invite")
    noted = case.change(case_id, lambda found: _noted(actor, found, login))
    made = _made(actor, noted, login)
    done = {"result": {**noted["result"], "staff": str(made.member_id)}}

    def finish(found: dict[str, Any]) -> Move | None:
        if found["result"].get("staff"):
            return None
        return Move("invited", actor.key, set=done, told={"unit": actor.unit}, audit=audit(actor, "invited", found))

    case.change(case_id, finish)
    return made


def _noted(actor: Staff, found: dict[str, Any], login: str) -> Move | None:
    desks.reach(actor, "case.handle", found)
    if found["kind"] not in KINDS:
        raise NotFound
    if found["state"] != "closed" or found["decisions"][-1]["outcome"] != "approved":
        raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])
    result = found.get("result", {})
    if result.get("staff"):
        raise AlreadyInvited
    if result.get("login") == login:
        return None
    return Move("inviting", actor.key, set={"result": {"login": login, "at": clock.now()}}, told={"unit": actor.unit})


def _made(actor: Staff, found: dict[str, Any], login: str) -> Invitation:
    access_line.record(
        actor, purpose="case_handling", subjects=[found["person"]], fields=["person.name"], case=found["number"]
    )
    given = [Assignment(found["about"]["role"], found["about"]["unit"], found["about"]["area"])]
    try:
        return invitation.invite(actor, login, person.read(found["person"]).name, given)
    except LoginTaken:
        known = StaffMember._get_collection().find_one({"login": login})
        mine = known is not None and known["created_by"] == actor.key and known["state"] == "invited"
        if known is None or not mine or known["created_at"] < found["result"]["at"]:
            raise
        return invitation.invite_again(actor, known["_id"])
