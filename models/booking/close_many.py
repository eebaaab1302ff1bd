"""Closing a place for a span of days: rain, a power cut, a visit of state. All its slots at once, as one job.

The job is stored first and sales stop right after; whatever a kill leaves open, the job closes before it cancels. Then
it ends order after order with all their money (`close_orders`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId

from backend import jobs, outbox
from backend.errors import Unprocessable
from models.booking import close_orders, order, slot
from models.booking.close_orders import LIVE, Word

TASK = "booking.cancel_closed"
MOST_SLOTS, MOST_ORDERS = 1_000, 50_000


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
    """Return who holds what of these slots: an order that holds of several is counted once.

    Who only loses something beside the visit is counted with what that cost.
    """
    live: dict[str, Any] = {"$cond": [{"$ifNull": ["$$one.cancelled", False]}, 0, 1]}
    held = {"$eq": ["$state", "held"]}
    parts = {"$sum": {"$ifNull": ["$parts.base_fen", []]}}
    left = {"$cond": [_whole(slots), {"$subtract": ["$total_fen", parts]}, _beside(slots)]}
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


def _whole(slots: list[str]) -> dict[str, Any]:
    """Return the expression for what `cancel_extras.only_beside` denies: the visit itself is closed."""
    own = {"$regexFind": {"input": "$slot", "regex": _OWNER}}
    of_own = {"$eq": [{"$regexFind": {"input": "$$one.slot", "regex": _OWNER}}, own]}
    extras = {"$ifNull": ["$extras", []]}
    further = {"$map": {"input": extras, "as": "one", "in": {"$and": [{"$in": ["$$one.slot", slots]}, of_own]}}}
    return {"$or": [{"$in": ["$slot", slots]}, {"$anyElementTrue": [further]}]}


def _beside(slots: list[str]) -> dict[str, Any]:
    """Return the expression for what the extras of these slots cost."""
    gone = {"$and": [{"$in": ["$$one.slot", slots]}, {"$not": [{"$ifNull": ["$$one.cancelled", False]}]}]}
    extras = {"$filter": {"input": {"$ifNull": ["$extras", []]}, "as": "one", "cond": gone}}
    return {"$sum": {"$map": {"input": extras, "as": "one", "in": "$$one.price_fen"}}}


_OWNER = r"^.*(?=-[^-]*-[^-]*$)"
"""What `slot.owner_of` returns of a slot's id."""


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


def work(job_id: ObjectId, word: Word) -> None:
    """Work on the job; the owners are told `word` with the write that ends their orders.

    Raises:
        outbox.Later: a batch is done and more may follow.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """
    args = jobs.read(job_id)["args"]
    stop = partial(stop_sales, args["slots"], args["reason"])
    close_orders.work(job_id, args["slots"], _mark(job_id, args), word, stop)


def _mark(job_id: ObjectId, args: dict[str, Any]) -> str:
    """Return who ended an order, so that a closing finds its own again."""
    return f"{args['who']}:closing:{job_id}"


def refunds(job_id: ObjectId) -> dict[str, int]:
    """Return how many of the refunds that a closing asked for are in which state, and their sum under `fen`.

    Orders that were cancelled are found by the slots of the job; those that lost something beside their visit by days.
    """
    args = jobs.read(job_id)["args"]
    mark = _mark(job_id, args)
    rows = [*_refunds(args["slots"], mark), *_parts(args["place"], args["slots"], mark)]
    told: Counter[str] = Counter()
    for one in rows:
        told[one["_id"] or "none"] += int(one["orders"])
    known = {name: told.pop(name, 0) for name in ("none", "requested", "to_collect", "succeeded")}
    known["succeeded"] += told.pop("paid_elsewhere", 0) + told.pop("in_cash", 0)
    return known | {"trouble": told.total(), "fen": sum(int(one["fen"] or 0) for one in rows)}


def _refunds(slots: list[str], mark: str) -> list[dict[str, Any]]:
    match = {
        "takes.slot": {"$in": slots},
        "state": "cancelled",
        "history": {"$elemMatch": {"what": "cancelled", "who": mark}},
    }
    group = {"_id": "$refund.state", "orders": {"$sum": 1}, "fen": {"$sum": "$refund.fen"}}
    return list(order.Order._get_collection().aggregate([{"$match": match}, {"$group": group}]))


def _parts(place: str, slots: list[str], mark: str) -> list[dict[str, Any]]:
    days = sorted({slot.day_of(one) for one in slots})
    match = {"place": place, "day": {"$in": days}, "state": {"$in": ["issued", "cancelled"]}, "parts.who": mark}
    group = {"_id": "$parts.state", "orders": {"$sum": 1}, "fen": {"$sum": "$parts.fen"}}
    stages = [{"$match": match}, {"$unwind": "$parts"}, {"$match": {"parts.who": mark}}, {"$group": group}]
    return list(order.Order._get_collection().aggregate(stages))
