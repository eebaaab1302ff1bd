"""Live figures of one's scope, limits, headcounts, overrides, sources."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.crowd import schemas
from models.crowd import headcount, limit, office_views, override, source
from models.crowd.spot import Spot

crowd = Surface("office crowd", __name__, url_prefix="/office/v1", description="客流与承载量")


@crowd.get("/crowd", access=staff("crowd.read"))
@crowd.answer(200, schemas.CrowdOfficeList)
def list_live() -> dict[str, Any]:
    """The live figures of one's places."""
    return {"items": office_views.listed(g.actor), "next": None}


@crowd.get("/places/<place_id>/crowd", access=staff("crowd.read"))
@crowd.answer(200, schemas.CrowdOfficeWhole)
def read_live(place_id: str) -> dict[str, Any]:
    """One place with its zones, sources and limits."""
    return office_views.detailed(g.actor, place_id)


@crowd.get("/places/<place_id>/crowd/limits", access=staff("crowd.read"))
@crowd.answer(200, schemas.CrowdLimitList)
def list_limits(place_id: str) -> dict[str, Any]:
    """The limits of a place and its zones, with their history."""
    return {"items": office_views.limits(g.actor, place_id), "next": None}


@crowd.post("/places/<place_id>/crowd/limits", access=staff("crowd.limit"), parameters=[PARAMETER])
@idempotent
@crowd.arguments(schemas.CrowdLimitBody)
@crowd.answer(201, schemas.CrowdLimitView)
def put_limit(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set a limit from a day on."""
    spot = Spot(place_id, body.pop("zone"))
    told = limit.Told(**{"valid_to": None, **body})
    return office_views.shown_limit(limit.put(g.actor, spot, told))


@crowd.post("/places/<place_id>/crowd/headcounts", access=staff("crowd.headcount"), parameters=[PARAMETER])
@idempotent
@crowd.arguments(schemas.HeadcountBody)
@crowd.answer(201, schemas.CrowdOfficeWhole)
def put_headcount(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Put in how many people were counted inside; the running counts begin there."""
    spot = Spot(place_id, body["zone"])
    headcount.put(g.actor, spot, body["people"], counted_at=body.get("counted_at"), reason=body["reason"])
    return office_views.detailed(g.actor, place_id)


@crowd.put("/places/<place_id>/crowd/override", access=staff("crowd.override"))
@crowd.arguments(schemas.OverrideBody)
@crowd.answer(200, schemas.CrowdOfficeWhole)
def put_override(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Stop or open today's sales, whatever the level says, until a moment of today."""
    override.put(g.actor, place_id, body["state"], until=body["until"], reason=body["reason"])
    return office_views.detailed(g.actor, place_id)


@crowd.delete("/places/<place_id>/crowd/override", access=staff("crowd.override"))
@crowd.response(204)
def end_override(place_id: str) -> None:
    """Let the level decide again."""
    override.end(g.actor, place_id)


@crowd.put("/places/<place_id>/crowd/sources/<source_id>", access=staff("crowd.source"))
@crowd.arguments(schemas.SourceStateBody)
@crowd.response(204)
def set_source(body: dict[str, str], place_id: str, source_id: str) -> None:
    """Take a broken source out of the rule, or put it back."""
    source.set_state(g.actor, place_id, source_id, body["state"])
