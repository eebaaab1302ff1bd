"""Becoming a member: by the code that an owner tells, or as owner by the business register or at a counter."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import agent, levels, member_act, member_invitation, membership, organisation, staff
from models.identity.actors import Member, Resident, Staff
from models.identity.counter import Serving
from models.identity.member_invitation import Invited

EVIDENCE_ZH = {
    "legal_representative": "营业执照和法定代表人本人身份证件",
    "power_of_attorney": "营业执照和法定代表人的授权委托书",
}
"""What a counter clerk has seen, beside the person's own document."""


def invite(member: Member, role: str) -> Invited:
    """Make an invitation into the member's organisation and return its code, once.

    Raises:
        NotAllowed: the acting member is no owner.
    """
    member.require_role("owner")
    made = member_invitation.make(member.organisation_id, role, member.person_id)
    about = f"organisation:{member.organisation_id}"
    entry.write(entry.line(member.key, "membership.invite", about, role=role, invitation=str(made.id)))
    return made


def accept(resident: Resident, code: str) -> dict[str, Any]:
    """Become a member by an open invitation; the code counts once, an agent's for the person whom it names.

    Raises:
        LevelNeeded: the binding is only what the account says.
        InvitationCodeWrong: no invitation is open under the code.
        AgentNameWrong: it names an agent of another name.
        OrganisationSuspended: the office has suspended the organisation.
        AlreadyMember: they are a member of it.
    """
    person_id = _sure(resident)
    found = member_invitation.opened(code)
    is_agent = found["role"] == "agent"
    if is_agent:
        agent.require_named(found, person_id)
    evidence = {"invitation": str(found["_id"]), "invited_by": str(found["invited_by"])}
    made = membership.record(
        found["organisation"], person_id, found["role"], how="invitation", by=resident.key, evidence=evidence
    )
    made = agent.begun(made, found["scope"], found["ends"]) if is_agent else made
    about = f"membership:{made['_id']}"
    line = entry.line(resident.key, "membership.accept", about, role=found["role"])

    def change(session: ClientSession) -> None:
        organisation.hold(found["organisation"], session)
        member_invitation.use(found["_id"], session)
        agent.end_over(found["organisation"], person_id, session)
        membership.insert(made, session)
        if is_agent:
            whose = (found["organisation"], person_id, "agent")
            member_act.write_of(*whose, what="agent_accept", about=about, session=session)
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("notify")
    return made


def _sure(resident: Resident) -> ObjectId:
    levels.require(resident.document["level"], "matched")
    if resident.sure_person_id is None:
        raise NotFound
    return resident.sure_person_id


def own_by_counter(actor: Staff, organisation_id: ObjectId, serving: Serving, evidence: str) -> dict[str, Any]:
    """Make the person at the counter an owner, by the papers that the clerk has seen; repeating it is harmless.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation in the actor's area.
        OrganisationSuspended: it is suspended.
    """
    organisation.in_reach(actor, "organisation.owner", organisation_id)
    seen = {"papers": evidence, "document": serving.seen, "counter_session": str(serving.id)}
    made = membership.record(organisation_id, serving.person_id, "owner", how="counter", by=actor.key, evidence=seen)
    about = f"organisation:{organisation_id}"
    line = entry.line(
        actor.key, "membership.own", about, unit=actor.unit, person=str(serving.person_id), papers=evidence
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        organisation.hold(organisation_id, session)
        membership.make_owner(made, session)
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("notify")
    return made


def own_by_register(resident: Resident, told: organisation.Told, fact_id: ObjectId) -> dict[str, Any]:
    """Make the resident an owner of what the register says is theirs, and register it where nobody has.

    Raises:
        LevelNeeded: nobody has seen the person: a match does not prove who holds the phone.
        OrganisationSuspended: the office has suspended it.
        OrganisationKnown: somebody registered it at this moment; the same call again finds it.
    """
    levels.require(resident.document["level"], "verified")
    known = organisation.by_code(told.credit_code)
    found = known or organisation.record(told, source="register", by="system:register")
    evidence = {"fact": str(fact_id)}
    made = membership.record(found["_id"], _sure(resident), "owner", how="register", by=resident.key, evidence=evidence)
    line = entry.line(resident.key, "membership.own", f"organisation:{found['_id']}", fact=str(fact_id))

    def change(session: ClientSession) -> None:
        if known is None:
            organisation.insert(found, session)
        organisation.hold(found["_id"], session)
        membership.make_owner(made, session)
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("notify")
    return found
