"""Appeals of a family: against a refusal or a result. Answers, withdrawal and the reason are those of the case."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.affairs.schemas import OwnCaseBrief
from mini_program_api.school import schemas_offers as schemas
from models.affairs import case_views
from models.school import appeal, offer_views

appeals = Surface("school appeals", __name__, url_prefix="/mini/v1/school", description="入学申诉")
OWN = resident("matched")


@appeals.get("/applications/<application_id>/appeals", access=OWN)
@appeals.answer(200, schemas.SchoolOwnAppealList)
def list_appeals(application_id: str) -> dict[str, Any]:
    """The appeals of one's application, newest first."""
    return {"items": offer_views.own_appeals(g.actor, object_ids.read(application_id)), "next": None}


@appeals.post("/applications/<application_id>/appeals", access=OWN, parameters=[PARAMETER])
@idempotent
@appeals.arguments(schemas.SchoolAppealOpenBody)
@appeals.answer(201, OwnCaseBrief)
def open_appeal(body: dict[str, Any], application_id: str) -> dict[str, Any]:
    """Appeal against a refusal or a result; somebody else than who decided answers within ten working days."""
    found = appeal.open_appeal(
        g.actor,
        object_ids.read(application_id),
        body["what"],
        body["text"],
        school=body["school"],
        files=body["attachments"],
    )
    return case_views.brief(found)
