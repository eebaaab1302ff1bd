"""Orders and tickets of a resident."""

from typing import Any

from flask import Response, g

from backend.codes import qr
from backend.errors import NotFound
from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.booking import schemas
from models.booking import cancel, cancel_visitors, order, order_views, ticket
from models.places import visit

orders = Surface("orders", __name__, url_prefix="/mini/v1", description="预约、支付、门票")


@orders.post("/orders", access=resident("declared"), parameters=[PARAMETER])
@orders.arguments(schemas.OrderBody)
@orders.answer(201, schemas.OrderView)
def book(body: dict[str, Any]) -> dict[str, Any]:
    """Book a slot for one to five visitors, and a guide with it if wished, all or nothing.

    Unpaid, the places are held for 15 minutes; free tickets are issued at once.
    """
    key, digest = key_and_body()
    wishes = [visit.Wish(**wish) for wish in body["visitors"]]
    extras = [visit.ExtraWish(**wish) for wish in body["extras"]]
    made = visit.book(g.actor, body["slot_id"], wishes, extras, key=bytes.fromhex(key), body=digest)
    return order_views.created(made)


@orders.get("/orders", access=resident())
@orders.arguments(schemas.PageQuery, location="query")
@orders.answer(200, schemas.OrderList)
def list_orders(query: dict[str, Any]) -> dict[str, Any]:
    """One's orders, newest first."""
    items, following = order_views.of_account(g.actor.account_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@orders.get("/orders/<order_id>", access=resident())
@orders.answer(200, schemas.OrderView)
def read(order_id: str) -> dict[str, Any]:
    """One order with its visitors, tickets and refund."""
    return order_views.whole(order.read(object_ids.read(order_id), account=g.actor.account_id))


@orders.post("/orders/<order_id>/payment", access=resident("declared"), parameters=[PARAMETER])
@idempotent
@orders.response(200, schemas.PaymentView)
def pay(order_id: str) -> dict[str, str]:
    """The arguments of wx.requestPayment for a held order."""
    return visit.pay(g.actor, object_ids.read(order_id))


@orders.post("/orders/<order_id>/payment-check", access=resident())
@orders.answer(200, schemas.OrderView)
def check_payment(order_id: str) -> dict[str, Any]:
    """Ask WeChat now whether the order was paid; call it when wx.requestPayment returns."""
    return order_views.whole(visit.check_payment(g.actor, object_ids.read(order_id)))


@orders.post("/orders/<order_id>/cancel", access=resident())
@orders.arguments(schemas.CancelBody)
@orders.answer(200, schemas.OrderView)
def cancel_order(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Cancel an order, or some of its visitors; money returns by the rule of the place.

    Repeating it changes nothing.
    """
    wanted, who = object_ids.read(order_id), g.actor.key
    if "visitors" in body:
        told = cancel_visitors.cancel_visitors(wanted, body["visitors"], who, account=g.actor.account_id)
        return order_views.whole(told)
    return order_views.whole(cancel.cancel(wanted, who, account=g.actor.account_id))


@orders.get("/tickets/<ticket_id>/code.<kind>", access=resident())
@orders.response(200)
def picture(ticket_id: str, kind: str) -> Response:
    """A ticket's QR code as `png` or `svg`."""
    text = ticket.code(_own_ticket(ticket_id))
    if not text or kind not in {"png", "svg"}:
        raise NotFound
    if kind == "svg":
        return Response(qr.svg(text, max_version=7), mimetype="image/svg+xml")
    return Response(qr.png(text, max_version=7), mimetype="image/png")


def _own_ticket(ticket_id: str) -> dict[str, Any]:
    found = ticket.read(ticket_id)
    if found is None or found["state"] == "void":
        raise NotFound
    order.read(found["order"], account=g.actor.account_id)
    return found
