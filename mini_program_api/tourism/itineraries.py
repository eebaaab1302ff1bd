"""Itineraries: curated ones and planning for everybody, keeping and sharing one's own with an account."""

from typing import Any

from flask import Response, g, request

from backend import geo
from backend.http.access import ANYONE, resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.limits import guard
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.tourism import itinerary_schemas as schemas
from models.tourism import itinerary, itinerary_curated, itinerary_plan, itinerary_save, itinerary_views
from models.tourism.itinerary_choice import Party
from models.tourism.itinerary_plan import Question

PLANS = 60
"""Plans of one address in a minute."""
LOOKS = 120
"""Shared itineraries opened by one address in a minute: a code is not to be guessed."""
NO_CONTENT = 204

itineraries = Surface("itineraries", __name__, url_prefix="/mini/v1", description="行程推荐、规划与分享")


@itineraries.get("/curated-itineraries", access=ANYONE)
@itineraries.arguments(schemas.CuratedQuery, location="query")
@itineraries.answer(200, schemas.CuratedList)
def list_curated(query: dict[str, Any]) -> dict[str, Any]:
    """Curated itineraries of one, two and three days."""
    items, following = itinerary_curated.listed(query.get("days"), query.get("cursor"))
    return {"items": items, "next": following}


@itineraries.get("/curated-itineraries/<curated_id>", access=ANYONE)
@itineraries.arguments(schemas.CuratedDayQuery, location="query")
@itineraries.answer(200, schemas.CuratedWhole)
def read_curated(query: dict[str, Any], curated_id: str) -> dict[str, Any]:
    """A curated itinerary; with a first day it says what is closed."""
    return itinerary_curated.detailed(curated_id, query.get("first_day"))


@itineraries.post("/itineraries/plan", access=ANYONE)
@itineraries.arguments(schemas.PlanBody)
@itineraries.answer(200, schemas.PlanView)
def make_plan(body: dict[str, Any]) -> dict[str, Any]:
    """Plan one to three days; nothing is kept or booked."""
    guard(f"plan:{request.remote_addr}", per_minute=PLANS)
    position = body.get("position")
    party = Party(
        people=body["people"],
        interests=frozenset(body["interests"]),
        with_elder=body["with_elder"],
        with_child=body["with_child"],
        pace="slow" if body["with_elder"] else body["pace"],
        evening=body["evening"],
    )
    question = Question(
        body["first_day"],
        body["days"],
        party,
        start_place=body.get("start_place_id", ""),
        position=geo.to_wgs84(position["lon"], position["lat"]) if position else None,
    )
    return itinerary_plan.plan(question)


@itineraries.post("/itineraries", access=resident(), parameters=[PARAMETER])
@idempotent
@itineraries.arguments(schemas.ItineraryBody)
@itineraries.answer(201, schemas.ItineraryWhole)
def save(body: dict[str, Any]) -> dict[str, Any]:
    """Keep an itinerary."""
    told = {name: body[name] for name in ("stops", "curated_id", "share_code") if name in body}
    key, _ = key_and_body()
    return itinerary.shown(itinerary_save.save(g.actor, body["first_day"], request=key, **told))


@itineraries.get("/itineraries", access=resident())
@itineraries.arguments(schemas.ItineraryPageQuery, location="query")
@itineraries.answer(200, schemas.ItineraryList)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """One's own itineraries, newest first."""
    found, following = itinerary.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [itinerary.brief(one) for one in found], "next": following}


@itineraries.get("/itineraries/<itinerary_id>", access=resident())
@itineraries.answer(200, schemas.ItineraryWhole)
def read_own(itinerary_id: str) -> dict[str, Any]:
    """One's own itinerary, with what is closed on its day."""
    return itinerary.shown(itinerary.read(g.actor, object_ids.read(itinerary_id)))


@itineraries.delete("/itineraries/<itinerary_id>", access=resident())
@itineraries.response(204)
def remove(itinerary_id: str) -> Response:
    """Remove one's own itinerary; its code opens nothing any more."""
    itinerary.remove(g.actor, object_ids.read(itinerary_id))
    return Response(status=NO_CONTENT)


@itineraries.put("/itineraries/<itinerary_id>/share", access=resident())
@itineraries.answer(200, schemas.ShareCode)
def share(itinerary_id: str) -> dict[str, str]:
    """Give others a code; asking again gives the same one."""
    return {"share_code": itinerary.share(g.actor, object_ids.read(itinerary_id))}


@itineraries.delete("/itineraries/<itinerary_id>/share", access=resident())
@itineraries.response(204)
def unshare(itinerary_id: str) -> Response:
    """Take the code back."""
    itinerary.unshare(g.actor, object_ids.read(itinerary_id))
    return Response(status=NO_CONTENT)


@itineraries.get("/shared-itineraries/<code>", access=ANYONE)
@itineraries.answer(200, schemas.SharedItinerary)
def read_shared(code: str) -> dict[str, Any]:
    """What a code opens: places and hours of the day, no dates, nothing of who shared it."""
    guard(f"shared-itinerary:{request.remote_addr}", per_minute=LOOKS)
    return {"itinerary": itinerary_views.days(itinerary.shared(code), None)}
