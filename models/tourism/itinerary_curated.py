"""Curated itineraries (推荐行程) for one, two and three days: content of the county, which passes the three reviews."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend.errors import NotFound
from models.content import item, kind
from models.content.fields import Content, text
from models.tourism import guide_wire, itinerary_views
from models.tourism.itinerary import StopUnknown
from models.tourism.itinerary_plan import MOST_DAYS

KIND = "itinerary"
MOST_STOPS = 30
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"
Found = dict[str, Any]


class CuratedStop(ma.Schema):
    """A stop: the how-manieth day, where, from when to when, and what to look at."""

    number = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, MOST_DAYS), metadata={"example": 1}
    )
    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})
    arrive = ma.fields.String(required=True, validate=validate.Regexp(_CLOCK), metadata={"example": "09:00"})
    leave = ma.fields.String(required=True, validate=validate.Regexp(_CLOCK), metadata={"example": "10:30"})
    note_zh = text(200, "免费,凭身份证领票。")

    @ma.validates_schema
    def forwards(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """One leaves after one has come."""
        if data["leave"] <= data["arrive"]:
            raise ma.ValidationError("离开时间应晚于到达时间。", "leave")


class CuratedItinerary(Content):
    """An itinerary of days that follow each other."""

    summary_zh = text(300, "上午看纪念馆,下午看罗田岩。", required=True)
    stops = ma.fields.List(ma.fields.Nested(CuratedStop), required=True, validate=validate.Length(1, MOST_STOPS))

    @ma.validates_schema
    def without_gap(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """No day is empty."""
        numbers = {one["number"] for one in data["stops"]}
        if len(numbers) < max(numbers):
            raise ma.ValidationError("天数应从第 1 天起连续,每天至少一站。", "stops")


def _require_places(content: Mapping[str, Any]) -> None:
    places = itinerary_views.known(content["stops"])
    if any(one["place"] not in places for one in content["stops"]):
        raise StopUnknown


kind.register(KIND, "推荐行程", CuratedItinerary, check=_require_places)


def listed(days: int | None, after: str | None = None) -> tuple[list[Found], str | None]:
    """Return a page of the published itineraries of so many days, or all, the shortest first, and the next's cursor."""
    told = sorted((_brief(one) for one in item.published_each(KIND)), key=_place_in_list)
    found = [one for one in told if days in {None, one["days"]} and _place_in_list(one) > (after or "")]
    most = item.MOST_SHOWN
    return found[:most], _place_in_list(found[most - 1]) if len(found) > most else None


def _place_in_list(one: Found) -> str:
    return f"{one['days']:02d}-{one['id']}"


def _brief(shown: Mapping[str, Any]) -> Found:
    days = max(one["number"] for one in shown["stops"])
    return guide_wire.brief(shown) | {"days": days, "stops": len(shown["stops"])}


def detailed(curated_id: str, first_day: date | None) -> Found:
    """Return a published itinerary day by day; with a first day it says what stands against each stop.

    Raises:
        NotFound: none is shown.
    """
    shown = read(curated_id)
    days = itinerary_views.days(shown["stops"], first_day.isoformat() if first_day else None)
    return {**guide_wire.whole(shown), **_brief(shown), "itinerary": days}


def read(curated_id: str) -> Found:
    """Return what a curated itinerary shows.

    Raises:
        NotFound: none is shown.
    """
    shown = item.published(KIND, curated_id)
    if shown is None:
        raise NotFound
    return shown
