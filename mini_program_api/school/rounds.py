"""The rounds that a family may apply in."""

from typing import Any

from backend.http.access import resident
from backend.http.surface import Surface
from mini_program_api.school import schemas_applications as schemas
from models.school import application_views

rounds = Surface("school rounds", __name__, url_prefix="/mini/v1/school", description="招生批次")


@rounds.get("/rounds", access=resident("matched"))
@rounds.answer(200, schemas.SchoolApplyRoundList)
def list_announced_rounds() -> dict[str, Any]:
    """The rounds that were announced, with their windows in words."""
    return {"items": application_views.announced(), "next": None}
