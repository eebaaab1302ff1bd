"""What is due next and one's own assessments, in short phrases, for the elder and the family."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from mini_program_api.eldercare import knowing_schemas as schemas
from mini_program_api.identity.session import ACTING_PARAMETER
from models.eldercare import knowing_views, programme_views, view

knowing = Surface("health due", __name__, url_prefix="/mini/v1/health", description="健康提醒与评估")
OWN = resident("matched", scope="health")


@knowing.get("/due", access=OWN, parameters=[ACTING_PARAMETER])
@knowing.answer(200, schemas.HealthDueList)
def list_due() -> dict[str, Any]:
    """What one has to do next, the nearest first, each in at most twenty characters."""
    reader = view.of_resident(g.actor)
    found = programme_views.due(reader)
    reader.looked("health.next_due")
    return {"items": found, "next": None}


@knowing.get("/assessments", access=OWN, parameters=[ACTING_PARAMETER])
@knowing.answer(200, schemas.HealthOwnAssessmentList)
def list_own_assessments() -> dict[str, Any]:
    """One's own assessments: what they found, in one sentence."""
    reader = view.of_resident(g.actor)
    found = knowing_views.own_assessments(reader)
    reader.looked("health.assessments")
    return {"items": found, "next": None}
