"""The children that were found for oneself, before the window of their round; and becoming their guardian."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school import facts_schemas as schemas
from models.school import found_views

found = Surface("school found", __name__, url_prefix="/mini/v1/school", description="入学提醒")
GUARDIAN_LIMIT = "20/day"


@found.get("/found", access=resident("matched"))
@found.answer(200, schemas.FoundChildList)
def list_found() -> dict[str, Any]:
    """One's children of school age in announced rounds: schools, 梯次, what is missing, when to apply."""
    return {"items": found_views.mine(g.actor), "next": None}


@found.post("/found/<found_id>/guardianship", access=resident("matched"))
@found.answer(200, schemas.FoundGuardianView)
def become_guardian_of_found(found_id: str) -> dict[str, Any]:
    """Become the guardian of a found child who stands in one's own household as a child."""
    strictly(GUARDIAN_LIMIT, "school_guardian", str(g.actor.account_id))
    made = found_views.become_guardian(g.actor, object_ids.read(found_id))
    until = clock.civil(made["until"]).isoformat(timespec="seconds")
    return {"relation_id": str(made["_id"]), "state": made["state"], "until": until}
