"""One's rides, and paying what a ride without network left owed."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from mini_program_api.identity.session import ACTING_PARAMETER
from mini_program_api.transit import schemas
from models.transit import bus_line, ride, ride_views

rides = Surface("rides", __name__, url_prefix="/mini/v1", description="公交乘车记录")


@rides.get("/rides", access=resident("matched", scope="card"), parameters=[ACTING_PARAMETER])
@rides.arguments(schemas.PageQuery, location="query")
@rides.answer(200, schemas.RideList)
def list_rides(query: dict[str, Any]) -> dict[str, Any]:
    """One's rides, newest first."""
    items, following = ride_views.of_resident(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@rides.post("/rides/<ride_id>/payment", access=resident("verified"), parameters=[PARAMETER])
@idempotent
@rides.answer(200, schemas.RideView)
def pay(ride_id: str) -> dict[str, Any]:
    """Pay what is owed for a ride from one's wallet."""
    paid = ride.pay_owed(g.actor.person_id, ride_id)
    return ride_views.shown(paid, bus_line.read(paid["line"])["name"])
