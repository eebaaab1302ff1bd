"""Holders of a card whom gates let through without network, handed in later: their ticket of that day has the scan."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from models.booking import gate_late, no_show, ticket
from models.devices import journal
from models.devices.journal import Settled
from models.onecard import verify


@journal.settles("venue")
def settle(found: dict[str, Any], session: ClientSession | None) -> Settled:
    """Let the ticket by which the holder of a venue code walked have the scan; without one, it is for the staff.

    Who left did leave, whatever is wrong with their code by now.
    """
    verdict, out = verify.late(found), found.get("direction") == "out"
    person = verify.whose(verdict) if out or verdict.accepted else None
    if person is None:
        return gate_late.without(found, verdict.result, session)
    day = clock.civil(found["at"]).date().isoformat()
    booked = ticket.of_person(
        person,
        found["place"],
        found["at"],
        found["_id"],
        zone=found.get("zone") or "",
        direction=found.get("direction") or "in",
        session=session,
    )
    if booked is None:
        if out:
            return gate_late.without(found, "no_ticket", session)
        no_show.was_there(person, found["place"], day, session)
        return Settled("conflict", "no_ticket", person=person)
    return gate_late.use(found, booked, session)
