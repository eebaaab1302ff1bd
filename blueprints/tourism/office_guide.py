"""The guide as staff write it: points, routes, itineraries, exhibits, codes. Reviews are those of all content."""

from typing import Any

from flask import Response, g, request

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import HEADER, PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.content.schemas import ContentView
from blueprints.tourism import guide_schemas as schemas
from models.content import item_views
from models.tourism import exhibit_code, exhibit_sheet, guide_count, guide_office, itinerary_curated, point, route

guide = Surface(
    "office guide", __name__, url_prefix="/office/v1", description="导览采编:讲解点、线路、推荐行程、展品、展品码"
)


@guide.post("/guide/points", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@guide.arguments(schemas.PointBody)
@guide.answer(201, ContentView)
def create_point(body: dict[str, Any]) -> dict[str, Any]:
    """Make a point as a draft."""
    return _created(point.KIND, body)


@guide.post("/guide/routes", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@guide.arguments(schemas.RouteBody)
@guide.answer(201, ContentView)
def create_route(body: dict[str, Any]) -> dict[str, Any]:
    """Make a route as a draft."""
    return _created(route.KIND, body)


@guide.post("/guide/itineraries", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@guide.arguments(schemas.ItineraryDraftBody)
@guide.answer(201, ContentView)
def create_itinerary(body: dict[str, Any]) -> dict[str, Any]:
    """Make a curated itinerary as a draft."""
    return _created(itinerary_curated.KIND, body)


def _created(kind_name: str, body: dict[str, Any]) -> dict[str, Any]:
    key = request.headers[HEADER]
    made = guide_office.create(g.actor, kind_name, body.get("place"), body["content"], key=key, own=body.get("id"))
    return item_views.short(made)


@guide.post("/guide/exhibits", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@guide.arguments(schemas.ExhibitBody)
@guide.answer(201, ContentView)
def create_exhibit(body: dict[str, Any]) -> dict[str, Any]:
    """Make an exhibit as a draft, with the number of its label."""
    key = request.headers[HEADER]
    made = guide_office.create_exhibit(g.actor, body["place"], body["number"], body["content"], key=key)
    return item_views.short(made)


@guide.post("/guide/codes", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@guide.arguments(schemas.CodesBody)
@guide.answer(202, schemas.CodesStarted)
def make_codes(body: dict[str, Any]) -> dict[str, Any]:
    """Make the mini-program codes of all exhibits of a place that have none."""
    job = exhibit_code.start(g.actor, body["place"])
    return {"job_id": str(job["_id"]), "total": job["total"]}


@guide.get("/guide/codes/jobs/<job_id>", access=staff("content.write"))
@guide.answer(200, schemas.CodesView)
def read_codes(job_id: str) -> dict[str, Any]:
    """How far the codes are."""
    return exhibit_code.progress(g.actor, object_ids.read(job_id))


@guide.get("/guide/codes/sheet.pdf", access=staff("content.read"))
@guide.arguments(schemas.CodesQuery, location="query")
@guide.response(200, content_type="application/pdf")
def print_codes(query: dict[str, str]) -> Response:
    """The codes of a place on sheets to print."""
    labels = exhibit_code.pictures(g.actor, query["place"])
    return attachment(exhibit_sheet.pdf(labels), name="展品码.pdf", media_type="application/pdf")


@guide.get("/guide/codes/pictures.zip", access=staff("content.read"))
@guide.arguments(schemas.CodesQuery, location="query")
@guide.response(200, content_type="application/zip")
def fetch_codes(query: dict[str, str]) -> Response:
    """The codes of a place as single pictures."""
    labels = exhibit_code.pictures(g.actor, query["place"])
    return attachment(exhibit_sheet.archive(labels), name="展品码.zip", media_type="application/zip")


@guide.get("/content/items/<item_id>/counts", access=staff("content.read"))
@guide.arguments(schemas.CountQuery, location="query")
@guide.answer(200, schemas.CountList)
def read_counts(query: dict[str, Any], item_id: str) -> dict[str, Any]:
    """How often an item was looked at, by day."""
    return {"items": guide_count.by_day(g.actor, item_id, query["first"], query["last"])}
