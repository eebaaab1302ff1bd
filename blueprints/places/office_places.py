"""The places of one's scope: plan, notices, slots, and the code for the entrance."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.places import schemas
from models.places import place_code, place_office

places = Surface("office places", __name__, url_prefix="/office/v1", description="景点管理")


@places.get("/places", access=staff("place.read"))
@places.arguments(schemas.OfficePageQuery, location="query")
@places.answer(200, schemas.OfficePlaceList)
def list_places(query: dict[str, Any]) -> dict[str, Any]:
    """The places of one's scope."""
    items, following = place_office.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@places.get("/places/<place_id>", access=staff("place.read"))
@places.answer(200, schemas.OfficePlaceWhole)
def read_place(place_id: str) -> dict[str, Any]:
    """One place with its plan and all its notices."""
    return place_office.detailed(g.actor, place_id)


@places.post("/places/<place_id>/notices", access=staff("notice.post"), parameters=[PARAMETER])
@idempotent
@places.arguments(schemas.NoticeBody)
@places.answer(201, schemas.NoticePosted)
def post_notice(body: dict[str, Any], place_id: str) -> dict[str, str]:
    """Tell visitors something from one day to another."""
    span = (body["from_day"], body["to_day"])
    return {"id": place_office.post_notice(g.actor, place_id, body["text"], span)}


@places.get("/places/<place_id>/slots", access=staff("place.read"))
@places.arguments(schemas.OfficeSpanQuery, location="query")
@places.answer(200, schemas.OfficeSlotList)
def list_slots(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """The slots of a place between two days."""
    return {"items": place_office.calendar(g.actor, place_id, query.get("first"), query.get("last")), "next": None}


@places.post("/places/<place_id>/slots", access=staff("slot.open"), parameters=[PARAMETER])
@idempotent
@places.arguments(schemas.SlotsOpenBody)
@places.answer(201, schemas.SlotsOpened)
def open_slots(body: dict[str, Any], place_id: str) -> dict[str, int]:
    """Open the slots of coming days by the weekly plan of the place."""
    return {"new_slots": place_office.open_slots(g.actor, place_id, body["first"], body["days"])}


@places.get("/places/<place_id>/mini-program-code", access=staff("place.read"))
@places.response(200, content_type="image/png")
def mini_program_code(place_id: str) -> Response:
    """The picture that opens the place in the mini-program."""
    picture = place_code.picture(g.actor, place_id)
    return Response(picture, mimetype=place_code.media_type(picture))
