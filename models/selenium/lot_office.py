"""Lots in the hands of the offices: held and released in their area; the producer is told.

Certificates of a held lot do not count until it is released (`certificate.state`, `commitment.state`).
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import transactions
from models.identity import staff
from models.identity.actors import Staff
from models.selenium import lot, lot_notices
from models.selenium.producer import reaches


def in_reach(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a lot that `operation` of the actor reaches by the village of its plots.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such lot, or outside the actor's area.
    """
    actor.require(operation)
    found = lot.read(number)
    if not reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def hold(actor: Staff, number: str, reason: str) -> dict[str, Any]:
    """Hold a lot.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such lot in the actor's area.
        LotMoved: it is recalled or closed.
        SessionEnded: the actor was disabled or got other roles meanwhile.
    """
    in_reach(actor, "lot.hold", number)
    at = {"at": clock.now()}

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, at, session)
        held = lot.hold(number, reason, by=actor.key, unit=actor.unit, session=session)
        lot_notices.held(held, session)
        return held

    return _told(transactions.run(change))


def release(actor: Staff, number: str) -> dict[str, Any]:
    """Release a held lot.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such lot in the actor's area.
        LotMoved: it is recalled or closed.
        SessionEnded: the actor was disabled or got other roles meanwhile.
    """
    before, at = in_reach(actor, "lot.hold", number), {"at": clock.now()}

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, at, session)
        released = lot.release(number, by=actor.key, unit=actor.unit, session=session)
        lot_notices.released(before, session)
        return released

    return _told(transactions.run(change))


def _told(found: dict[str, Any]) -> dict[str, Any]:
    outbox.wake("push")
    return found
