"""The firms that policies are to find, as the policy offices see them."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.enterprise import firm_schemas as schemas
from models.enterprise import firm, firm_views

firms = Surface("office firms", __name__, url_prefix="/office/v1/enterprise", description="雩企通:企业档案")


@firms.get("/firms", access=staff("policy.read"))
@firms.arguments(schemas.FirmQuery, location="query")
@firms.answer(200, schemas.FirmList)
def list_firms(query: dict[str, Any]) -> dict[str, Any]:
    """The firms by credit code."""
    items, following = firm.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [firm_views.brief(one) for one in items], "next": following}


@firms.get("/firms/<credit_code>", access=staff("policy.read"))
@firms.answer(200, schemas.FirmFile)
def read(credit_code: str) -> dict[str, Any]:
    """The file of a firm: each field with its source and date; it names no person."""
    return firm_views.whole(credit_code)


@firms.post("/firms", access=staff("policy.run"), parameters=[PARAMETER])
@idempotent
@firms.arguments(schemas.FirmBody)
@firms.answer(201, schemas.FirmBrief)
def add(body: dict[str, str]) -> dict[str, Any]:
    """Take in a firm that the business register knows; the other registers are asked after."""
    return firm_views.brief(firm.add(g.actor, body["credit_code"]))


@firms.post("/firms/collect", access=staff("policy.run"), parameters=[PARAMETER])
@idempotent
@firms.answer(202, schemas.FirmJob)
def collect() -> dict[str, Any]:
    """Take in every organisation that has joined, and have the registers asked about each."""
    job = firm.collect(g.actor)
    return {"job_id": str(job["_id"]), "total": job["total"]}
