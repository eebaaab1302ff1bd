"""The tree of the county's units, kept by the system administrator."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity import unit_schemas as schemas
from models.identity import close_unit, unit, unit_views

units = Surface("office units", __name__, url_prefix="/office/v1", description="单位目录")


@units.get("/units", access=staff("unit.list"))
@units.arguments(schemas.UnitQuery, location="query")
@units.answer(200, schemas.UnitList)
def list_units(query: dict[str, Any]) -> dict[str, Any]:
    """The county's units by code: all, those directly below one, or all below one."""
    wanted = unit_views.Filter(query.get("parent"), query.get("under"), query.get("state"))
    items, following = unit_views.listed(g.actor, wanted, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@units.get("/units/<code>", access=staff("unit.list"))
@units.answer(200, schemas.UnitView)
def read(code: str) -> dict[str, Any]:
    """One unit with its path from the root."""
    return unit_views.one(g.actor, code)


@units.post("/units", access=staff("unit.change"), parameters=[PARAMETER])
@idempotent
@units.arguments(schemas.UnitBody)
@units.answer(201, schemas.UnitView)
def create(body: dict[str, str]) -> dict[str, Any]:
    """Make a unit."""
    return unit_views.shown(unit.create(g.actor, **body))


@units.put("/units/<code>", access=staff("unit.change"))
@units.arguments(schemas.UnitChangeBody)
@units.answer(200, schemas.UnitView)
def change(body: dict[str, str], code: str) -> dict[str, Any]:
    """Rename a unit, or move it with all below it."""
    return unit_views.shown(unit.change(g.actor, code, **body))


@units.post("/units/<code>/close", access=staff("unit.change"))
@units.answer(200, schemas.UnitView)
def close(code: str) -> dict[str, Any]:
    """Close a unit that has neither members nor units below it."""
    return unit_views.shown(close_unit.close(g.actor, code))


@units.post("/units/<code>/reopen", access=staff("unit.change"))
@units.answer(200, schemas.UnitView)
def reopen(code: str) -> dict[str, Any]:
    """Open a closed unit again."""
    return unit_views.shown(close_unit.reopen(g.actor, code))
