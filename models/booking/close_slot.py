"""Closing a slot: sales stop at once, then a long job cancels its orders, returns all money and tells who had booked.

The job begins when no booking is under way any more: whoever took a place before the slot closed has an order then, or
never will.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId

from backend import clock, jobs, outbox
from backend.errors import CityError
from models.booking import cancel, order, slot
from models.booking.cancel import JustPaid

log = structlog.get_logger()

BATCH = 20
LIVE = ["held", "issued"]
NEAR = timedelta(hours=24)
"""Who visits so soon is told at once, in the night too."""
UNDER_WAY_SECONDS = 2.0


def close(slot_id: str, *, reason: str, who: str, unit: str) -> dict[str, Any]:
    """Close a slot and return the job that cancels and refunds its orders and tells their owners.

    Closing a closed slot again starts the job again, for orders that a first one could not cancel; so does the same
    request again after a kill between the two.

    Raises:
        NotFound: no such slot.
    """
    slot.close(slot_id, reason)
    query = {"takes.slot": slot_id, "state": {"$in": LIVE}}
    waiting = order.Order._get_collection().count_documents(query, limit=slot.read(slot_id)["quota"] or 1)
    args = {"slot": slot_id, "reason": reason, "who": who}
    return jobs.start("booking.cancel_slot_orders", args=args, total=waiting, started_by=who, unit=unit)


def cancel_orders(job_id: ObjectId) -> None:
    """Work on the job: cancel the next orders of its slot.

    Raises:
        outbox.Later: a batch is done and more may follow, or a booking is under way.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """
    args = jobs.read(job_id)["args"]
    reason = args.get("reason") or slot.read(args["slot"]).get("closed_reason", "")

    def batch(position: str | None) -> list[str]:
        query: dict[str, Any] = {"takes.slot": args["slot"], "state": {"$in": LIVE}}
        if position:
            query["_id"] = {"$gt": ObjectId(position)}
        else:
            wait_for_bookings([args["slot"]])
        found = order.Order._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
        return [str(one["_id"]) for one in found]

    jobs.work(job_id, batch, lambda item: _cancel(ObjectId(item), args["who"], str(job_id), reason))


def wait_for_bookings(slots: Sequence[str]) -> None:
    """Let a job wait while somebody has taken of closed slots whose order is not stored yet.

    A process that died there is waited for until the sweeper has given back what it took.

    Raises:
        outbox.Later: somebody has.
    """
    rows = slot.Slot._get_collection().find({"_id": {"$in": list(slots)}}, {"pending": 1})
    holds = {ObjectId(hold) for row in rows for hold in row.get("pending", {})}
    there = order.Order._get_collection().find({"_id": {"$in": list(holds)}}, {"_id": 1}) if holds else ()
    if holds - {one["_id"] for one in there}:
        raise outbox.Later(UNDER_WAY_SECONDS)


def _cancel(order_id: ObjectId, who: str, job: str, reason: str) -> str | None:
    told: dict[str, Any] = {"kind": "slot_closed", "key": job, "reason": reason}
    told["urgent"] = is_near(order.read(order_id))
    follow = [outbox.entry("push", "messaging.tell_order", order=str(order_id), **told)]
    try:
        try:
            cancel.cancel(order_id, who, full=True, follow=follow)
        except JustPaid:
            cancel.cancel(order_id, who, full=True, follow=follow)
    except CityError as error:
        if error.passing:
            raise
        log.warning("slot_order_not_cancelled", order=str(order_id), code=error.code)
        return error.code
    outbox.wake("push")
    return None


def is_near(found: dict[str, Any]) -> bool:
    """Tell whether the visit of an order begins so soon that its owner must hear of a closing at once."""
    return clock.at(clock.date_of(found["day"]), found["start"]) - clock.now() <= NEAR
