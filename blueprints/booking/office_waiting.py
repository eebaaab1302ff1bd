"""Waiting lists, no-shows and limits of the places in one's scope."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.booking import waiting_schemas as schemas
from models.places import limits_office, no_show_office, waiting_office

waiting = Surface("office waiting lists", __name__, url_prefix="/office/v1", description="候补、爽约与预约次数")
PURPOSE = "booking_service"


@waiting.get("/places/<place_id>/waiting", access=staff("place.read"))
@waiting.arguments(schemas.WaitingSpanQuery, location="query")
@waiting.answer(200, schemas.WaitingLineList)
def lengths(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """How many parties wait for each slot between two days, a month by default."""
    items = waiting_office.lengths(g.actor, place_id, query.get("first"), query.get("last"))
    return {"items": items, "next": None}


@waiting.get("/places/<place_id>/no-shows", access=staff("order.list", PURPOSE))
@waiting.arguments(schemas.NoShowQuery, location="query")
@waiting.answer(200, schemas.NoShowList)
def list_no_shows(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """The no-shows of a day, by ticket."""
    cursor = query.get("cursor")
    items, following = no_show_office.of_place(g.actor, place_id, query["day"], purpose=PURPOSE, cursor=cursor)
    return {"items": items, "next": following}


@waiting.post("/no-shows/<mark>/lift", access=staff("slot.open"))
@waiting.arguments(schemas.NoShowLiftBody)
@waiting.answer(200, schemas.NoShowView)
def lift(body: dict[str, str], mark: str) -> dict[str, Any]:
    """Let a no-show count no longer, for a reason."""
    return no_show_office.lift(g.actor, mark, body["reason"])


@waiting.get("/places/<place_id>/limits", access=staff("place.read"))
@waiting.answer(200, schemas.BookingLimitsView)
def read_limits(place_id: str) -> dict[str, Any]:
    """How often one person may book the place, and when unused free tickets are released."""
    return limits_office.read(g.actor, place_id)


@waiting.get("/places/<place_id>/limits/preview", access=staff("place.read"))
@waiting.arguments(schemas.PreviewQuery, location="query")
@waiting.answer(200, schemas.BookingLimitsPreview)
def preview_limits(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """How many open slots a change from a day on would reach."""
    return {"slots": limits_office.preview(g.actor, place_id, query["from_day"])}


@waiting.put("/places/<place_id>/limits", access=staff("slot.open"))
@waiting.arguments(schemas.BookingLimitsBody)
@waiting.answer(200, schemas.BookingLimitsView)
def put_limits(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set them, for slots that are opened from now on, and for open ones from a day on."""
    minutes = body["release_after_minutes"]
    return limits_office.put(g.actor, place_id, body["limits"], minutes, from_day=body["from_day"])
