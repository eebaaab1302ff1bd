"""Standards in the hands of the county's office: editions and the tables that count from a day on."""

import re
from typing import Any

from flask import g

from backend.errors import NotFound
from backend.http.access import staff
from backend.http.surface import Surface
from models.selenium import standard, standard_check, standard_views
from models.selenium import standard_forms as schemas
from models.selenium.standard import Edition, Row, Table

standards = Surface("office standards", __name__, url_prefix="/office/v1", description="富硒标准指标")


@standards.get("/standards", access=staff("standard.read"))
@standards.answer(200, schemas.StandardList)
def list_standards() -> dict[str, Any]:
    """All editions with their tables, those that are over or unread too."""
    return {"items": standard_views.standards(), "next": None}


@standards.put("/standards/<standard_id>", access=staff("standard.edit"))
@standards.arguments(schemas.StandardBody)
@standards.answer(200, schemas.StandardView)
def put(body: dict[str, Any], standard_id: str) -> dict[str, Any]:
    """Enter an edition, or change its title and when it is in force."""
    if not re.match(standard.CODE, standard_id):
        raise NotFound
    days = {name: body[name].isoformat() if body[name] else None for name in ("valid_from", "valid_to")}
    return standard_views.standard_shown(standard.put(g.actor, standard_id, Edition(**{**body, **days})))


@standards.put("/standards/<standard_id>/table", access=staff("standard.edit"))
@standards.arguments(schemas.StandardTableBody)
@standards.answer(200, schemas.StandardView)
def set_table(body: dict[str, Any], standard_id: str) -> dict[str, Any]:
    """Set the rows that count from a day on, with their source; verdicts of before keep theirs."""
    rows = tuple(_row(one) for one in body["rows"])
    wanted = Table(body["valid_from"], rows, body["source"], body["confidence"])
    return standard_views.standard_shown(standard.set_table(g.actor, standard_id, wanted))


def _row(body: dict[str, Any]) -> Row:
    lower, upper = (_ug(body[f"{side}_mg_per_kg"]) for side in ("lower", "upper"))
    return Row(body["group"], body["basis"], lower, upper, body["organic_percent"], body["item_zh"])


def _ug(text: str | None) -> int | None:
    return None if text is None else standard_check.micrograms(text, "mg/kg", "rows")
