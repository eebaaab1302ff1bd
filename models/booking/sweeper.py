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
from models.booking import order, slot

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
    old = {hold: places for hold, (places, since) in pending.items() if since < before}
    known = _with_orders([ObjectId(hold) for hold in old])
    returned = 0
    for hold, places in old.items():
        if hold in known:
            slot.forget(slot_id, hold)
        elif order.abandon(ObjectId(hold), slot_id) and slot.return_hold(slot_id, hold, places):
            returned += 1
            metrics.HOLDS_RETURNED.inc()
            log.warning("hold_returned", slot=slot_id, hold=hold, places=places)
    return returned


def _with_orders(holds: list[ObjectId]) -> set[str]:
    query = {"_id": {"$in": holds}, "state": {"$ne": "abandoned"}}
    return {str(found["_id"]) for found in order.Order._get_collection().find(query, {"_id": 1})}


def recount(slot_id: str) -> int:
    """Return by how many places the counter of a slot differs from its orders and pending holds: 0 when all is well."""

    def count(session: ClientSession) -> int:
        found = slot.Slot._get_collection().find_one({"_id": slot_id}, session=session) or {}
        rows = order.Order._get_collection().aggregate(
            [
                {"$match": {"slot": slot_id, "state": {"$in": list(LIVE)}}},
                {"$group": {"_id": None, "places": {"$sum": "$places"}, "ids": {"$push": "$_id"}}},
            ],
            session=session,
        )
        live: dict[str, Any] = next(iter(rows), {"places": 0, "ids": []})
        ids = {str(one) for one in live["ids"]}
        holds = [ObjectId(hold) for hold in found["pending"]]
        ended = {
            str(one["_id"])
            for one in order.Order._get_collection().find({"_id": {"$in": holds}}, {"_id": 1}, session=session)
        }
        waiting = sum(v[0] for hold, v in found["pending"].items() if hold not in ids and hold not in ended)
        return int(found["quota"] - found["left"] - live["places"] - waiting)

    return transactions.run(count)


def recount_all(since: str, *, most: int = 5_000) -> dict[str, int]:
    """Return the slots from a day (YYYY-MM-DD) on whose counter drifted, and by how much; alarm when there are any."""
    ids = [one["_id"] for one in slot.Slot._get_collection().find({"day": {"$gte": since}}, {"_id": 1}).limit(most)]
    drifted = {one: drift for one in ids if (drift := recount(one))}
    metrics.DRIFT.set(sum(abs(drift) for drift in drifted.values()))
    if drifted:
        metrics.ALARMS.labels("slot_drift").inc()
        log.error("slot_drift", slots=len(drifted))
    return drifted


def recount_coming() -> dict[str, int]:
    """Recount the slots from today on."""
    return recount_all(clock.today().isoformat())
