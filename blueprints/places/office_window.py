"""A window sells tickets on the same counters as the mini-program."""

from typing import Any

from flask import Response, g

from backend import identity_documents
from backend.codes import id1_picture
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.booking.schemas import WindowOrderView
from blueprints.places import window_schemas as schemas
from models.places import window, window_calls
from models.places.counter_sale import Guest
from models.places.visit import ExtraWish

sales = Surface("office window", __name__, url_prefix="/office/v1", description="窗口售票")


@sales.post("/window-orders", access=staff("order.sell", window.PURPOSE), parameters=[PARAMETER])
@sales.arguments(schemas.WindowOrderBody)
@sales.answer(201, WindowOrderView)
def sell(body: dict[str, Any]) -> dict[str, Any]:
    """Book for who stands there, against cash or free, and issue the tickets at once."""
    key, digest = key_and_body()
    guests = [_guest(told, number) for number, told in enumerate(body["visitors"])]
    extras = [ExtraWish(**told) for told in body["extras"]]
    told = {"paid_fen": body["paid_fen"], "key": bytes.fromhex(key), "body": digest, "phone": body.get("phone", "")}
    return window.sell(g.actor, body["slot_id"], guests, extras, **told)


def _guest(told: dict[str, Any], number: int) -> Guest:
    where = f"visitors.{number}.document.number"
    document = identity_documents.parse(told["document"]["kind"], told["document"]["number"], field=where)
    return Guest(document, told["name"], told["ticket_type"], told["inspected"])


@sales.get("/window-orders/<order_id>", access=staff("order.sell", window.PURPOSE))
@sales.answer(200, WindowOrderView)
def read(order_id: str) -> dict[str, Any]:
    """An order of a window or kiosk, with the codes of its tickets."""
    return window.read(g.actor, object_ids.read(order_id))


@sales.post("/window-orders/<order_id>/cancel", access=staff("order.sell", window.PURPOSE))
@sales.arguments(schemas.CallOffBody)
@sales.answer(200, WindowOrderView)
def call_off(body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Cancel it, or some visitors, and hand back in cash what the rule gives back; repeating it hands back once."""
    return window.call_off(g.actor, object_ids.read(order_id), body.get("visitors"))


@sales.get("/window-calls", access=staff("order.sell", window_calls.PURPOSE))
@sales.arguments(schemas.WindowCallQuery, location="query")
@sales.answer(200, schemas.WindowCallList)
def list_calls(query: dict[str, Any]) -> dict[str, Any]:
    """Who bought at a window or kiosk of a place and must be told of a closing."""
    items, following = window_calls.listed(g.actor, query["place_id"], cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@sales.post("/window-calls/<order_id>/done", access=staff("order.sell", window_calls.PURPOSE))
@sales.response(204)
def call_done(order_id: str) -> None:
    """Take somebody off the list, because they were told."""
    window_calls.done(g.actor, object_ids.read(order_id))


@sales.get("/window-tickets/<ticket_id>/slip.png", access=staff("order.sell", window.PURPOSE))
@sales.response(200)
def slip(ticket_id: str) -> Response:
    """A ticket to be printed on paper, in the size of a bank card, without a name."""
    return Response(id1_picture.png(*window.slip(g.actor, ticket_id)), mimetype="image/png")
