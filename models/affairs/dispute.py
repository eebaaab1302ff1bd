"""The disputed fact: a person says that a register is wrong about them; the unit of the source looks into it.

Fact and case change in one transaction, at the beginning and with each turn, so that neither is disputed without the
other. A kill leaves both or none.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound
from models.affairs import carry_out, kind_table, open_case
from models.affairs.carry_out import Turn
from models.affairs.open_case import Matter, Opener
from models.identity import member_act, membership
from models.identity.actors import Member, Resident, Staff
from models.identity.counter import Serving
from models.registers import fact
from models.registers.catalogue import EVERY_SOURCE
from models.registers.fact import Outcome
from models.registers.subject import Subject

OUTCOMES: dict[str, Outcome] = {
    "corrected": "corrected",
    "removed": "withdrawn",
    "confirmed": "rejected",
    "upheld": "rejected",
    "withdrawn": "rejected",
}


def dispute(resident: Resident, fact_id: ObjectId, text: str) -> dict[str, Any]:
    """Open the case of a disputed fact and return it.

    Raises:
        NotFound: no such fact about the person.
        NotDisputable: it does not hold any more.
        AlreadyOpen: it is disputed already.
    """
    open_case.require_person(resident)
    return _open(open_case.by(resident), fact_id, text)


def dispute_of_firm(member: Member, fact_id: ObjectId, text: str) -> dict[str, Any]:
    """Open the case of a fact about the organisation that a member acts for, in the member's name, and return it.

    Raises:
        NotFound: no such fact about the organisation.
        NotDisputable, AlreadyOpen: as for a person.
        RoleChanged: their role, or the time of their agency, ended meanwhile.
    """
    about = Subject(organisation=member.organisation["credit_code"])

    def note(session: ClientSession) -> None:
        membership.require_acting(member, session)
        member_act.write(member, "fact_dispute", f"fact:{fact_id}", session)

    opener = replace(open_case.by(member.resident), firm=about.organisation)
    return _of(opener, about, fact_id, text, also=note)


def dispute_at_counter(actor: Staff, serving: Serving, fact_id: ObjectId, text: str) -> dict[str, Any]:
    """Open the case for whoever stands at the counter and return it.

    Raises:
        NotAllowed: the clerk opens no cases.
        NotFound, NotDisputable, AlreadyOpen: as for a resident.
    """
    return _open(open_case.at_counter(actor, serving), fact_id, text)


def _open(opener: Opener, fact_id: ObjectId, text: str) -> dict[str, Any]:
    person_id = opener.person
    if person_id is None:
        raise NotFound
    return _of(opener, Subject(person=person_id), fact_id, text)


def _of(
    opener: Opener,
    whose: Subject,
    fact_id: ObjectId,
    text: str,
    also: Callable[[ClientSession], None] = lambda _session: None,
) -> dict[str, Any]:
    found = fact.read(fact_id, about=whose)
    about = {"fact": fact_id, "fact_kind": found.kind, "source": found.source}
    if whose.organisation:
        about |= {"organisation": whose.organisation}
    matter = Matter(EVERY_SOURCE[found.source].unit, text, about=about, once=f"dispute:{fact_id}")

    def mark(session: ClientSession) -> None:
        also(session)
        fact.dispute(fact_id, whose, session=session)

    return open_case.open_case(opener, kind_table.FACT_DISPUTE, matter, within=mark)


@carry_out.settles("registers.dispute")
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the fact follow the case: an appeal disputes it again; one that fails or is withdrawn leaves the decision.

    Where the fact is gone, because its person had what the registers said forgotten, only the case goes on.
    """
    with suppress(NotFound):
        _follow(found["about"]["fact"], turn, session)


def _follow(fact_id: ObjectId, turn: Turn, session: ClientSession) -> None:
    if turn.outcome == "appealed":
        fact.dispute_again(fact_id, session=session)
        return
    outcome, value = OUTCOMES[turn.outcome], turn.value
    if turn.outcome == "confirmed" and (disputed := fact.in_dispute(fact_id, session)).row.get("refuted"):
        outcome, value = "corrected", disputed.value  # an earlier decision took it out: it is put back
    by = turn.by if turn.by.startswith("staff:") else ""
    fact.settle_dispute(fact_id, outcome, value, by=by, session=session)
