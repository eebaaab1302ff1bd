"""A member of the staff: login, password, second factor, roles, sessions.

    invited ──confirm──▶ active ──disable──▶ disabled
       ▲ └────────────── disable ──────────────▲ │
       └──────────── invite again ─────────────┴─┘

One document holds all of it, so that a request needs one read to know who asks and what they may do.
"""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import actors, roles
from models.identity.account import SessionEnded

STATES = ("invited", "active", "disabled")
STATE_ZH = {"invited": "待激活", "active": "正常", "disabled": "已停用"}


class StaffMember(Document):
    """`totp_step` is the last time step whose code was used; `first_admin` marks the one that bootstrap made."""

    meta = {
        "collection": "staff",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["login"], "unique": True},
            {"fields": ["first_admin"], "unique": True, "sparse": True},
        ],
    }
    login = StringField(required=True)
    name = BinaryField(required=True)
    password = StringField()
    totp = BinaryField()
    totp_step = IntField()
    state = StringField(choices=STATES, required=True)
    assignments = ListField(DictField())
    sessions = ListField(DictField())
    invitation = DictField()
    first_admin = BooleanField()
    created_by = StringField(required=True)
    created_at = DateTimeField(required=True)
    activated_at = DateTimeField()
    disabled_at = DateTimeField()
    acted_at = DateTimeField()


class LoginTaken(Conflict):
    """409: a member with this login exists."""

    code = "login_taken"
    zh = "账号名 {login} 已被使用,请换一个。"
    en = "The login {login} is taken. Choose another one."


class AssignmentsWrong(Unprocessable):
    """422: these roles cannot be given together, or lack their unit."""

    code = "assignments_wrong"
    zh = "角色分配有误:系统管理员、审计员不能兼任其他角色,景区管理员和检票员必须指定单位。"
    en = "Administrator and auditor take no other role, and the roles of a unit name their unit."

    def __init__(self) -> None:
        super().__init__(fields={"assignments": [self.zh]})


class OwnAccount(Conflict):
    """409: nobody does this to their own account."""

    code = "own_account"
    zh = "不能对自己的账号进行此操作,请由另一位系统管理员办理。"
    en = "You cannot do this to your own account. Ask another administrator."


def require_assignable(assignments: Sequence[actors.Assignment]) -> None:
    """Check the roles of a member: administrators stand alone, a unit's role names its unit.

    Raises:
        AssignmentsWrong: they do not fit together.
    """
    given = {one.role for one in assignments}
    mixed = len(given) > 1 and given & roles.ALONE
    lacking = any(roles.ROLES[one.role].reach == "unit" and not one.unit for one in assignments)
    if not given or mixed or lacking:
        raise AssignmentsWrong


def record(login: str, name: str, assignments: Sequence[actors.Assignment], *, by: str) -> dict[str, Any]:
    """Return the document of a new member, not stored yet."""
    require_assignable(assignments)
    member_id = ObjectId()
    return {
        "_id": member_id,
        "login": login,
        "name": runtime.current().sealer.seal("staff.name", member_id, name),
        "state": "invited",
        "assignments": [vars(one) for one in assignments],
        "sessions": [],
        "created_by": by,
        "created_at": clock.now(),
    }


def read(member_id: ObjectId) -> dict[str, Any]:
    """Return a member.

    Raises:
        NotFound: no such member.
    """
    found = StaffMember._get_collection().find_one({"_id": member_id})
    if found is None:
        raise NotFound
    return found


def active(login: str) -> dict[str, Any] | None:
    """Return the member who may log in as `login`, None when nobody may."""
    return StaffMember._get_collection().find_one({"login": login, "state": "active"})


def assignments_of(found: dict[str, Any]) -> tuple[actors.Assignment, ...]:
    """Return the roles of a member as values."""
    return tuple(actors.Assignment(**one) for one in found["assignments"])


def require_acting(actor: actors.Staff, line: dict[str, Any], session: ClientSession) -> None:
    """Check inside a transaction that the actor is still active; it writes them, so two who end each other collide.

    Since nobody acts on their own account, one active administrator always remains.

    Raises:
        SessionEnded: the actor was disabled meanwhile.
    """
    guard = {"_id": actor.staff_id, "state": "active"}
    change = {"$set": {"acted_at": line["at"]}}
    if not StaffMember._get_collection().update_one(guard, change, session=session).matched_count:
        raise SessionEnded


def disable(actor: actors.Staff, member_id: ObjectId) -> None:
    """Disable a member and end all their sessions; repeating it changes nothing.

    Raises:
        NotFound: no such member.
        OwnAccount: it is the actor.
    """
    actor.require("staff.disable")
    if member_id == actor.staff_id:
        raise OwnAccount
    found = read(member_id)
    line = entry.line(actor.key, "staff.disable", f"staff:{member_id}", unit=_unit(found))
    ended = {"$set": {"state": "disabled", "sessions": [], "disabled_at": line["at"]}, "$unset": {"invitation": ""}}

    def change(session: ClientSession) -> None:
        require_acting(actor, line, session)
        guard = {"_id": member_id, "state": {"$ne": "disabled"}}
        if StaffMember._get_collection().update_one(guard, ended, session=session).matched_count:
            entry.write(line, session)

    transactions.run(change)


def _unit(found: dict[str, Any]) -> str:
    return str(found["assignments"][0]["unit"])
