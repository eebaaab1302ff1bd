"""How full the places are, before one sets out."""

from typing import Any

from backend.http.access import ANYONE
from backend.http.surface import Surface
from mini_program_api.crowd import schemas
from models.crowd import live_views

crowd = Surface("crowd", __name__, url_prefix="/mini/v1", description="景区客流实况")


@crowd.get("/crowd", access=ANYONE)
@crowd.answer(200, schemas.PlaceCrowdList)
def list_crowd() -> dict[str, Any]:
    """All places that are counted."""
    return {"items": live_views.public(), "next": None}


@crowd.get("/crowd/<place_id>", access=ANYONE)
@crowd.answer(200, schemas.PlaceCrowdView)
def read_crowd(place_id: str) -> dict[str, Any]:
    """One place."""
    found = live_views.read(place_id)
    found.pop("zones")
    return found
