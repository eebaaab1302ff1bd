"""The candidates of a round in the hands of the bureau: looked through by state, and counted."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.school import candidate_schemas as schemas
from models.school import candidate_views
from models.school.candidate_views import OPERATION, PURPOSE

candidates = Surface("office school candidates", __name__, url_prefix="/office/v1/school", description="适龄儿童名册")


@candidates.get("/rounds/<round_id>/candidates", access=staff(OPERATION, PURPOSE))
@candidates.arguments(schemas.CandidateQuery, location="query")
@candidates.answer(200, schemas.CandidateList)
def list_candidates(query: dict[str, Any], round_id: str) -> dict[str, Any]:
    """The children found for a round: schools, 梯次, what is missing, whether anybody was told."""
    items, following = candidate_views.listed(
        g.actor, round_id, state=query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@candidates.get("/rounds/<round_id>/candidates/counts", access=staff(OPERATION))
@candidates.answer(200, schemas.CandidateCountList)
def count_candidates(round_id: str) -> dict[str, Any]:
    """How many children were found for a round, by whom the message reached."""
    return {"items": candidate_views.counts(g.actor, round_id), "next": None}
