"""Facts about a person for staff, and how the registers are."""

from typing import Any

from flask import g, request

from backend.errors import NotFound
from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from blueprints.registers import schemas
from models.affairs import case_facts
from models.identity.counter import HEADER
from models.registers import fact_views, source_state

registers = Surface("office registers", __name__, url_prefix="/office/v1", description="部门登记信息")
PURPOSE = "case_handling"
MAY_SERVE = {**SESSION_PARAMETER, "required": False}


@registers.get("/persons/<person_id>/facts", access=staff("fact.read", PURPOSE), parameters=[MAY_SERVE])
@registers.arguments(schemas.FactQuery, location="query")
@registers.answer(200, schemas.OfficeFactList)
def list_facts(query: dict[str, Any], person_id: str) -> dict[str, Any]:
    """Some kinds of facts, masked: of the person whom a case is about, or of whoever stands at one's counter."""
    found, kinds = object_ids.read(person_id), query["kind"]
    if "case" in query:
        return case_facts.for_case(g.actor, found, kinds, purpose=PURPOSE, number=query["case"])
    if HEADER not in request.headers:
        raise case_facts.CaseNeeded
    if standing_here().person_id != found:
        raise NotFound
    return fact_views.for_staff(g.actor, found, kinds, purpose=PURPOSE)


@registers.get("/registers", access=staff("fact.read"))
@registers.answer(200, schemas.RegisterList)
def list_registers() -> dict[str, Any]:
    """How each register is: up or away since when, and what it answered within the hour."""
    return {"items": source_state.listed(), "next": None}
