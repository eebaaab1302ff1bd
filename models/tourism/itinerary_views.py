"""Stops as they are shown: with the place's name, and whether it is open on the day that is meant."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.calendar_years import calendar
from models.places import opening
from models.places.place import Place
from models.tourism.itinerary_choice import WEEKDAYS_ZH

_FIELDS = ("name", "kind", "geo", "opening", "closing", "notices", "bookable", "rank", "demo")
Found = dict[str, Any]


def known(stops: Iterable[Found]) -> dict[str, Found]:
    """Return the places of stops that are there and not hidden."""
    wanted = sorted({one["place"] for one in stops})
    found = Place._get_collection().find({"_id": {"$in": wanted}}, dict.fromkeys(_FIELDS, 1))
    return {one["_id"]: one for one in found if one["rank"] >= 0}


def days(stops: list[Found], first_day: str | None) -> list[dict[str, Any]]:
    """Return the stops day by day; with a first day each says what stands against it on its day."""
    places, calendar_years = known(stops), calendar() if first_day else None
    told: list[dict[str, Any]] = []
    for number in sorted({one["number"] for one in stops}):
        shown: dict[str, Any] = {"number": number}
        day = clock.date_of(first_day) + timedelta(days=number - 1) if first_day else None
        if day:
            shown |= {"day": day.isoformat(), "weekday_zh": WEEKDAYS_ZH[day.weekday()]}
        own = [one for one in stops if one["number"] == number]
        shown["stops"] = [_stop(one, places.get(one["place"]), day, calendar_years) for one in own]
        told.append(shown)
    return told


def _stop(stop: Found, place: Found | None, day: date | None, years: Any) -> dict[str, Any]:
    told = {"place_id": stop["place"], "arrive": stop["arrive"], "leave": stop["leave"]}
    told |= {"note_zh": stop["note_zh"]} if stop.get("note_zh") else {}
    if place is None:
        return {**told, "name": "(已下线的地点)", "warnings_zh": ["该地点已不再展示,请换一处。"]}
    told["name"] = place["name"]
    if place.get("kind"):
        told["kind"] = place["kind"]
    if day is None:
        return told
    hours = opening.spans(place["opening"], place.get("closing") or {}, day, years) if place.get("opening") else None
    if hours is not None:
        told["open"] = bool(hours)
    return {**told, "warnings_zh": list(_warnings(stop, place, day, hours))}


def _warnings(stop: Found, place: Found, day: date, hours: list[dict[str, str]] | None) -> Iterable[str]:
    """Yield what stands against a stop on its day."""
    weekday = f"{day.isoformat()}({WEEKDAYS_ZH[day.weekday()]})"
    if hours is None:
        yield f"{place['name']}的开放时间未公布,请先电话确认。"
    elif not hours:
        yield f"{place['name']}在 {weekday} 不开放,请改期或换一处。"
    elif not any(one["open"] <= stop["arrive"] and stop["leave"] <= one["close"] for one in hours):
        words = "、".join(f"{one['open']}–{one['close']}" for one in hours)
        yield f"{place['name']}在 {weekday} 的开放时间是 {words},请调整时间。"
    for notice in place.get("notices") or []:
        if notice["from_day"] <= day.isoformat() <= notice["to_day"]:
            yield f"公告:{notice['text']}"
