"""One's benefits: every line with its state and why, and the repair of what failed. A helper sees them for an elder."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.benefits import schemas_lines as schemas
from mini_program_api.identity.session import ACTING_PARAMETER
from models.benefits import payment_views, repair

own_lines = Surface("own benefits", __name__, url_prefix="/mini/v1/benefits", description="我的补贴")
OWN = resident("matched", scope="card")
ACTING = [ACTING_PARAMETER]


@own_lines.get("", access=OWN, parameters=ACTING)
@own_lines.arguments(schemas.OwnLineQuery, location="query")
@own_lines.answer(200, schemas.OwnLineList)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """Every line of one's own, newest first."""
    items, following = payment_views.of_resident(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@own_lines.get("/<line_id>", access=OWN, parameters=ACTING)
@own_lines.answer(200, schemas.OwnLine)
def read_own(line_id: str) -> dict[str, Any]:
    """One line with what happened to it and why."""
    return payment_views.one_of_resident(g.actor, object_ids.read(line_id))


@own_lines.get("/items/<code>/why", access=OWN, parameters=ACTING)
@own_lines.arguments(schemas.WhyQuery, location="query")
@own_lines.answer(200, schemas.WhyView)
def why(query: dict[str, str], code: str) -> dict[str, Any]:
    """Why one gets or does not get an item in a period, with or without a line."""
    return payment_views.why_of_item(g.actor, code, query["period"])


@own_lines.post(
    "/<line_id>/repairs", access=resident("verified", scope="card"), parameters=[PARAMETER, ACTING_PARAMETER]
)
@idempotent
@own_lines.arguments(schemas.OwnRepairBody)
@own_lines.answer(200, schemas.OwnLineBrief)
def repair_own(body: dict[str, str], line_id: str) -> dict[str, Any]:
    """Confirm or correct the account of a line that failed; it goes into the next file."""
    return payment_views.shown(repair.repair(g.actor, object_ids.read(line_id), body["account"]))
