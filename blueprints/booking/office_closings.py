"""Closing a place for a span of days, with a look at who is affected before; cancelling an order for somebody."""

from dataclasses import asdict
from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.booking import closing_schemas
from blueprints.booking.office_orders import PURPOSE
from blueprints.booking.office_slots import shown
from blueprints.booking.schemas import JobView, OfficeOrderWhole
from models.booking.close_many import Span
from models.places import closing, order_office

closings = Surface("office closings", __name__, url_prefix="/office/v1", description="临时关闭与代办退票")


@closings.post("/closings/preview", access=staff("slot.close"))
@closings.arguments(closing_schemas.ClosingSpanBody)
@closings.answer(200, closing_schemas.AffectedView)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """Who a closing would affect: orders, visitors, money. Nothing is changed."""
    return asdict(closing.preview(g.actor, _span(body)))


@closings.post("/closings", access=staff("slot.close"), parameters=[PARAMETER])
@idempotent
@closings.arguments(closing_schemas.ClosingBody)
@closings.answer(202, JobView)
def close(body: dict[str, Any]) -> dict[str, Any]:
    """Stop sales at once; a job cancels the orders, gives all money back and tells who had booked."""
    return shown(closing.close(g.actor, _span(body), body["reason"]))


@closings.get("/closings/<job_id>", access=staff("job.read"))
@closings.answer(200, closing_schemas.ClosingView)
def read_closing(job_id: str) -> dict[str, Any]:
    """How far a closing is: orders cancelled, money on its way and arrived, what needs a person."""
    job, refunds = closing.progress(g.actor, object_ids.read(job_id))
    return {**shown(job), "refunds": refunds}


@closings.post("/orders/<order_id>/cancel", access=staff("order.cancel", PURPOSE))
@closings.arguments(closing_schemas.OfficeCancelBody)
@closings.answer(200, OfficeOrderWhole)
def cancel_order(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Cancel an order, or some of its visitors, as somebody asked for; money returns by the rule of the place.

    Repeating it changes nothing.
    """
    wanted = object_ids.read(order_id)
    closing.cancel_order(g.actor, wanted, body.get("visitors"), reason=body["reason"])
    return order_office.read(g.actor, wanted, purpose=PURPOSE)


def _span(body: dict[str, Any]) -> Span:
    minutes = _minutes(body["start"]), _minutes(body["end"])
    days = body["first_day"], body["last_day"]
    return closing.span_of(body["place_id"], *days, minutes=minutes, resource=body.get("resource"))


def _minutes(clock_time: str) -> int:
    hour, minute = clock_time.split(":")
    return int(hour) * 60 + int(minute)
