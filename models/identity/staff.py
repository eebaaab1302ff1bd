"""A member of the staff: login, password, second factor, roles, sessions.

    proposed ──a second person agrees──▶ invited ──confirm──▶ active ──disable──▶ disabled
       └─────────────────────────────────────▲ └──────────────── disable ──────────────▲ │
                                             └── reset by two, or an unused link anew ─┴─┘

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

from backend import clock, personal_data, runtime
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.identity import actors, roles
from models.identity.account import SessionEnded

STATES = ("proposed", "invited", "active", "disabled")
STATE_ZH = {"proposed": "待审批", "invited": "待激活", "active": "正常", "disabled": "已停用"}


class StaffMember(Document):
    """`totp_step` is the last time step whose code was used.

    `first_admin` and `first_security_admin` mark the ones that bootstrap made.
    """

    meta = {
        "collection": "staff",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["login"], "unique": True},
            {"fields": ["first_admin"], "unique": True, "sparse": True},
            {"fields": ["first_security_admin"], "unique": True, "sparse": True},
            {"fields": ["assignments.unit", "_id"]},
            {"fields": ["assignments.role", "state"]},
        ],
    }
    login = StringField(required=True)
    name = BinaryField(required=True)
    password = StringField()
    password_changed_at = DateTimeField()
    totp = BinaryField()
    totp_step = IntField()
    state = StringField(choices=STATES, required=True)
    assignments = ListField(DictField())
    sessions = ListField(DictField())
    invitation = DictField()
    first_admin = BooleanField()
    first_security_admin = BooleanField()
    created_by = StringField(required=True)
    created_at = DateTimeField(required=True)
    activated_at = DateTimeField()
    disabled_at = DateTimeField()
    acted_at = DateTimeField()


personal_data.declare(
    Holding(
        "staff",
        "工作人员账号",
        staff=("_id",),
        sealed=(Sealed("name"), Sealed("totp")),
        at_deletion="keep",
        because="网络安全法第二十一条: 账号是审计记录所指的操作人",
    )
)


class LoginTaken(Conflict):
    """409: a member with this login exists."""

    code = "login_taken"
    zh = "账号名 {login} 已被使用,请换一个。"
    en = "The login {login} is taken. Choose another one."


class AssignmentsWrong(Unprocessable):
    """422: these roles cannot be given together, or lack their unit."""

    code = "assignments_wrong"
    zh = "角色分配有误:系统管理员、安全管理员、审计员不能兼任其他角色,只管本单位的角色必须指定单位。"
    en = "The three administrators take no other role, and the roles of a unit name their unit."

    def __init__(self) -> None:
        super().__init__(fields={"assignments": [self.zh]})


class OwnAccount(Conflict):
    """409: nobody does this to their own account."""

    code = "own_account"
    zh = "不能对自己的账号进行此操作,请由另一位系统管理员办理。"
    en = "You cannot do this to your own account. Ask another administrator."


class LastOne(Conflict):
    """409: nobody else would be left to approve."""

    code = "last_security_admin"
    zh = "这是最后一位在用的安全管理员,请先增加一位再办理。"
    en = "This is the last active security administrator. Appoint another one first."


def require_assignable(assignments: Sequence[actors.Assignment]) -> None:
    """Check the roles of a member: administrators stand alone, a unit's role names its unit.

    Raises:
        AssignmentsWrong: they do not fit together.
    """
    given = {one.role for one in assignments}
    mixed = len(given) > 1 and given & roles.ALONE
    lacking = any(roles.ROLES[one.role].reach != "county" and not one.unit for one in assignments)
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
    return documents.one(StaffMember, {"_id": member_id})


def active(login: str) -> dict[str, Any] | None:
    """Return the member who may log in as `login`, None when nobody may."""
    return StaffMember._get_collection().find_one({"login": login, "state": "active"})


def is_active(member_id: ObjectId) -> bool:
    """Tell whether a member exists and may log in."""
    return StaffMember._get_collection().find_one({"_id": member_id, "state": "active"}, {"_id": 1}) is not None


def assignments_of(found: dict[str, Any]) -> tuple[actors.Assignment, ...]:
    """Return the roles of a member as values."""
    return tuple(actors.Assignment(**one) for one in found["assignments"])


def units_named(assignments: Sequence[actors.Assignment]) -> dict[str, str]:
    """Return the units of assignments by the field that names them, for `unit.hold`."""
    return {f"assignments.{number}.unit": one.unit for number, one in enumerate(assignments) if one.unit}


def require_acting(actor: actors.Staff, line: dict[str, Any], session: ClientSession) -> None:
    """Check inside a transaction that the actor is active with the roles they came with.

    It writes them, so two who take each other's rights away collide: since nobody acts on their own account, one
    administrator always remains.

    Raises:
        SessionEnded: the actor was disabled or got other roles meanwhile.
    """
    guard = {"_id": actor.staff_id, "state": "active", "assignments": [vars(one) for one in actor.assignments]}
    change = {"$set": {"acted_at": line["at"]}}
    if not StaffMember._get_collection().update_one(guard, change, session=session).matched_count:
        raise SessionEnded


def require_still(actor: actors.Staff, session: ClientSession) -> None:
    """Check the same for one of the many rows of an import, which follow each other so fast that they would collide.

    It reads: a right that is taken away at the same moment is missing from the next row on.

    Raises:
        SessionEnded: the actor was disabled or got other roles meanwhile.
    """
    guard = {"_id": actor.staff_id, "state": "active", "assignments": [vars(one) for one in actor.assignments]}
    if StaffMember._get_collection().find_one(guard, {"_id": 1}, session=session) is None:
        raise SessionEnded


def require_another(role: str, member_id: ObjectId, line: dict[str, Any], session: ClientSession) -> None:
    """Check inside a transaction that another active member has `role`; it writes them, as `require_acting` does.

    Raises:
        LastOne: there is none.
    """
    others = {"assignments.role": role, "state": "active", "_id": {"$ne": member_id}}
    change = {"$set": {"acted_at": line["at"]}}
    if not StaffMember._get_collection().update_one(others, change, session=session).matched_count:
        raise LastOne


def has_role(found: dict[str, Any], role: str) -> bool:
    """Tell whether a member has a role."""
    return any(one["role"] == role for one in found["assignments"])
