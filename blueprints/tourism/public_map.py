"""The cultural map for anybody: as GeoJSON, and as a page that a browser shows without any script."""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from backend import clock
from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.tourism import public_map_schemas as schemas
from models.places import area
from models.sport import venue
from models.tourism import culture_map, culture_map_picture
from models.tourism.culture_map import Wanted

LIMIT = 600
"""Requests of one address in a minute: many phones share the address of their mobile network."""
GEOJSON = "application/geo+json"
NAMES_ZH = {"kind": "类型", "level": "等级", "heritage": "文物级别", "town": "乡镇"}

public_map = Surface(
    "public culture map",
    __name__,
    url_prefix="/public/v1",
    description="文化地图公开数据",
    template_folder="templates",
)


@public_map.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"culture-map:{request.remote_addr}", per_minute=LIMIT)


@public_map.get("/culture-map.geojson", access=ANYONE)
@public_map.arguments(schemas.CultureMapQuery, location="query")
@public_map.response(200, schemas.CultureMapView, content_type=GEOJSON)
def geojson(query: dict[str, Any]) -> Response:
    """Places as a FeatureCollection (RFC 7946, WGS-84) with facets; what has no known position stands apart."""
    body = orjson.dumps(culture_map.collection(schemas.wanted(query)))
    return _unless_known(Response(body, mimetype=GEOJSON))


@public_map.get("/culture-map", access=ANYONE)
@public_map.arguments(schemas.PagedMapQuery, location="query")
@public_map.response(200, content_type="text/html")
def page(query: dict[str, Any]) -> Response:
    """The map as a page: drawn from the county's own outline, with every place as a line of text beside it."""
    everything = culture_map.collection(Wanted())
    chosen = {name: value for name, value in query.items() if value}
    shown = culture_map.collection(schemas.wanted(chosen)) if chosen else everything
    told = {
        "pictures": culture_map_picture.pictures(area.outline(), shown["features"]),
        "shown": shown,
        "offers": [(name, NAMES_ZH[name], everything["facets"][name]) for name in NAMES_ZH],
        "kinds": venue.KIND_ZH,
        "chosen": chosen,
        "day": clock.today().isoformat(),
        "data": "culture-map.geojson" + ("?" + urlencode(chosen) if chosen else ""),
    }
    return _unless_known(pages.page("culture_map.html", **told))


def _unless_known(answer: Response) -> Response:
    """Give the answer its ETag; who has it already gets 304 without it."""
    answer.add_etag()
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.make_conditional(request)
    return answer
