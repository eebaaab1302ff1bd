"""Places, areas and slots: open to everybody, logged in or not."""

from datetime import date
from typing import Any

from backend import clock, geo
from backend.errors import BadInput, NotFound
from backend.http.access import ANYONE
from backend.http.surface import Surface
from mini_program_api.places import schemas
from models.booking import order_views, slot
from models.crowd import live_views
from models.places import area, place, resource

places = Surface("places", __name__, url_prefix="/mini/v1", description="景点、区划与可约时段")
LONGEST_CALENDAR_DAYS = 62


class SpanTooLong(BadInput):
    """400: the span of days is empty or too long."""

    code = "span_too_long"
    zh = "日期范围有误,一次最多查询 62 天。"
    en = "Ask for 1 to 62 days at once."


def _near(query: dict[str, Any]) -> tuple[float, float] | None:
    return geo.to_wgs84(query["lon"], query["lat"]) if "lon" in query and "lat" in query else None


@places.get("/places", access=ANYONE)
@places.arguments(schemas.PlaceQuery, location="query")
@places.answer(200, schemas.PlaceList)
def list_places(query: dict[str, Any]) -> dict[str, Any]:
    """Places by distance or rank; what no source told sorts last."""
    items, following = place.listed(
        kind=query.get("kind"),
        town=query.get("town"),
        near=_near(query),
        limit=query["limit"],
        after=query.get("cursor"),
    )
    return {"items": items, "next": following}


@places.get("/places/<place_id>", access=ANYONE)
@places.arguments(schemas.NearQuery, location="query")
@places.answer(200, schemas.PlaceWhole)
def read_place(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """One place."""
    found = place.detailed(place_id, _near(query))
    crowd = live_views.of_place(place_id)
    return {**found, "crowd": crowd} if crowd else found


@places.get("/places/<place_id>/slots", access=ANYONE)
@places.arguments(schemas.SpanQuery, location="query")
@places.answer(200, schemas.SlotList)
def list_slots(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """All slots of a place, or of one of its resources, between two days, a month by default."""
    first: date = query.get("first") or clock.today()
    last: date = query.get("last") or date.fromordinal(min(first.toordinal() + 30, date.max.toordinal()))
    if not 0 <= (last - first).days < LONGEST_CALENDAR_DAYS:
        raise SpanTooLong(fields={"to": [SpanTooLong.zh]})
    found = place.slots_between(place_id, first.isoformat(), last.isoformat(), query["resource"])
    return {"items": found, "next": None}


@places.get("/places/<place_id>/resources", access=ANYONE)
@places.answer(200, schemas.ResourceList)
def list_resources(place_id: str) -> dict[str, Any]:
    """The courts, lanes and guides of a place."""
    place.read(place_id)
    return {"items": [resource.shown(one) for one in resource.of_place(place_id)], "next": None}


@places.get("/slots/<slot_id>", access=ANYONE)
@places.answer(200, schemas.SlotWhole)
def read_slot(slot_id: str) -> dict[str, Any]:
    """One slot with its kinds of tickets and prices."""
    found = slot.read(slot_id)
    if found.get("kind") == "day":  # the counter of a day's limit, which nobody books
        raise NotFound
    return order_views.slot_whole(found)


@places.get("/areas/<code>/children", access=ANYONE)
@places.answer(200, schemas.AreaList)
def list_areas(code: str) -> dict[str, Any]:
    """The towns of the county, or the villages of a town."""
    return {"items": area.children(code), "next": None}
