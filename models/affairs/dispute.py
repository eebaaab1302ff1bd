"""The disputed fact: a person says that a register is wrong about them; the unit of the source looks into it.

Fact and case change in one transaction, at the beginning and with each turn, so that neither is disputed without the
other. A kill leaves both or none.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound
from models.affairs import carry_out, kind_table, open_case
from models.affairs.carry_out import Turn
from models.affairs.open_case import Matter, Opener
from models.identity.actors import Resident, Staff
from models.identity.counter import Serving
from models.registers import fact
from models.registers.fact import DisputeSettled, NotDisputable, Outcome
from models.registers.source import SOURCES

OUTCOMES: dict[str, Outcome] = {
    "corrected": "corrected",
    "removed": "withdrawn",
    "confirmed": "rejected",
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
    found = fact.read(fact_id, person=person_id)
    about = {"fact": fact_id, "fact_kind": found.kind, "source": found.source}
    matter = Matter(SOURCES[found.source].unit, text, about=about, once=f"dispute:{fact_id}")

    def mark(session: ClientSession) -> None:
        fact.dispute(fact_id, person_id, session=session)

    return open_case.open_case(opener, kind_table.FACT_DISPUTE, matter, within=mark)


@carry_out.settles("registers.dispute")
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the fact follow the case: an appeal disputes it again, an appeal that fails leaves what was decided."""
    fact_id = found["about"]["fact"]
    if turn.outcome == "appealed":
        _again(fact_id, found["person"], session)
    elif turn.outcome == "upheld":
        _end(fact_id, session)
    else:
        by = turn.by if turn.by.startswith("staff:") else ""
        fact.settle_dispute(fact_id, OUTCOMES[turn.outcome], turn.value, by=by, session=session)


def _again(fact_id: ObjectId, person_id: ObjectId, session: ClientSession) -> None:
    try:
        fact.dispute(fact_id, person_id, session=session)
    except NotDisputable:
        return  # it was corrected, or the register has changed: there is nothing left to mark


def _end(fact_id: ObjectId, session: ClientSession) -> None:
    try:
        fact.settle_dispute(fact_id, "rejected", session=session)
    except DisputeSettled:
        return  # the decision that stands was another than this
