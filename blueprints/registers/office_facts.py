"""Facts about a person for staff, and how the registers are."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.registers import schemas
from models.registers import fact_views, source_state

registers = Surface("office registers", __name__, url_prefix="/office/v1", description="部门登记信息")
PURPOSE = "case_handling"


@registers.get("/persons/<person_id>/facts", access=staff("fact.read", PURPOSE))
@registers.arguments(schemas.FactQuery, location="query")
@registers.answer(200, schemas.OfficeFactList)
def list_facts(query: dict[str, Any], person_id: str) -> dict[str, Any]:
    """Some kinds of facts of a person, masked."""
    found = object_ids.read(person_id)
    return fact_views.for_staff(g.actor, found, query["kind"], purpose=PURPOSE, case=query.get("case"))


@registers.get("/registers", access=staff("fact.read"))
@registers.answer(200, schemas.RegisterList)
def list_registers() -> dict[str, Any]:
    """How each register is: up or away since when, and what it answered within the hour."""
    return {"items": source_state.listed(), "next": None}
