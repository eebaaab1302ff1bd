"""A membership: which person is owner, manager, clerk or agent of which organisation.

    active ──removed, left, the agency's time over──▶ ended
       └──the register names another legal person──▶ questioned ──seen anew by register or counter──▶ active

Who owns an organisation comes from the business register, or from a counter clerk who saw the papers; owners invite the
others. The last owner does not leave: somebody answers for every organisation that is active. A membership hangs on the
person and not on an account: who loses the phone binds another one and is a member as before. It is read with every
request, so that who was removed has lost access at once. An agent (授权经办人) has a scope and a last day (`agent`):
the time decides, not the entry that writes the end down.
"""

from typing import Any, Literal

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotAllowed
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import levels, member_act, member_invitation, organisation
from models.identity.actors import Helped, Member, Resident

COLLECTION = "memberships"
Role = Literal["owner", "manager", "clerk", "agent"]
STANDING_ZH: dict[str, str] = {"owner": "负责人", "manager": "管理员", "clerk": "经办人"}
ROLE_ZH = STANDING_ZH | {"agent": "授权经办人"}
HOW_ZH = {"register": "市场主体登记", "counter": "政务服务窗口", "invitation": "单位邀请", "demo": "演示数据"}
STATES = ("active", "ended")
NAMES_AGENTS = ("owner", "manager")
outbox.carried_by(COLLECTION)


