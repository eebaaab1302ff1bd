"""Searching: open to everybody, logged in or not."""

from typing import Any

from flask import request

from backend import geo
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from mini_program_api.tourism import search_schemas as schemas
from models.tourism import search as searching

LIMIT = 300
"""Searches of one address in a minute: many phones share the address of a hotel."""

search = Surface("search", __name__, url_prefix="/mini/v1", description="景点、场馆、线路与展品搜索")


@search.get("/search", access=ANYONE)
@search.arguments(schemas.SearchQuery, location="query")
@search.answer(200, schemas.SearchAnswer)
def find(query: dict[str, Any]) -> dict[str, Any]:
    """Places, venues, points, routes and exhibits by characters, pinyin or initials, what fits best first."""
    guard(f"search:{request.remote_addr}", per_minute=LIMIT)
    near = geo.to_wgs84(query["lon"], query["lat"]) if "lon" in query else None
    asked = searching.Asked(query["q"], query.get("kind"), near, query.get("cursor"), query["limit"])
    return searching.find(asked)
