"""Pool water for the staff: readings, alarms, and whether a pool sells."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.sport import schemas
from models.sport import water_reading, water_views
from models.sport.water_reading import Told

water = Surface("office sport water", __name__, url_prefix="/office/v1/sport", description="泳池水质")


@water.get("/venues/<place_id>/water", access=staff("place.read"))
@water.answer(200, schemas.OfficeWaterList)
def list_water(place_id: str) -> dict[str, Any]:
    """The bodies of water of a venue, with alarms and decisions."""
    return {"items": water_views.for_staff(g.actor, place_id), "next": None}


@water.post("/venues/<place_id>/water-readings", access=staff("sport.water"), parameters=[PARAMETER])
@idempotent
@water.arguments(schemas.WaterReadingBody)
@water.answer(201, schemas.WaterReadingView)
def enter_reading(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Enter what was measured by hand."""
    told = Told(body["water"], body["at"], body["values"])
    return water_views.reading(water_reading.by_staff(g.actor, place_id, told))


@water.post("/venues/<place_id>/water/<water>/decision", access=staff("sport.water"))
@water.arguments(schemas.WaterDecisionBody)
@water.answer(200, schemas.OfficeWaterView)
def decide(body: dict[str, Any], place_id: str, water: str) -> dict[str, Any]:
    """Let a pool sell, or stop it until a person decides again."""
    return water_views.decided(g.actor, place_id, water, sell=body["sell"], reason=body["reason"])
