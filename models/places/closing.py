"""Closing a place for a span of days, by staff in whose scope it lies; and cancelling an order for who asked for it."""

from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock, jobs
from backend.errors import BadInput, NotFound
from models.audit import entry
from models.booking import cancel, cancel_visitors, close_many, close_orders, order
from models.booking.close_many import Affected, Span
from models.identity.actors import Staff
from models.places import scope

MOST_DAYS = 31
OPERATION = "slot.close"
KIND = "place_closed"


class SpanWrong(BadInput):
    """400: no span of days to come."""

    code = "closing_span_wrong"
    zh = "请选择今天起、最多 31 天的日期范围,开始不晚于结束。"
    en = "Choose days from today on, 31 at most, the first not after the last."

    def __init__(self) -> None:
        super().__init__(fields={"last_day": [self.zh]})


def span_of(place_id: str, first: date, last: date, *, minutes: tuple[int, int], resource: str | None) -> Span:
    """Return the span of a closing.

    Raises:
        SpanWrong: it lies in the past, is too long, or ends before it begins.
    """
    if not clock.today() <= first <= last < first + timedelta(days=MOST_DAYS) or minutes[0] >= minutes[1]:
        raise SpanWrong
    return Span(place_id, first.isoformat(), last.isoformat(), *minutes, resource=resource)


def preview(actor: Staff, span: Span) -> Affected:
    """Return who a closing would affect.

    Raises:
        NotFound: no such place in the actor's scope.
        TooManySlots: it is too long.
    """
    scope.place(actor, OPERATION, span.place)
    return close_many.preview(span)


def close(actor: Staff, span: Span, reason: str) -> dict[str, Any]:
    """Stop sales at once and return the job that cancels the orders, gives all money back and tells who had booked.

    Raises:
        NotFound: no such place in the actor's scope.
        TooManySlots: it is too long.
    """
    unit = str(scope.place(actor, OPERATION, span.place).get("unit") or "")
    told = {"first": span.first, "last": span.last, "start": span.start, "end": span.end}
    entry.write(entry.line(actor.key, "place.close", f"place:{span.place}", unit=unit, **told))
    return close_many.close(span, reason=reason, who=actor.key, unit=unit)


def progress(actor: Staff, job_id: ObjectId) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the job of a closing, and how many of its orders' refunds are in which state.

    Raises:
        NotFound: no such closing in the actor's scope.
    """
    actor.require("job.read")
    found = jobs.read(job_id)
    if found["task"] != close_many.TASK:
        raise NotFound
    scope.place(actor, "job.read", found["args"]["place"])
    return found, close_many.refunds(job_id)


def work(job_id: ObjectId) -> None:
    """Work on a closing; who had booked is told once."""
    word = close_orders.Word(KIND, str(job_id), jobs.read(job_id)["args"]["reason"])
    close_many.work(job_id, word)


def cancel_order(actor: Staff, order_id: ObjectId, visitors: list[int] | None, *, reason: str) -> None:
    """Cancel an order in the actor's scope, or some of its visitors, by the rule of the place, as somebody asked for.

    Raises:
        NotFound: no such order in the actor's scope.
        TicketUsed, OrderStateWrong, JustPaid, PaymentUnknown, VisitorNumberWrong, NotByVisitor, GuardianNeeded: it
            cannot be cancelled so.
    """
    found = order.read(order_id)
    known = scope.place(actor, "order.cancel", found["place"])
    told = {"reason": reason, **({"visitors": visitors} if visitors is not None else {})}
    entry.write(entry.line(actor.key, "order.cancel", f"order:{order_id}", unit=str(known.get("unit") or ""), **told))
    if visitors is None:
        cancel.cancel(order_id, actor.key)
    else:
        cancel_visitors.cancel_visitors(order_id, visitors, actor.key)
