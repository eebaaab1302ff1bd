"""The appeals of a round with their clocks; they are handled as cases at /office/v1/cases."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.school import offer_schemas as schemas
from models.school import (
    appeal_settle,  # noqa: F401 - registers what follows the decision of an appeal
    offer_views,
)

appeals = Surface("office school appeals", __name__, url_prefix="/office/v1/school", description="入学申诉办理")


@appeals.get("/rounds/<round_code>/appeals", access=staff("school.review"))
@appeals.arguments(schemas.SchoolAppealQuery, location="query")
@appeals.answer(200, schemas.SchoolOfficeAppealList)
def list_round_appeals(query: dict[str, Any], round_code: str) -> dict[str, Any]:
    """The appeals of a round, by state."""
    items, following = offer_views.appeals(
        g.actor, round_code, state=query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}
