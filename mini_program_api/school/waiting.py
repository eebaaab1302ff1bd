"""Where one's application waits, and the wish not to wait for a school."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school import schemas_offers as schemas
from models.school import waiting as rules

waiting = Surface("school waiting lists", __name__, url_prefix="/mini/v1/school", description="入学候补")
OWN = resident("matched")


@waiting.get("/applications/<application_id>/waiting", access=OWN)
@waiting.answer(200, schemas.SchoolWaitingList)
def list_positions(application_id: str) -> dict[str, Any]:
    """The positions of one's application, and by what they are counted."""
    return {"items": rules.own(g.actor, object_ids.read(application_id)), "next": None}


@waiting.put("/applications/<application_id>/waiting/<school_code>", access=OWN)
@waiting.arguments(schemas.SchoolWaitsBody)
@waiting.answer(200, schemas.SchoolWaitingList)
def wait_or_not(body: dict[str, bool], application_id: str, school_code: str) -> dict[str, Any]:
    """Wait for one of one's choices, or do not; the same again changes nothing."""
    rules.want(g.actor, object_ids.read(application_id), school_code, waits=body["waits"])
    return {"items": rules.own(g.actor, object_ids.read(application_id)), "next": None}
