"""One's own health view, or that of the elder for whom one acts: summary, timeline, who cares, what is hidden."""

from typing import Any

from bson import ObjectId
from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.eldercare import schemas
from mini_program_api.identity.session import ACTING_PARAMETER
from models.eldercare import (
    hide,
    hide_forms,
    hide_views,
    item_forms,
    subject_views,
    summary_views,
    timeline_views,
    view,
)
from models.eldercare.hide import Veil
from models.eldercare.timeline_views import Wanted

own = Surface("own health view", __name__, url_prefix="/mini/v1/health", description="我的健康视图")
OWN = resident("matched")
OWN_OR_FAMILY = resident("matched", scope="health")
ACTING = [ACTING_PARAMETER]


@own.get("/summary", access=OWN_OR_FAMILY, parameters=ACTING)
@own.answer(200, item_forms.HealthSummaryView)
def read_own_summary() -> dict[str, Any]:
    """How one is: a few lines in big type, then everything by part. The family does not see what is hidden."""
    return summary_views.whole(view.of_resident(g.actor))


@own.get("/timeline", access=OWN_OR_FAMILY, parameters=ACTING)
@own.arguments(schemas.HealthOwnTimelineQuery, location="query")
@own.answer(200, item_forms.HealthTimelineView)
def read_own_timeline(query: dict[str, Any]) -> dict[str, Any]:
    """Everything that was told, the newest first."""
    reader = view.of_resident(g.actor)
    items, following = timeline_views.page(
        reader, Wanted(query["word"]), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@own.get("/units", access=OWN_OR_FAMILY, parameters=ACTING)
@own.answer(200, schemas.HealthCareList)
def list_own_units() -> dict[str, Any]:
    """The units that care, and so may look."""
    reader = view.of_resident(g.actor)
    reader.looked("health.elder")
    return {"items": subject_views.places(reader.subject), "next": None}


@own.get("/hidden", access=OWN)
@own.answer(200, schemas.HealthVeilList)
def list_hidden() -> dict[str, Any]:
    """What one has hidden, and from whom."""
    return {"items": hide_views.listed(view.of_resident(g.actor).subject), "next": None}


@own.post("/hidden", access=OWN, parameters=[PARAMETER])
@idempotent
@own.arguments(hide_forms.HealthHideBody)
@own.answer(201, schemas.HealthVeilList)
def hide_something(body: dict[str, Any]) -> dict[str, Any]:
    """Hide a whole kind or one item; the same again replaces from whom."""
    item: ObjectId | None = object_ids.read(body["item_id"]) if body["item_id"] else None
    found = hide.hide(g.actor, Veil(body["word"], item, body["family"], body["units"]))
    return {"items": hide_views.listed(found), "next": None}


@own.delete("/hidden/<veil_id>", access=OWN)
@own.response(204)
def show_again(veil_id: str) -> None:
    """Show something again."""
    hide.show(g.actor, object_ids.read(veil_id))