class Membership(Document):
    """`evidence` holds ids and codes of what the role rests on: a fact of the register, what a clerk saw.

    `scope` and `until` are those of an agent; `questioned_at` stands while the register names somebody else.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["organisation", "person"],
                "unique": True,
                "partialFilterExpression": {"state": "active"},
            },
            {"fields": ["person", "state"]},
            {"fields": ["organisation", "state", "_id"]},
            outbox.INDEX,
        ],
    }
    organisation = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    role = StringField(choices=tuple(ROLE_ZH), required=True)
    how = StringField(choices=tuple(HOW_ZH), required=True)
    evidence = DictField()
    state = StringField(choices=STATES, required=True)
    scope = ListField(StringField())
    until = DateTimeField()
    questioned_at = DateTimeField()
    since = DateTimeField(required=True)
    given_by = StringField(required=True)
    ended_at = DateTimeField()
    ended_by = StringField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "在单位中的角色",
        persons=("person",),
        traces=("role", "scope", "until", "since", "given_by", "ended_by"),
        at_deletion="restrict",
        because="单位业务记录须能查明当时由谁经办(农产品质量安全法第三十九条)。",
    )
)


class LastOwner(Conflict):
    """409: nobody would be left to answer for the organisation."""

    code = "last_owner"
    zh = "您是该单位唯一的负责人,请先邀请或指定另一名负责人后再办理。"
    en = "This is the last owner. Let another person become owner first."


class AlreadyMember(Conflict):
    """409: this person is a member of the organisation."""

    code = "already_member"
    zh = "该人员已是本单位成员,请在成员列表中调整角色。"
    en = "This person is a member already. Change the role in the list of members."


class RoleChanged(Conflict):
    """409: somebody else changed this membership at the same time."""

    code = "membership_changed"
    zh = "该成员的角色刚被他人调整或已退出,请刷新后再办理。"
    en = "This membership was changed a moment ago. Refresh and try again."


class MembershipQuestioned(NotAllowed):
    """403: the register names another legal person, so this owner is to be seen anew."""

    code = "membership_questioned"
    zh = "市场主体登记中您已不是该单位的法定代表人(负责人),请重新认领单位,或持营业执照到政务服务窗口核实后再办理。"
    en = "The business register names somebody else. Claim the organisation anew, or bring the licence to a counter."


def in_time() -> dict[str, Any]:
    """Return the condition of a membership whose time is not over now."""
    return {"$or": [{"until": None}, {"until": {"$gt": clock.now()}}]}


def acting(resident: Resident, organisation_id: ObjectId) -> Member:
    """Return the resident as a member of an organisation, for one request.

    Raises:
        LevelNeeded: the binding is only what the account says.
        NotFound: no such organisation, or the person is no member of it, or the agency's time is over; all alike.
        OrganisationSuspended: the office has suspended it.
        MembershipQuestioned: the register names another legal person.
    """
    levels.require(resident.document["level"], "matched")
    mine = {"organisation": organisation_id, "person": resident.sure_person_id, "state": "active", **in_time()}
    found = documents.one(Membership, mine, {"role": 1, "scope": 1, "questioned_at": 1})
    told = organisation.read(organisation_id)
    organisation.require_active(told)
    if found.get("questioned_at"):
        raise MembershipQuestioned
    return Member(resident, organisation_id, found["role"], told, frozenset(found.get("scope", ())))


def of_person(person_id: ObjectId) -> list[dict[str, Any]]:
    """Return the memberships that a person has, oldest first."""
    query = {"person": person_id, "state": "active", **in_time()}
    return list(Membership._get_collection().find(query).sort("_id", 1))


def record(
    organisation_id: ObjectId, person_id: ObjectId, role: str, *, how: str, by: str, evidence: dict[str, Any]
) -> dict[str, Any]:
    """Return a membership, not stored yet; the other owners are told of an owner."""
    new_id = ObjectId()
    follows = [outbox.entry("notify", "identity.owner_added", membership=str(new_id))] if role == "owner" else []
    return {
        "_id": new_id,
        "organisation": organisation_id,
        "person": person_id,
        "role": role,
        "how": how,
        "evidence": evidence,
        "state": "active",
        "since": clock.now(),
        "given_by": by,
        "outbox": follows,
    }


def insert(made: dict[str, Any], session: ClientSession) -> None:
    """Store a membership within the transaction of its audit entry.

    Raises:
        AlreadyMember: the person is one.
    """
    try:
        Membership._get_collection().insert_one(made, session=session)
    except DuplicateKeyError:
        raise AlreadyMember from None


def make_owner(made: dict[str, Any], session: ClientSession) -> None:
    """Store an owner; who is a member in another role becomes owner, and who owns stays as they are."""
    who = {"organisation": made["organisation"], "person": made["person"], "state": "active"}
    memberships = Membership._get_collection()
    told = {name: made[name] for name in ("role", "how", "evidence", "given_by")}
    seen_anew = {"$set": told, "$unset": dict.fromkeys(("scope", "until", "questioned_at"), "")}
    found = memberships.find_one_and_update(who, seen_anew, session=session)
    if found is None:
        insert(made, session)
    elif found["role"] != "owner":
        entry_of_it = outbox.entry("notify", "identity.owner_added", membership=str(found["_id"]))
        memberships.update_one({"_id": found["_id"]}, {"$push": {"outbox": entry_of_it}}, session=session)


def read(member: Member, membership_id: ObjectId) -> dict[str, Any]:
    """Return a membership of the member's own organisation.

    Raises:
        NotFound: none, or another organisation's, or one whose time is over.
    """
    mine = {"_id": membership_id, "organisation": member.organisation_id, "state": "active", **in_time()}
    return documents.one(Membership, mine)


def change_role(member: Member, membership_id: ObjectId, role: str) -> dict[str, Any]:
    """Give another member of the organisation another role; the same again writes nothing, an agent is one no more.

    Raises:
        NotAllowed: the acting member is no owner.
        NotFound: no such membership in the organisation.
        LastOwner: it would have no owner.
        RoleChanged: somebody else changed it meanwhile, or ended the acting member's own.
    """
    member.require_role("owner")
    found = read(member, membership_id)
    if found["role"] != role:
        _change(member, found, {"role": role}, "change_role", before=found["role"], after=role)
    return found | {"role": role}


def remove(member: Member, membership_id: ObjectId) -> None:
    """End a membership of the organisation: another's as an owner, one's own always; their access ends at once.

    An agency ends by a manager's word too.

    Raises:
        NotAllowed: it is another's, and the acting member is no owner.
        NotFound: no such membership in the organisation.
        LastOwner: it would have no owner.
        RoleChanged: somebody else changed it meanwhile.
    """
    found = read(member, membership_id)
    own = found["person"] == member.person_id
    if not own:
        member.require_role(*(NAMES_AGENTS if found["role"] == "agent" else ("owner",)))
    ended = {"state": "ended", "ended_at": clock.now(), "ended_by": member.key}
    _change(member, found, ended, "leave" if own else "remove", role=found["role"])


def _change(member: Member, found: dict[str, Any], told: dict[str, Any], verb: str, **details: str) -> None:
    """Change a membership; all changes of one organisation go one after the other, so that an owner always remains.

    With a lost ownership, or the right to name agents, the invitations end that this person has open.
    """
    line = entry.line(member.key, f"membership.{verb}", f"membership:{found['_id']}", **details)
    loses_owner = found["role"] == "owner" and told.get("role") != "owner"
    loses_naming = found["role"] in NAMES_AGENTS and told.get("role") not in NAMES_AGENTS
    update: dict[str, Any] = {"$set": told}
    if found["role"] == "agent" and "role" in told:
        update["$unset"] = {"scope": "", "until": ""}

    def carry_out(session: ClientSession) -> None:
        organisation.hold(member.organisation_id, session)
        require_acting(member, session)
        guard = {"_id": found["_id"], "state": "active", "role": found["role"]}
        if not Membership._get_collection().update_one(guard, update, session=session).matched_count:
            raise RoleChanged
        if loses_owner:
            _require_owner(member.organisation_id, session)
        if loses_owner or loses_naming:
            member_invitation.end_of(member.organisation_id, found["person"], session)
        member_act.write(member, f"membership_{verb}", f"membership:{found['_id']}", session)
        entry.write(line, session)

    transactions.run(carry_out)


def require_acting(member: Member | Helped, session: ClientSession) -> None:
    """Check inside a transaction that the acting member still has the role, and the scope, they came with.

    Raises:
        RoleChanged: it was taken from them meanwhile, or its time is over.
    """
    mine = {"organisation": member.organisation_id, "person": member.person_id, "state": "active", "role": member.role}
    mine |= {"questioned_at": None, **in_time()} | ({"scope": {"$all": sorted(member.scope)}} if member.scope else {})
    if not Membership._get_collection().find_one(mine, {"_id": 1}, session=session):
        raise RoleChanged


def of_person_in(organisation_id: ObjectId, person_id: ObjectId) -> dict[str, Any] | None:
    """Return the membership by which a person acts for an organisation now, None where there is none."""
    mine = {"organisation": organisation_id, "person": person_id, "state": "active", "questioned_at": None, **in_time()}
    return Membership._get_collection().find_one(mine, {"role": 1, "scope": 1})


def _require_owner(organisation_id: ObjectId, session: ClientSession) -> None:
    owners = {"organisation": organisation_id, "state": "active", "role": "owner"}
    if not Membership._get_collection().find_one(owners, {"_id": 1}, session=session):
        raise LastOwner
