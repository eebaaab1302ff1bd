"""One's no-shows, and objecting to one."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from mini_program_api.affairs.schemas import OwnCaseBrief
from mini_program_api.booking import waiting_schemas as schemas
from models.affairs import case_views
from models.places import no_show_objection

no_shows = Surface("no-shows", __name__, url_prefix="/mini/v1", description="爽约记录与申诉")


@no_shows.get("/no-shows", access=resident("matched"))
@no_shows.answer(200, schemas.OwnNoShowList)
def list_own() -> dict[str, Any]:
    """One's no-shows, newest first, and until when they limit free booking."""
    return no_show_objection.of_resident(g.actor)


@no_shows.post("/no-shows/<mark>/objection", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@no_shows.arguments(schemas.NoShowObjectionBody)
@no_shows.answer(201, OwnCaseBrief)
def object_to(body: dict[str, str], mark: str) -> dict[str, Any]:
    """Say that a no-show should not count; the unit of the place looks into it."""
    return case_views.brief(no_show_objection.object_to(g.actor, mark, body["text"]))
