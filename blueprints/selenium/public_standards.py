"""Standards for anybody, and what they say of a content, side by side."""

from typing import Any

from flask import request

from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.selenium import standard_check, standard_views
from models.selenium import standard_forms as schemas
from models.selenium.standard_check import Measured

LIMIT = 240
"""Requests of one address in a minute: a shop behind one address of its network has many customers."""

standards = Surface("public standards", __name__, url_prefix="/public/v1/selenium", description="富硒标准对照")


@standards.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"selenium:{request.remote_addr}", per_minute=LIMIT)


@standards.get("/standards", access=ANYONE)
@standards.answer(200, schemas.StandardList)
def list_standards() -> dict[str, Any]:
    """All editions with their tables and sources."""
    return {"items": standard_views.standards(), "next": None}


@standards.get("/check", access=ANYONE)
@standards.arguments(schemas.StandardCheckQuery, location="query")
@standards.answer(200, schemas.StandardCheckView)
def check(query: dict[str, Any]) -> dict[str, Any]:
    """What each standard says of a content: the same product passes one and fails another."""
    se_ug = standard_check.micrograms(query["value"], query["unit"])
    measured = Measured(se_ug, query["basis"], query["moisture_permille"], query["organic_permille"])
    items = standard_views.check(measured, query["group"], query["day"], query["item_zh"])
    return {"mg_per_kg": standard_check.in_mg(se_ug), "items": items, "next": None}
