"""Closing a slot: sales stop at once, then a long job cancels its orders and returns all money."""

from typing import Any

import structlog
from bson import ObjectId

from backend import jobs
from backend.errors import CityError
from models.booking import cancel, order, slot

log = structlog.get_logger()

BATCH = 20
LIVE = ["held", "issued"]


def close(slot_id: str, *, reason: str, who: str, unit: str) -> dict[str, Any]:
    """Close a slot and return the job that cancels and refunds its orders.

    Closing a closed slot again starts the job again, for orders that a first one could not cancel.

    Raises:
        NotFound: no such slot.
    """
    slot.close(slot_id, reason)
    query = {"takes.slot": slot_id, "state": {"$in": LIVE}}
    waiting = order.Order._get_collection().count_documents(query, limit=slot.read(slot_id)["quota"] or 1)
    args = {"slot": slot_id, "who": who}
    return jobs.start("booking.cancel_slot_orders", args=args, total=waiting, started_by=who, unit=unit)


def cancel_orders(job_id: ObjectId) -> None:
    """Work on the job: cancel the next orders of its slot."""
    args = jobs.read(job_id)["args"]

    def batch(position: str | None) -> list[str]:
        query: dict[str, Any] = {"takes.slot": args["slot"], "state": {"$in": LIVE}}
        if position:
            query["_id"] = {"$gt": ObjectId(position)}
        found = order.Order._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
        return [str(one["_id"]) for one in found]

    def step(item: str) -> str | None:
        try:
            cancel.cancel(ObjectId(item), args["who"], full=True)
        except CityError as error:
            log.warning("slot_order_not_cancelled", order=item, code=error.code)
            return error.code
        return None

    jobs.work(job_id, batch, step)
