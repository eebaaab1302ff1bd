"""What a probe in a pool sends, in signed requests."""

from typing import Any

from flask import g

from backend.http.access import device
from backend.http.surface import Surface
from blueprints.sport import schemas
from models.identity.device import AT_PLACES
from models.sport import water_reading, water_views
from models.sport.water_reading import Told

water = Surface("gate sport water", __name__, url_prefix="/gate/v1/sport", description="泳池水质在线监测")


@water.post("/water-readings", access=device(*AT_PLACES))
@water.arguments(schemas.WaterReadingBody)
@water.answer(200, schemas.WaterReadingView)
def take_reading(body: dict[str, Any]) -> dict[str, Any]:
    """Take in a reading; the same water and instant again is the same reading."""
    told = Told(body["water"], body["at"], body["values"])
    return water_views.reading(water_reading.by_device(g.actor, told))
