"""Districts and address points in the hands of the bureau: read, checked, imported, handed out as GeoJSON."""

from typing import Any

import orjson
from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from blueprints.media import sheet_routes
from blueprints.school import district_schemas as schemas
from models.school import address_point, address_sheet, district, district_import, district_views

GEOJSON = "application/geo+json"
MOST_BODY = 8 << 20

office_districts = Surface(
    "office school districts", __name__, url_prefix="/office/v1/school", description="学区与门牌点"
)
sheets = Surface("office school sheets", __name__, url_prefix="/office/v1", description="门牌点表格导入")
sheet_routes.add(sheets, address_sheet.KIND)


@office_districts.get("/rounds/<round_id>/districts", access=staff("school.read"))
@office_districts.answer(200, schemas.DistrictList)
def list_districts(round_id: str) -> dict[str, Any]:
    """The districts of a round without their polygons."""
    return {"items": district_views.listed(round_id), "next": None}


@office_districts.put("/rounds/<round_id>/districts", access=staff("school.plan"), most_body_bytes=MOST_BODY)
@office_districts.arguments(schemas.DistrictFile)
@office_districts.answer(200, schemas.DistrictOutcomeView)
def import_districts(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Replace all districts of a round that is being prepared by those of a GeoJSON file, or none of them."""
    done = district_import.apply(g.actor, round_id, body)
    return {"districts": done.count, "changed": done.changed, "generation": done.generation}


@office_districts.post("/rounds/<round_id>/districts/check", access=staff("school.plan"), most_body_bytes=MOST_BODY)
@office_districts.arguments(schemas.DistrictFile)
@office_districts.answer(200, schemas.DistrictCheckView)
def check_districts(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """What is wrong with a GeoJSON file of districts; nothing is written."""
    return district_views.checked(district_import.check(g.actor, round_id, body))


@office_districts.get("/rounds/<round_id>/districts.geojson", access=staff("school.read"))
@office_districts.response(200, schemas.DistrictCollection, content_type=GEOJSON)
def export_districts(round_id: str) -> Response:
    """The districts of a round as a GeoJSON file that an import takes back."""
    data = orjson.dumps(district.collection(district.of_round(round_id)))
    return attachment(data, name=f"{round_id}-districts.geojson", media_type=GEOJSON)


@office_districts.get("/rounds/<round_id>/districts/<code>", access=staff("school.read"))
@office_districts.answer(200, schemas.DistrictWholeView)
def read_district(round_id: str, code: str) -> dict[str, Any]:
    """A district with its polygon, villages and house-number rules."""
    return district_views.one(round_id, code)


@office_districts.get("/address-points", access=staff("school.read"))
@office_districts.arguments(schemas.AddressPointQuery, location="query")
@office_districts.answer(200, schemas.AddressPointList)
def list_points(query: dict[str, Any]) -> dict[str, Any]:
    """The standard addresses of a street, by house."""
    found, following = address_point.page(query["street"], cursor=query.get("cursor"), limit=query["limit"])
    names = ("street", "number", "town", "village", "point")
    return {"items": [{name: one[name] for name in names} for one in found], "next": following}
