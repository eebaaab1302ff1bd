"""What the registers say of one's child, for a round: each entry with source and date, disputed on the spot."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school import facts_schemas as schemas
from models.school import found_views

child_facts = Surface("school child facts", __name__, url_prefix="/mini/v1/school", description="入学登记信息")
ASK_LIMIT = "60/hour"
"""Registers may be asked by it; what is fresh is not asked again."""


@child_facts.get("/children/<child_id>/facts", access=resident("matched"))
@child_facts.arguments(schemas.ChildFactQuery, location="query")
@child_facts.answer(200, schemas.ChildFactsView)
def read_facts(query: dict[str, str], child_id: str) -> dict[str, Any]:
    """What is known of one's child and its guardians, where it would belong, and what is missing."""
    strictly(ASK_LIMIT, "school_facts", str(g.actor.account_id))
    return {**found_views.facts(g.actor, object_ids.read(child_id), query["round"]), "next": None}
