"""What anybody may read without an account: pool water, and free slots as a listing."""

from typing import Any

from backend.http.access import ANYONE
from backend.http.surface import Surface
from blueprints.sport import schemas
from models.sport import feed, water_views

sport = Surface("public sport", __name__, url_prefix="/public/v1/sport", description="泳池水质与空闲场地")


@sport.get("/venues/<place_id>/water", access=ANYONE)
@sport.answer(200, schemas.WaterList)
def list_water(place_id: str) -> dict[str, Any]:
    """The water of a venue: newest readings with limits and standards."""
    return {"items": water_views.of_venue(place_id), "next": None}


@sport.get("/venues/<place_id>/water/<water>/readings", access=ANYONE)
@sport.arguments(schemas.SportPageQuery, location="query")
@sport.answer(200, schemas.WaterReadingList)
def list_readings(query: dict[str, Any], place_id: str, water: str) -> dict[str, Any]:
    """The readings of a body of water, newest first."""
    items, following = water_views.history(place_id, water, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@sport.get("/slots", access=ANYONE)
@sport.arguments(schemas.SportFeedQuery, location="query")
@sport.answer(200, schemas.SportFeedView)
def list_slots(query: dict[str, Any]) -> dict[str, Any]:
    """Free slots of courts and sessions of a week, after OpenActive."""
    items, following = feed.slots(query.get("place"), query.get("first"), after=query.get("cursor"))
    return {"items": items, "next": following}
