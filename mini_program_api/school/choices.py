"""Which schools a child may choose and why, and twins who share their choices."""

from typing import Any

from backend.http.access import resident
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school import schemas_applications as schemas
from mini_program_api.school.applications import acting
from models.school import application_views, group, precheck

choices = Surface("school choices", __name__, url_prefix="/mini/v1/school", description="入学志愿")
OWN = resident("matched")


@choices.get("/applications/<application_id>/options", access=OWN)
@choices.answer(200, schemas.SchoolOptionList)
def list_options(application_id: str) -> dict[str, Any]:
    """The schools that the child's address is eligible for, each with why, and what the registers say."""
    return precheck.options(acting(), object_ids.read(application_id))


@choices.put("/applications/<application_id>/group", access=OWN)
@choices.arguments(schemas.SchoolTieBody)
@choices.answer(200, schemas.SchoolApplicationView)
def tie(body: dict[str, Any], application_id: str) -> dict[str, Any]:
    """Tie an application with others of one's children: they share choices and fate."""
    who, wanted = acting(), object_ids.read(application_id)
    others = [object_ids.read(one) for one in body["applications"]]
    group.tie(who, wanted, others, body["seq"])
    return application_views.one(who, wanted)


@choices.delete("/applications/<application_id>/group", access=OWN)
@choices.arguments(schemas.SchoolSeqQuery, location="query")
@choices.answer(200, schemas.SchoolApplicationView)
def untie(query: dict[str, int], application_id: str) -> dict[str, Any]:
    """Let an application go on by itself; its choices stay."""
    who, wanted = acting(), object_ids.read(application_id)
    group.untie(who, wanted, query.get("seq"))
    return application_views.one(who, wanted)
