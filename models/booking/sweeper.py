"""What heals the gap between the two writes of a booking, and the recount that proves it.

A process that dies after taking places and before storing the order leaves a note in the slot. The sweeper finds notes
older than a minute: with an order they are only removed; without one the order is made impossible first and the places
go back, once.
"""

from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, metrics
from backend.store import transactions
from models.booking import day_counter, order, slot
from models.booking.slot import Take

log = structlog.get_logger()

MOST_SLOTS = 1_000
LIVE = ("held", "issued")


def sweep() -> int:
    """Settle the notes of all slots that have any; return how many holds were given back."""
    slots = slot.Slot._get_collection()
    found = slots.find({"has_pending": True}, {"pending": 1}).limit(MOST_SLOTS)
    return sum(_sweep_slot(one["_id"], one.get("pending", {})) for one in found)


def _sweep_slot(slot_id: str, pending: dict[str, list[Any]]) -> int:
    if not pending:
        slot.Slot._get_collection().update_one({"_id": slot_id, "pending": {}}, {"$unset": {"has_pending": ""}})
        return 0
    before = clock.now() - slot.HOLD_WITHOUT_ORDER
    old = {hold: _noted(slot_id, note) for hold, note in pending.items() if note[1] < before}
    known = _with_orders([ObjectId(hold) for hold in old])
    returned = 0
    for hold, wish in old.items():
        if hold in known:
            day_counter.settle(wish, hold)
        elif order.abandon(ObjectId(hold), slot_id) and slot.return_hold(wish, hold):
            returned += 1
            metrics.HOLDS_RETURNED.inc()
            log.warning("hold_returned", slot=slot_id, hold=hold, places=wish.places)
    return returned


def _noted(slot_id: str, note: list[Any]) -> Take:
    return Take(slot_id, note[0], note[2] if len(note) > 2 else {})  # noqa: PLR2004 - [places, when, shares]


def _with_orders(holds: list[ObjectId]) -> set[str]:
    query = {"_id": {"$in": holds}, "state": {"$ne": "abandoned"}}
    return {str(found["_id"]) for found in order.Order._get_collection().find(query, {"_id": 1})}


def recount(slot_id: str) -> int:
    """Return by how many places a slot and its shares differ from its orders and pending holds: 0 when all is well.

    A slot that a change of plan took away differs from nothing.
    """

    def count(session: ClientSession) -> int:
        found = slot.Slot._get_collection().find_one({"_id": slot_id}, session=session)
        if found is None:
            return 0
        live, ids = _live(slot_id, session)
        holds = [ObjectId(hold) for hold in found["pending"]]
        told: dict[str, Any] = {"_id": {"$in": holds}}
        if found.get("kind") == "day":  # a note may stand there for an order that does not take of it yet
            told["takes.slot"] = slot_id
        ended = {str(one["_id"]) for one in order.Order._get_collection().find(told, {"_id": 1}, session=session)}
        waiting = [
            _noted(slot_id, note) for hold, note in found["pending"].items() if hold not in ids and hold not in ended
        ]
        return _drift(found, [*live, *waiting])

    return transactions.run(count)


def _live(slot_id: str, session: ClientSession) -> tuple[list[Take], set[str]]:
    """Return what living orders hold of a slot, and their ids."""
    query = {"takes.slot": slot_id, "state": {"$in": list(LIVE)}}
    rows = list(order.Order._get_collection().find(query, {"takes": 1}, session=session))
    held = [one for row in rows for one in order.takes(row) if one.slot == slot_id]
    return held, {str(row["_id"]) for row in rows}


def _drift(found: dict[str, Any], held: list[Take]) -> int:
    """Return the difference of a slot's places, and where these agree the sum of those of its shares.

    What is kept for the line is neither left nor held.
    """
    places = int(found["quota"] - found["left"] - found.get("kept", 0) - sum(one.places for one in held))
    shares = sum(
        abs(share["quota"] - share["left"] - share.get("kept", 0) - sum(one.shares.get(name, 0) for one in held))
        for name, share in found.get("shares", {}).items()
    )
    return places or shares


def recount_all(since: str, *, most: int = 20_000) -> dict[str, int]:
    """Return the slots from a day (YYYY-MM-DD) on whose counter drifted, and by how much; alarm when there are any.

    The nearest days come first; where there are more slots than `most`, the log says that some were left out.
    """
    rows = slot.Slot._get_collection().find({"day": {"$gte": since}}, {"_id": 1}).sort("day", 1).limit(most)
    ids = [one["_id"] for one in rows]
    if len(ids) == most:
        log.warning("recount_cut_short", slots=most)
    drifted = {one: drift for one in ids if (drift := recount(one))}
    metrics.DRIFT.set(sum(abs(drift) for drift in drifted.values()))
    if drifted:
        metrics.ALARMS.labels("slot_drift").inc()
        log.error("slot_drift", slots=len(drifted))
    return drifted


def recount_coming() -> dict[str, int]:
    """Recount the slots from today on."""
    return recount_all(clock.today().isoformat())
