"""The cultural map in the mini-program, whose positions are GCJ-02 in both directions."""

from typing import Any

import orjson
from flask import Response, request

from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from mini_program_api.tourism import culture_map_schemas as schemas
from models.tourism import culture_map as the_map

LIMIT = 300
"""Requests of one address in a minute: many phones share the address of a hotel."""

culture_map = Surface("culture map", __name__, url_prefix="/mini/v1", description="文化地图")


@culture_map.get("/culture-map", access=ANYONE)
@culture_map.arguments(schemas.MiniMapQuery, location="query")
@culture_map.response(200, schemas.MiniMapView)
def read_map(query: dict[str, Any]) -> Response:
    """Places as a FeatureCollection with facets; `gcj02` of each feature is where the mini-program draws it."""
    guard(f"culture-map:{request.remote_addr}", per_minute=LIMIT)
    answer = Response(orjson.dumps(the_map.collection(schemas.wanted(query))), mimetype="application/json")
    answer.add_etag()
    answer.make_conditional(request)
    return answer
