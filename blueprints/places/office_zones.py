"""The zones of a place: which parts have gates of their own, and how often a ticket lets into each."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.places import zone_schemas as schemas
from models.places import zone

zones = Surface("office zones", __name__, url_prefix="/office/v1", description="景点分区与入园规则")


@zones.get("/places/<place_id>/zones", access=staff("place.read"))
@zones.answer(200, schemas.ZonesBody)
def read(place_id: str) -> dict[str, Any]:
    """The zones of a place and its rule for static codes."""
    return zone.read(g.actor, place_id)


@zones.put("/places/<place_id>/zones", access=staff("slot.open"))
@zones.arguments(schemas.ZonesBody)
@zones.answer(200, schemas.ZonesBody)
def put(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set them for slots that are opened from now on; who has booked keeps what was agreed on."""
    return zone.put(g.actor, place_id, body["zones"], body["static_code"])
