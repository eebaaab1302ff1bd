"""The draw of one's own application: pseudonym, own lot computed again, cut-offs, and why in words."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from backend.store import object_ids
from models.school import draw_forms as schemas
from models.school import draw_views

draws = Surface("school draws", __name__, url_prefix="/mini/v1/school", description="入学派位结果核对")


@draws.get("/applications/<application_id>/draw", access=resident("matched"))
@draws.answer(200, schemas.SchoolOwnDrawView)
def read_own_draw(application_id: str) -> dict[str, Any]:
    """The pseudonym once the list is frozen; once it is published, the result and how to check it."""
    return draw_views.of_family(g.actor, object_ids.read(application_id))
