"""Holders of a card whom gates let in without network, handed in later: their ticket of that day is used."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from models.booking import gate_late, ticket
from models.devices import journal
from models.devices.journal import Settled
from models.onecard import verify


@journal.settles("venue")
def settle(found: dict[str, Any], session: ClientSession | None) -> Settled:
    """Use the ticket by which the holder of a venue code walked in; without one, it is a conflict for the staff."""
    verdict = verify.late(found)
    if not verdict.accepted or verdict.person_id is None:
        return Settled("refused", verdict.result)
    day = clock.civil(found["at"]).date().isoformat()
    booked = ticket.of_person(verdict.person_id, found["place"], day, found["_id"], session=session)
    if booked is None:
        return Settled("conflict", "no_ticket", person=verdict.person_id)
    return gate_late.use(found, booked, session)
