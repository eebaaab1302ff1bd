"""Closing a place for a span of days: rain, a power cut, a visit of state. All its slots at once, as one job.

The job is stored first and sales stop right after; whatever a kill leaves open, the job closes before it cancels. Then
it cancels order after order with all their money, and goes over them once more for bookings that were under way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from bson import ObjectId

from backend import jobs, outbox
from backend.errors import CityError, Unprocessable
from models.booking import cancel, close_slot, order, slot
from models.booking.cancel import JustPaid

log = structlog.get_logger()

TASK = "booking.cancel_closed"
BATCH = 50
MOST_SLOTS, MOST_ORDERS = 1_000, 50_000
LIVE = ("held", "issued")
FIRST, AGAIN = "1", "2"


class TooManySlots(Unprocessable):
    """422: more slots than one closing takes."""

    code = "closing_too_long"
    zh = "一次最多关闭 {most} 个时段,请缩短日期范围分次办理。"
    en = "One closing takes {most} slots at most. Choose fewer days."


@dataclass(frozen=True)
class Span:
    """Slots of a place between two days (inclusive) that begin within some minutes of the day.

    Without a `resource` it is everything that the place offers: itself, its courts, its guides.
    """

    place: str
    first: str
    last: str
    start: int = 0
    end: int = 24 * 60
    resource: str | None = None


@dataclass(frozen=True)
class Affected:
    """Who is affected: orders and their visitors, how many of the orders cost nothing, and the money that goes back."""

    slots: int
    orders: int
    visitors: int
    free_orders: int
    unpaid_orders: int
    fen: int


def slots_of(span: Span) -> list[str]:
    """Return the ids of the slots of a span.

    Raises:
        TooManySlots: one closing does not take so many.
    """
    query: dict[str, Any] = {
        "place": span.place,
        "day": {"$gte": span.first, "$lte": span.last},
        "start": {"$gte": span.start, "$lt": span.end},
        "kind": {"$ne": "day"},
    }
    if span.resource is not None:
        query["resource"] = span.resource
    found = slot.Slot._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(MOST_SLOTS + 1)
    ids = [one["_id"] for one in found]
    if len(ids) > MOST_SLOTS:
        raise TooManySlots(most=MOST_SLOTS)
    return ids


def preview(span: Span) -> Affected:
    """Return who would be affected; nothing is changed."""
    return affected(slots_of(span))


def affected(slots: list[str]) -> Affected:
    """Return who holds what of these slots: an order that holds of several is counted once."""
    live: dict[str, Any] = {"$cond": [{"$ifNull": ["$$one.cancelled", False]}, 0, 1]}
    held = {"$eq": ["$state", "held"]}
    parts = {"$sum": {"$ifNull": ["$parts.base_fen", []]}}
    left = {"$subtract": ["$total_fen", parts]}
    sums = {
        "_id": None,
        "orders": {"$sum": 1},
        "visitors": {"$sum": {"$sum": {"$map": {"input": "$visitors", "as": "one", "in": live}}}},
        "free_orders": {"$sum": {"$cond": [{"$eq": ["$total_fen", 0]}, 1, 0]}},
        "unpaid_orders": {"$sum": {"$cond": [held, 1, 0]}},
        "fen": {"$sum": {"$cond": [held, 0, left]}},
    }
    match = {"takes.slot": {"$in": slots}, "state": {"$in": list(LIVE)}}
    pipeline = [{"$match": match}, {"$limit": MOST_ORDERS}, {"$group": sums}]
    told: dict[str, Any] = next(iter(order.Order._get_collection().aggregate(pipeline)), {})
    names = ("orders", "visitors", "free_orders", "unpaid_orders", "fen")
    return Affected(len(slots), *(int(told.get(name, 0)) for name in names))


def close(span: Span, *, reason: str, who: str, unit: str) -> dict[str, Any]:
    """Stop sales of all slots of a span and return the job that cancels their orders and gives all money back.

    Raises:
        TooManySlots: one closing does not take so many.
    """
    slots = slots_of(span)
    args = {"place": span.place, "slots": slots, "reason": reason, "who": who}
    job = jobs.start("booking.cancel_closed", args=args, total=affected(slots).orders, started_by=who, unit=unit)
    stop_sales(slots, reason)
    outbox.wake("reports")
    return job


def stop_sales(slots: Iterable[str], reason: str) -> None:
    """Close slots; those that are closed stay so."""
    for one in slots:
        slot.close(one, reason)


def work(job_id: ObjectId, tell: Callable[[dict[str, Any], str], None]) -> None:
    """Work on the job; `tell(order, reason)` is called for each order that it cancelled, at least once.

    Raises:
        outbox.Later: a batch is done and more may follow.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """
    args = jobs.read(job_id)["args"]
    mark = f"{args['who']}:closing:{job_id}"

    def batch(position: str | None) -> list[str]:
        if position is None:
            stop_sales(args["slots"], args["reason"])
            close_slot.wait_for_bookings(args["slots"])
        turn, _, last = (position or f"{FIRST}:").partition(":")
        if found := _next(args["slots"], mark, turn, last):
            return found
        return _next(args["slots"], mark, AGAIN, "") if turn == FIRST else []

    def step(item: str) -> str | None:
        return _cancel(ObjectId(item.partition(":")[2]), mark, lambda found: tell(found, args["reason"]))

    jobs.work(job_id, batch, step)


def _next(slots: list[str], mark: str, turn: str, last: str) -> list[str]:
    """Return the next orders: living ones and, where the first turn was killed, those that it may not have told of."""
    ended = {"state": "cancelled", "history": {"$elemMatch": {"what": "cancelled", "who": mark}}}
    living: dict[str, Any] = {"state": {"$in": list(LIVE)}}
    query: dict[str, Any] = {"takes.slot": {"$in": slots}}
    query |= {"$or": [living, ended]} if turn == FIRST else living
    if last:
        query["_id"] = {"$gt": ObjectId(last)}
    rows = order.Order._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
    return [f"{turn}:{one['_id']}" for one in rows]


def _cancel(order_id: ObjectId, mark: str, tell: Callable[[dict[str, Any]], None]) -> str | None:
    try:
        try:
            ended = cancel.cancel(order_id, mark, full=True)
        except JustPaid:
            ended = cancel.cancel(order_id, mark, full=True)
    except CityError as error:
        if error.passing:
            raise
        log.warning("closed_order_not_cancelled", order=str(order_id), code=error.code)
        return error.code
    last: dict[str, Any] = next((one for one in reversed(ended["history"]) if one["what"] == "cancelled"), {})
    if last.get("who") == mark:
        tell(ended)
    return None


def refunds(job_id: ObjectId) -> dict[str, int]:
    """Return how many of the refunds that a closing asked for are in which state, and their sum under `fen`.

    The orders are found by the slots of the job, the refunds by the orders' payments.
    """
    args = jobs.read(job_id)["args"]
    mark = f"{args['who']}:closing:{job_id}"
    match = {
        "takes.slot": {"$in": args["slots"]},
        "state": "cancelled",
        "history": {"$elemMatch": {"what": "cancelled", "who": mark}},
    }
    group = {"_id": "$refund.state", "orders": {"$sum": 1}, "fen": {"$sum": "$refund.fen"}}
    rows = list(order.Order._get_collection().aggregate([{"$match": match}, {"$group": group}]))
    told = {str(one["_id"]): int(one["orders"]) for one in rows if one["_id"] not in {None, "none"}}
    told["none"] = sum(int(one["orders"]) for one in rows if one["_id"] in {None, "none"})
    known = {name: told.pop(name, 0) for name in ("none", "requested", "to_collect", "succeeded")}
    known["succeeded"] += told.pop("paid_elsewhere", 0) + told.pop("in_cash", 0)
    return known | {"trouble": sum(told.values()), "fen": sum(int(one["fen"] or 0) for one in rows)}
