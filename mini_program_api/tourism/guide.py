"""The guide: points, routes, exhibits and scanned codes, open to everybody."""

from typing import Any

from flask import request

from backend import geo
from backend.http.access import ANYONE
from backend.http.surface import Surface
from mini_program_api.tourism import guide_schemas as schemas
from models.tourism import exhibit, guide_count, guide_scene, point, route
from models.tourism.geofence import Fix

guide = Surface("guide", __name__, url_prefix="/mini/v1", description="导览:讲解点、线路、展品")


def _looks() -> bool:
    return request.method == "GET"


@guide.get("/guide/points", access=ANYONE)
@guide.arguments(schemas.GuideQuery, location="query")
@guide.answer(200, schemas.PointList)
def list_points(query: dict[str, Any]) -> dict[str, Any]:
    """The points of the county or of a place."""
    items, following = point.listed(query.get("place"), query.get("cursor"))
    return {"items": items, "next": following}


@guide.get("/guide/points/<point_id>", access=ANYONE)
@guide.answer(200, schemas.PointWhole)
def read_point(point_id: str) -> dict[str, Any]:
    """One point: text, voice with transcript, facts with sources."""
    told = point.read(point_id)
    if _looks():
        guide_count.seen(point.KIND, point_id)
    return told


@guide.get("/guide/nearby", access=ANYONE)
@guide.arguments(schemas.NearbyQuery, location="query")
@guide.answer(200, schemas.NearbyView)
def find_nearby(query: dict[str, Any]) -> dict[str, Any]:
    """At which point somebody is by the geofence; nothing is kept of where that was."""
    lon, lat = geo.to_wgs84(query["lon"], query["lat"])
    return point.nearby(Fix(lon, lat, query["accuracy_m"]), query.get("current"))


@guide.get("/guide/routes", access=ANYONE)
@guide.arguments(schemas.GuideQuery, location="query")
@guide.answer(200, schemas.RouteList)
def list_routes(query: dict[str, Any]) -> dict[str, Any]:
    """The routes of the county or of a place."""
    items, following = route.listed(query.get("place"), query.get("cursor"))
    return {"items": items, "next": following}


@guide.get("/guide/routes/<route_id>", access=ANYONE)
@guide.answer(200, schemas.RoutePackage)
def read_route(route_id: str) -> dict[str, Any]:
    """One route with its points and the rule of the geofence, so that the phone can go on alone."""
    told = route.package(route_id)
    if _looks():
        guide_count.seen(route.KIND, route_id)
    return told


@guide.get("/guide/exhibits", access=ANYONE)
@guide.arguments(schemas.ExhibitQuery, location="query")
@guide.answer(200, schemas.ExhibitList)
def list_exhibits(query: dict[str, Any]) -> dict[str, Any]:
    """The exhibits of a place, or the one whose number somebody typed."""
    items, following = exhibit.listed(query["place"], query.get("number"), query.get("cursor", 0))
    return {"items": items, "next": following}


@guide.get("/guide/exhibits/<exhibit_id>", access=ANYONE)
@guide.answer(200, schemas.ExhibitWhole)
def read_exhibit(exhibit_id: str) -> dict[str, Any]:
    """One exhibit."""
    told = exhibit.read(exhibit_id)
    if _looks():
        guide_count.seen(exhibit.KIND, exhibit_id)
    return told


@guide.get("/guide/scenes/<scene>", access=ANYONE)
@guide.answer(200, schemas.SceneView)
def read_scene(scene: str) -> dict[str, str]:
    """What a scanned mini-program code stands for."""
    return guide_scene.resolve(scene)
