"""Closing a slot: sales stop at once, then a long job ends its orders, returns all money and tells who had booked.

The job begins when no booking is under way any more: whoever took a place before the slot closed has an order then, or
never will.
"""

from typing import Any

from bson import ObjectId

from backend import jobs
from backend.errors import Conflict
from models.booking import close_orders, order, slot


class DayCounter(Conflict):
    """409: what was named is the counter of a day's limit, no slot that anybody visits."""

    code = "slot_is_day_counter"
    zh = "这是当天的总名额计数,不是可关闭的时段;如需全天关闭,请使用“场所关闭”,先预览影响范围再确认。"
    en = "This counts the whole day and is no slot. To close the day, use the closing of a place, with its preview."


def require(known: dict[str, Any]) -> None:
    """Check that something can be closed as a slot.

    Raises:
        DayCounter: it counts a whole day.
    """
    if known.get("kind") == "day":
        raise DayCounter


def close(slot_id: str, *, reason: str, who: str, unit: str) -> dict[str, Any]:
    """Close a slot and return the job that cancels and refunds its orders and tells their owners.

    Orders that only took the slot along beside their visit lose that alone (`close_orders`). Closing a closed slot
    again starts the job again, for orders that a first one could not cancel; so does the same request again after a
    kill between the two.

    Raises:
        NotFound: no such slot.
        DayCounter: it counts a whole day.
    """
    known = slot.read(slot_id)
    require(known)
    slot.close(slot_id, reason)
    query = {"takes.slot": slot_id, "state": {"$in": list(close_orders.LIVE)}}
    waiting = order.Order._get_collection().count_documents(query, limit=known["quota"] or 1)
    args = {"slot": slot_id, "reason": reason, "who": who}
    return jobs.start("booking.cancel_slot_orders", args=args, total=waiting, started_by=who, unit=unit)


def cancel_orders(job_id: ObjectId) -> None:
    """Work on the job: end the next orders of its slot.

    Raises:
        outbox.Later: a batch is done and more may follow, or a booking is under way.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """
    args = jobs.read(job_id)["args"]
    reason = args.get("reason") or slot.read(args["slot"]).get("closed_reason", "")
    word = close_orders.Word("slot_closed", str(job_id), reason)
    close_orders.work(job_id, [args["slot"]], args["who"], word)
