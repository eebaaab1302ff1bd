"""At a counter: a clerk sees the evidence of guardianship or of a power of attorney, with one of the two present."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.audit import entry
from models.identity import relation, relation_terms, staff
from models.identity.actors import Staff
from models.identity.counter import NotStandingHere, Serving
from models.identity.relation_terms import TermsWrong


def verify(
    actor: Staff,
    serving: Serving,
    kind: str,
    *,
    for_person: ObjectId,
    agent: ObjectId,
    evidence: str,
    scope: Sequence[str] = (),
    last_day: date | None = None,
) -> dict[str, Any]:
    """Establish a relation, or set its terms anew.

    A guardian is there in person; so is a helper with a power of attorney, and where both came either may be served.

    Raises:
        NotStandingHere: the one at the counter is not who must be.
        NotFound, TermsWrong, NotSureEnough: the terms do not fit, or who the two are.
    """
    actor.require("relation.verify")
    if evidence not in relation_terms.EVIDENCE_OF[kind]:
        raise TermsWrong("evidence", "这种证明材料不适用于此类关系。")
    if serving.person_id not in ({for_person, agent} if evidence == "both_present" else {agent}):
        raise NotStandingHere
    relation.end_due_between(for_person, agent)
    line = entry.line(
        actor.key,
        "relation.verify",
        f"person:{for_person}",
        unit=actor.unit,
        kind=kind,
        agent=str(agent),
        evidence=evidence,
        counter_session=str(serving.id),
    )

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        made = relation.establish(
            kind,
            for_person,
            agent,
            method="counter",
            evidence=[f"seen:{evidence}", f"counter_session:{serving.id}"],
            by=actor.key,
            scope=scope,
            last_day=last_day,
            session=session,
        )
        entry.write(line | {"details": line["details"] | {"relation": str(made["_id"])}}, session)
        return made

    made = transactions.run(change)
    outbox.wake("notify")
    return made


def end(actor: Staff, serving: Serving, relation_id: ObjectId) -> None:
    """End a relation for one of the two who stands at the counter; repeating it changes nothing.

    Raises:
        NotFound: no such relation.
        NotStandingHere: it is not theirs.
    """
    actor.require("relation.verify")
    found = relation.read(relation_id)
    if serving.person_id not in {found["for_person"], found["agent"]}:
        raise NotStandingHere
    side = "withdrawn" if serving.person_id == found["for_person"] else "given_up"
    line = entry.line(
        actor.key, "relation.end", f"relation:{relation_id}", unit=actor.unit, counter_session=str(serving.id)
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        if relation.end(relation_id, side, by=actor.key, session=session):
            entry.write(line, session)

    transactions.run(change)
