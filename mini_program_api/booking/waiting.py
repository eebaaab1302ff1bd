"""Waiting lists: joining one, taking an offer, giving up with one tap."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.booking import waiting_schemas as schemas
from mini_program_api.booking.schemas import PageQuery
from models.booking import offer, waiting_join, waiting_views
from models.places import visit_waiting
from models.places.visit import Wish

waiting = Surface("waiting lists", __name__, url_prefix="/mini/v1", description="候补")


@waiting.post("/waiting", access=resident("declared"), parameters=[PARAMETER])
@idempotent
@waiting.arguments(schemas.WaitingBody)
@waiting.answer(201, schemas.WaitingView)
def join(body: dict[str, Any]) -> dict[str, Any]:
    """Wait for a slot that is sold out, with one to five visitors together."""
    wishes = [Wish(**wish) for wish in body["visitors"]]
    key, digest = key_and_body()
    return waiting_views.shown(
        visit_waiting.join(g.actor, body["slot_id"], wishes, key=bytes.fromhex(key), body=digest)
    )


@waiting.get("/waiting", access=resident())
@waiting.arguments(PageQuery, location="query")
@waiting.answer(200, schemas.WaitingList)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """One's waiting entries, newest first, with the position in each line."""
    items, following = waiting_views.of_account(g.actor.account_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@waiting.post("/waiting/<entry_id>/accept", access=resident("declared"))
@waiting.answer(200, schemas.WaitingView)
def accept(entry_id: str) -> dict[str, Any]:
    """Take an offer: free tickets are issued at once, others when the order `order_id` is paid in time."""
    return waiting_views.shown(offer.accept(object_ids.read(entry_id), g.actor.account_id))


@waiting.post("/waiting/<entry_id>/give-up", access=resident())
@waiting.answer(200, schemas.WaitingView)
def give_up(entry_id: str) -> dict[str, Any]:
    """Stop waiting, or let an offer go to the next at once."""
    return waiting_views.shown(waiting_join.give_up(object_ids.read(entry_id), g.actor.account_id, g.actor.key))
