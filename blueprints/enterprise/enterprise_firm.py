"""A firm's own file: what the registers say of it, asked again, disputed."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import firm_schemas as schemas
from models.affairs import dispute
from models.enterprise import firm, firm_views

firms = Surface("enterprise firm", __name__, url_prefix="/enterprise/v1", description="雩企通:企业档案")
REFRESH_LIMIT = "12/hour"


@firms.get("/firm", access=member(scope="file"))
@firms.answer(200, schemas.FirmFile)
def read() -> dict[str, Any]:
    """The file of one's firm: each field with its source and date."""
    return firm_views.own(g.actor)


@firms.post("/firm/refresh", access=member(scope="file"))
@firms.answer(202, schemas.FirmAskedList)
def refresh() -> dict[str, Any]:
    """Have the registers asked whose answers are not fresh; look at the file a little later."""
    strictly(REFRESH_LIMIT, "firm_refresh", str(g.actor.organisation_id))
    return {"items": firm_views.asked(firm.refresh(g.actor)), "next": None}


@firms.post("/firm/facts/<fact_id>/dispute", access=member("owner", "manager", scope="dispute"), parameters=[PARAMETER])
@idempotent
@firms.arguments(schemas.FirmDisputeBody)
@firms.answer(201, schemas.FirmDisputeView)
def dispute_fact(body: dict[str, str], fact_id: str) -> dict[str, Any]:
    """Say that a register is wrong about one's firm: the unit of the register looks into it."""
    return firm_views.disputed(dispute.dispute_of_firm(g.actor, object_ids.read(fact_id), body["text"]))
