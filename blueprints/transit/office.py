"""Bus lines and their fares, for the staff."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.transit import schemas
from models.transit import bus_line, ride_views

lines = Surface("office bus lines", __name__, url_prefix="/office/v1", description="公交线路与票价")
OFFICE = [lines]


@lines.get("/bus-lines", access=staff("transit.read"))
@lines.answer(200, schemas.LineList)
def list_lines() -> dict[str, Any]:
    """All lines with their fares and concessions."""
    return {"items": [_shown(one) for one in bus_line.listed()], "next": None}


@lines.post("/bus-lines/<line_id>/fares", access=staff("transit.fare"), parameters=[PARAMETER])
@idempotent
@lines.arguments(schemas.FareBody)
@lines.answer(200, schemas.LineView)
def set_fare(body: dict[str, Any], line_id: str) -> dict[str, Any]:
    """Let a fare begin on a day."""
    return _shown(bus_line.set_fare(g.actor, line_id, **body))


@lines.get("/bus-lines/<line_id>/rides", access=staff("transit.read"))
@lines.arguments(schemas.LineRideQuery, location="query")
@lines.answer(200, schemas.LineRideList)
def list_rides(query: dict[str, Any], line_id: str) -> dict[str, Any]:
    """The rides of a line on a day, newest first, with what was paid and what is owed; nobody is named."""
    day = query.get("day") or clock.today()
    return ride_views.of_line(g.actor, line_id, day, cursor=query.get("cursor"), limit=query["limit"])


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    same = {name: found[name] for name in ("name", "operator", "unit", "fares")}
    return {"id": found["_id"], **same, "concessions": found.get("concessions", []), "demo": bool(found.get("demo"))}
