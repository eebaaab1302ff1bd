"""An agent (授权经办人): a person whom an organisation names for some things and until a day.

    named (an invitation under a code) ──accepted by the person of that name──▶ active ──last day over, revoked──▶ ended

The owner or a manager names the agent; only the person of that real name takes it, with an account of their own. The
agency is a membership with the role `agent`; its last day counts to its end, and its time is read with every request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import member_act, member_invitation, membership, organisation, person
from models.identity.actors import Member
from models.identity.member_invitation import Invited
from models.identity.membership import NAMES_AGENTS, Membership, RoleChanged

SCOPES = {
    "file": "查看企业档案",
    "dispute": "对登记信息提出异议",
    "offers": "查看惠企政策和兑现事项",
    "confirm": "确认惠企政策兑现",
    "matters": "申报和跟进事项、领取结果",
    "sign": "签署承诺",
}
"""What an agent may be named for: each word is what routes of `/enterprise/v1` ask of an agent."""
_RESTS_ON = {"dispute": "file", "confirm": "offers", "sign": "offers"}
LONGEST = timedelta(days=366)
"""A *house rule*: an agency is looked at anew once a year."""
SYSTEM = "system:agency"


class AgentTermWrong(Unprocessable):
    """422: the last day is over, or too far away."""

    code = "agent_term_wrong"
    zh = "授权截止日期须为今天或以后,最长不超过一年,请重新选择。"
    en = "The last day must be today or later, a year from now at most."

    def __init__(self) -> None:
        super().__init__(fields={"last_day": [self.zh]})


class AgentNameWrong(Unprocessable):
    """422: the code was made for a person of another name."""

    code = "agent_name_wrong"
    zh = "该经办授权指定的姓名与您的实名不一致,请联系单位核对姓名后重新指定。"
    en = "This agency names a person of another name. Ask the organisation to name you again."

    def __init__(self) -> None:
        super().__init__(fields={"code": [self.zh]})


@dataclass(frozen=True)
class Agency:
    """What an agent may do, and the last day on which they may."""

    scope: frozenset[str]
    last_day: date

    def checked(self) -> dict[str, Any]:
        """Return the fields of it, with what the scope rests on.

        Raises:
            AgentTermWrong: the last day is over or too far away.
        """
        if not clock.today() <= self.last_day <= clock.today() + LONGEST:
            raise AgentTermWrong
        whole = self.scope | {_RESTS_ON[one] for one in self.scope if one in _RESTS_ON}
        return {"scope": sorted(whole), "until": clock.at(self.last_day + timedelta(days=1), 0)}


def name(member: Member, name_zh: str, agency: Agency) -> Invited:
    """Name an agent and return the code by which the person of this name accepts, once.

    Raises:
        NotAllowed: the acting member is neither owner nor manager.
        AgentTermWrong: the last day is over or too far away.
        RoleChanged: their own role ended meanwhile; nobody learns the code then.
    """
    member.require_role(*NAMES_AGENTS)
    told = agency.checked()
    made = member_invitation.make(
        member.organisation_id, "agent", member.person_id, name=name_zh, scope=told["scope"], ends=told["until"]
    )
    about = f"organisation:{member.organisation_id}"
    line = entry.line(member.key, "agent.name", about, invitation=str(made.id), scope=told["scope"])

    def note(session: ClientSession) -> None:
        membership.require_acting(member, session)
        member_act.write(member, "agent_name", f"invitation:{made.id}", session)
        entry.write(line, session)

    transactions.run(note)
    return made


def require_named(found: dict[str, Any], person_id: ObjectId) -> None:
    """Check that an invitation of an agent was made for this person, and that its time is not over.

    Raises:
        AgentNameWrong: it names somebody else.
        InvitationCodeWrong: the agency would be over.
    """
    if found["ends"] <= clock.now():
        raise member_invitation.InvitationCodeWrong
    if not person.same_name(member_invitation.name_of(found), person.read(person_id).name):
        raise AgentNameWrong


def begun(made: dict[str, Any], scope: Iterable[str], until: datetime) -> dict[str, Any]:
    """Return a membership as that of an agent, with the entry that ends it."""
    follows = [*made["outbox"], _ending(made["_id"], until)]
    return {**made, "scope": sorted(scope), "until": until, "outbox": follows}


def _ending(membership_id: ObjectId, until: datetime) -> dict[str, Any]:
    return outbox.entry("trust", "identity.end_agency", due=until, membership=str(membership_id))


def amend(member: Member, membership_id: ObjectId, agency: Agency) -> dict[str, Any]:
    """Change scope and last day of an agent; the narrower counts at once. Return the membership.

    Raises:
        NotAllowed: the acting member is neither owner nor manager.
        NotFound: no such agent of the organisation, or their time is over.
        AgentTermWrong: the last day is over or too far away.
        RoleChanged: somebody else changed it meanwhile.
    """
    member.require_role(*NAMES_AGENTS)
    found, told = membership.read(member, membership_id), agency.checked()
    if found["role"] != "agent":
        raise NotFound
    line = entry.line(member.key, "agent.amend", f"membership:{membership_id}", scope=told["scope"])
    guard = {"_id": membership_id, "state": "active", "role": "agent", "until": found["until"]}
    change = {"$set": told, "$push": {"outbox": _ending(membership_id, told["until"])}}

    def carry_out(session: ClientSession) -> None:
        organisation.hold(member.organisation_id, session)
        membership.require_acting(member, session)
        if not Membership._get_collection().update_one(guard, change, session=session).matched_count:
            raise RoleChanged
        member_act.write(member, "agent_amend", f"membership:{membership_id}", session)
        entry.write(line, session)

    transactions.run(carry_out)
    return found | told


def end_over(organisation_id: ObjectId, person_id: ObjectId, session: ClientSession) -> None:
    """Write the end of a person's agency down whose time is over, before the person gets another role there."""
    _end({"organisation": organisation_id, "person": person_id}, session)


def end(membership_id: ObjectId) -> None:
    """Write the end of an agency down when its time is over; it may have been prolonged, then nothing happens."""
    transactions.run(lambda session: _end({"_id": membership_id}, session))


def _end(which: dict[str, Any], session: ClientSession) -> None:
    now = clock.now()
    guard = {**which, "state": "active", "role": "agent", "until": {"$lte": now}}
    ended = {"$set": {"state": "ended", "ended_at": now, "ended_by": SYSTEM}}
    found = Membership._get_collection().find_one_and_update(guard, ended, session=session)
    if found:
        entry.write(entry.line(SYSTEM, "agent.end", f"membership:{found['_id']}"), session)
