"""Closing courts and pools for weather and the like: look, confirm, reopen."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.sport import schemas
from models.sport import close_venue, closure, closure_views

closures = Surface("office sport closures", __name__, url_prefix="/office/v1/sport", description="场馆天气关闭")


@closures.post("/closures", access=staff("slot.close"), parameters=[PARAMETER])
@idempotent
@closures.arguments(schemas.SportClosureBody)
@closures.answer(201, schemas.SportClosureView)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Look at what a closing would mean: slots, orders, people, money. Nothing is closed yet."""
    span = closure.Span(
        from_day=body["from_day"],
        to_day=body["to_day"],
        start=_minute(body["start"]),
        end=_minute(body["end"]),
        resources=tuple(body["resources"]),
        outdoor=body["outdoor"],
    )
    return closure_views.shown(closure.propose(g.actor, body["place_id"], span, reason=body["reason"]))


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


@closures.post("/closures/<closure_id>/confirm", access=staff("slot.close"))
@closures.answer(202, schemas.SportClosureView)
def confirm(closure_id: str) -> dict[str, Any]:
    """Stop all sales at once; a job cancels the orders, gives all money back and tells their owners."""
    return closure_views.shown(close_venue.confirm(g.actor, object_ids.read(closure_id)))


@closures.post("/closures/<closure_id>/reopen", access=staff("slot.open"))
@closures.answer(200, schemas.SportClosureView)
def reopen(closure_id: str) -> dict[str, Any]:
    """Sell again what this closed and has not ended; what was cancelled stays cancelled."""
    return closure_views.shown(close_venue.reopen(g.actor, object_ids.read(closure_id)))


@closures.get("/closures/<closure_id>", access=staff("place.read"))
@closures.answer(200, schemas.SportClosureView)
def read(closure_id: str) -> dict[str, Any]:
    """A closing and how far its job is."""
    return closure_views.whole(g.actor, object_ids.read(closure_id))


@closures.get("/venues/<place_id>/closures", access=staff("place.read"))
@closures.arguments(schemas.SportPageQuery, location="query")
@closures.answer(200, schemas.SportClosureList)
def list_closures(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """The closings of a venue, newest first."""
    items, following = closure_views.listed(g.actor, place_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}
