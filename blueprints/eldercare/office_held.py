"""Readings that wait for a person at the kiosks of one's unit."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import device_schemas as schemas
from blueprints.identity.schemas import StaffPageQuery
from models.eldercare import held_readings as rules

held = Surface("office held readings", __name__, url_prefix="/office/v1/health", description="待核对的自助测量")
ACCESS = staff(rules.OPERATION, rules.PURPOSE)


@held.get("/held-readings", access=ACCESS)
@held.arguments(StaffPageQuery, location="query")
@held.answer(200, schemas.HealthHeldList)
def list_held(query: dict[str, Any]) -> dict[str, Any]:
    """What waits, the newest first."""
    items, following = rules.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@held.post("/held-readings/<health_session_id>/identify", access=ACCESS)
@held.arguments(schemas.HealthIdentifyBody)
@held.answer(200, schemas.HealthHeldView)
def identify(body: dict[str, str], health_session_id: str) -> dict[str, Any]:
    """Say whose readings these are; they become that elder's measurements."""
    return rules.identify(g.actor, health_session_id, object_ids.read(body["elder_id"]))


@held.post("/held-readings/<health_session_id>/discard", access=ACCESS)
@held.answer(200, schemas.HealthHeldView)
def discard(health_session_id: str) -> dict[str, Any]:
    """Say that they are no use."""
    return rules.discard(g.actor, health_session_id)
