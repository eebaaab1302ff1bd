"""Breaking the glass, and its review."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import glass_schemas as schemas
from models.identity import break_glass, break_glass_views

glasses = Surface("office break-glass", __name__, url_prefix="/office/v1", description="紧急查看")
LIMIT = "5/hour"
"""An emergency is about a few records; more is a search."""
REVIEW = staff("break_glass.review")


@glasses.post("/break-glass", access=staff("break_glass.open"), parameters=[PARAMETER])
@idempotent
@glasses.arguments(schemas.GlassBody)
@glasses.answer(201, schemas.GlassView)
def break_it(body: dict[str, str]) -> dict[str, Any]:
    """Open a closed record for an hour, at once; it is reviewed within three working days."""
    strictly(LIMIT, "break-glass", g.actor.key)
    why = {"emergency": body["emergency"], "reason": body["reason"]}
    if "person_id" in body:
        made = break_glass.open_person(g.actor, object_ids.read(body["person_id"]), **why)
    else:
        made = break_glass.open_order(g.actor, object_ids.read(body["order_id"]), **why)
    return break_glass_views.shown(made)


@glasses.get("/break-glass", access=REVIEW)
@glasses.arguments(schemas.GlassQuery, location="query")
@glasses.answer(200, schemas.GlassList)
def list_glasses(query: dict[str, Any]) -> dict[str, Any]:
    """What was opened in emergencies, newest first."""
    items, following = break_glass_views.listed(
        g.actor, query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@glasses.post("/break-glass/<glass_id>/review", access=REVIEW, parameters=[PARAMETER])
@idempotent
@glasses.arguments(schemas.GlassReviewBody)
@glasses.answer(200, schemas.GlassView)
def review(body: dict[str, Any], glass_id: str) -> dict[str, Any]:
    """Judge whether it was justified, once."""
    return break_glass_views.shown(break_glass.review(g.actor, object_ids.read(glass_id), **body))
