"""Rounds for anybody: their rules and times, schools and places, districts, and where a home belongs."""

from typing import Any

import orjson
from flask import Response, request

from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.school import district_schemas, schemas
from blueprints.school.office_districts import GEOJSON
from blueprints.school.office_rounds import located
from models.school import district, round_views
from models.school import round as rounds

LIMIT = 600
"""Requests of one address in a minute: many phones share the address of their mobile network."""
WHERE_LIMIT = 120

public_rounds = Surface(
    "public school rounds", __name__, url_prefix="/public/v1/school", description="招生批次公开信息"
)


@public_rounds.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"school:{request.remote_addr}", per_minute=LIMIT)


@public_rounds.get("/rounds", access=ANYONE)
@public_rounds.answer(200, schemas.SchoolRoundList)
def list_public_rounds() -> dict[str, Any]:
    """The rounds that were announced, the latest first."""
    return {"items": [round_views.public(one) for one in rounds.listed(public_only=True)], "next": None}


@public_rounds.get("/rounds/<round_id>", access=ANYONE)
@public_rounds.answer(200, schemas.SchoolRoundView)
def read_public_round(round_id: str) -> dict[str, Any]:
    """A round that was announced: its times, and which rules decide."""
    return round_views.public(rounds.public(round_id))


@public_rounds.get("/rounds/<round_id>/schools", access=ANYONE)
@public_rounds.answer(200, schemas.SeatPlanList)
def list_public_plans(round_id: str) -> dict[str, Any]:
    """The schools of a round and how many places each has."""
    return {"items": round_views.plans(round_id, rounds.public(round_id)["stage"]), "next": None}


@public_rounds.get("/rounds/<round_id>/districts", access=ANYONE)
@public_rounds.response(200, district_schemas.DistrictCollection, content_type=GEOJSON)
def public_districts(round_id: str) -> Response:
    """The districts of a round as GeoJSON (RFC 7946, WGS-84)."""
    rounds.public(round_id)
    body = orjson.dumps(district.collection(district.of_round(round_id)))
    answer = Response(body, mimetype=GEOJSON)
    answer.add_etag()
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.make_conditional(request)
    return answer


@public_rounds.post("/rounds/<round_id>/where", access=ANYONE)
@public_rounds.arguments(schemas.WhereBody)
@public_rounds.answer(200, schemas.LocatedView)
def where_do_i_belong(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Which schools belong to a home and why, in words; nothing is stored."""
    guard(f"school-where:{request.remote_addr}", per_minute=WHERE_LIMIT)
    rounds.public(round_id)
    return located(round_id, body)
