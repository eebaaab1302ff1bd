"""What a closing does with the orders of its slots: all money back, and the word to the owner in the same write.

An order whose visit is closed is cancelled. One that only loses something beside its visit, a guide for example, loses
that and keeps the visit. While such an order is unpaid its sum cannot change: the job waits until it is paid or has run
out, a quarter of an hour at most.

A job goes over the orders twice, the second time over those that still hold of the slots; what fails then is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId

from backend import clock, jobs, outbox
from backend.errors import CityError
from backend.money import yuan
from models.booking import cancel, cancel_extras, order, slot
from models.booking.cancel import JustPaid

log = structlog.get_logger()

BATCH = 50
LIVE = ("held", "issued")
FIRST, AGAIN = "1", "2"
NEAR = timedelta(hours=24)
"""Who visits so soon is told at once, in the night too."""
UNDER_WAY_SECONDS, UNPAID_SECONDS = 2.0, 20.0
EXTRA_KIND = "extra_closed"


@dataclass(frozen=True)
class Word:
    """What the owners are told: the kind of notice, what tells this closing from others, why.

    Without `urgent` only who visits soon is woken.
    """

    kind: str
    key: str
    reason: str
    urgent: bool | None = None


def work(job_id: ObjectId, slots: Sequence[str], who: str, word: Word, stop: Callable[[], None] = lambda: None) -> None:
    """Work on a job that closes slots: end the next orders; `stop` stops sales once more before it begins.

    Raises:
        outbox.Later: a batch is done and more may follow, or a booking is under way.
        CityError: a passing failure of WeChat's; the job comes back to this order.
    """

    def batch(position: str | None) -> list[str]:
        if position is None:
            stop()
            wait_for_bookings(slots)
        turn, _, last = _position(position)
        if found := _next(slots, turn, last):
            return found
        return _next(slots, AGAIN, "") if turn == FIRST else []

    def step(item: str) -> str | None:
        failure = _end(ObjectId(named(item)), slots, who, word, patient=first(item))
        return None if first(item) else failure

    def first(item: str) -> bool:
        return item.partition(":")[0] == FIRST

    def named(item: str) -> str:
        return item.partition(":")[2]

    jobs.work(job_id, batch, step, counts=first, named=named)


def _position(position: str | None) -> tuple[str, str, str]:
    """Read where a job stands; one of an earlier release names the order alone."""
    told = position or ""
    return told.partition(":") if ":" in told else (FIRST, ":", told)


def _next(slots: Sequence[str], turn: str, last: str) -> list[str]:
    query: dict[str, Any] = {"takes.slot": {"$in": list(slots)}, "state": {"$in": list(LIVE)}}
    if last:
        query["_id"] = {"$gt": ObjectId(last)}
    rows = order.Order._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(BATCH)
    return [f"{turn}:{one['_id']}" for one in rows]


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


def _end(order_id: ObjectId, slots: Sequence[str], who: str, word: Word, *, patient: bool) -> str | None:
    """End an order, or what it has of the slots; return why that could not be done."""
    found = order.read(order_id)
    try:
        if not cancel_extras.only_beside(found, slots):
            _cancel(found, who, word)
        elif found["state"] == "issued":
            cancel_extras.cancel_extras(order_id, slots, who, follow=_told_of_extras(found, slots, word))
        elif found["state"] == "held" and not patient:
            raise outbox.Later(UNPAID_SECONDS)
    except CityError as error:
        if error.passing:
            raise
        log.warning("closed_order_not_cancelled", order=str(order_id), code=error.code)
        return error.code
    return None


def _cancel(found: dict[str, Any], who: str, word: Word) -> None:
    follow = [_told(found, word, word.kind)]
    try:
        cancel.cancel(found["_id"], who, full=True, follow=follow)
    except JustPaid:
        cancel.cancel(found["_id"], who, full=True, follow=follow)
    outbox.wake("push")


def _told_of_extras(found: dict[str, Any], slots: Sequence[str], word: Word) -> list[dict[str, Any]]:
    numbers = cancel_extras.open_of(found, slots)
    names = "、".join(dict.fromkeys(found["extras"][number]["title_zh"] for number in numbers))
    return [_told(found, word, EXTRA_KIND, extra=names, yuan=yuan(cancel_extras.price_of(found, numbers)))]


def _told(found: dict[str, Any], word: Word, kind: str, **more: str) -> dict[str, Any]:
    urgent = is_near(found) if word.urgent is None else word.urgent
    told: dict[str, Any] = {"kind": kind, "key": word.key, "reason": word.reason, "urgent": urgent, **more}
    return outbox.entry("push", "messaging.tell_order", order=str(found["_id"]), **told)


def is_near(found: dict[str, Any]) -> bool:
    """Tell whether the visit of an order begins so soon that its owner must hear of a closing at once."""
    return clock.at(clock.date_of(found["day"]), found["start"]) - clock.now() <= NEAR
