"""Planning one to three days: opening days, hours, ways, lunch and free slots, always the same for the same question.

Each step takes the place for which most speaks after the way there is paid in minutes; every stop says why it was
taken, and what one asked for but cannot have says why not.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.calendar_years import calendar
from backend.errors import BadInput
from models.booking.slot import WHOLE, Slot
from models.places.area import Area
from models.places.place import MOST, Place
from models.tourism import itinerary_choice, itinerary_day, itinerary_terms, itinerary_travel
from models.tourism.itinerary_choice import WEEKDAYS_ZH, Party, World
from models.tourism.itinerary_day import Day, Morning
from models.tourism.itinerary_terms import clock_time
from models.tourism.itinerary_travel import Spot

MOST_DAYS = 3
MOST_LEFT_OUT = 12
MOST_SLOTS = 5000
FURTHEST = timedelta(days=366)
_FIELDS = ("name", "kind", "level", "heritage", "town_code", "geo", "seat_km", "opening", "closing", "bookable", "rank")
Found = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """How many days from which day on, from where, and who."""

    first_day: date
    days: int
    party: Party
    start_place: str = ""
    position: tuple[float, float] | None = None


class DayWrong(BadInput):
    """400: the first day is past or too far away."""

    code = "itinerary_day_wrong"
    zh = "出发日期应在今天起的一年之内。"
    en = "The first day must lie within a year from today."

    def __init__(self) -> None:
        super().__init__(fields={"first_day": [self.zh]})


class StartUnknown(BadInput):
    """400: there is no such place to start from."""

    code = "itinerary_start_unknown"
    zh = "没有找到出发地点,请重新选择。"
    en = "There is no such place to start from."

    def __init__(self) -> None:
        super().__init__(fields={"start_place_id": [self.zh]})


def plan(question: Question) -> dict[str, Any]:
    """Return the days of an itinerary, what was left out, and the model behind it.

    Raises:
        DayWrong, StartUnknown: the question cannot be answered.
        NotFound: the county has put no terms of planning.
    """
    today = clock.today()
    if not today <= question.first_day <= today + FURTHEST:
        raise DayWrong
    places = _places()
    days = [question.first_day + timedelta(days=n) for n in range(question.days)]
    bookable = [one["_id"] for one in places if one.get("bookable")]
    world = World(itinerary_terms.read(), calendar(), _seat(), _slots(bookable, days))
    start = _start(question, places, world.seat)
    chosen: list[Day] = []
    refused: dict[str, str] = {}
    left = places
    for number, day in enumerate(days):
        filled = itinerary_day.fill(Morning(world, question.party, day, number, start), left, refused)
        chosen.append(filled)
        taken = {stop.place["_id"] for stop in filled.stops}
        left = [one for one in left if one["_id"] not in taken]
    wished = [one for one in left if one.get("kind") in question.party.interests]
    return {
        "days": [_shown(one) for one in chosen],
        "left_out": [
            {"place_id": one["_id"], "name": one["name"], "reason_zh": refused.get(one["_id"], "其他地点更顺路")}
            for one in wished[:MOST_LEFT_OUT]
        ],
        "model": _model(world.terms, question.party),
        "notes_zh": _notes(chosen, world.terms),
    }


def _places() -> list[Found]:
    query = {"rank": {"$gte": 0}, "category": {"$ne": "service"}}
    return list(Place._get_collection().find(query, dict.fromkeys(_FIELDS, 1)).sort("rank", 1).limit(MOST))


def _seat() -> str:
    """Return the code of the town that is the county's seat: the first of its towns."""
    county = Area._get_collection().find_one({"parent": None}, {"_id": 1}) or {}
    query = {"parent": county.get("_id", ""), "level": "town"}
    found = Area._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(1)
    return next((str(one["_id"]) for one in found), "")


def _slots(places: list[str], days: list[date]) -> dict[tuple[str, str], list[Found]]:
    wanted = {"place": {"$in": places}, "resource": WHOLE, "day": {"$in": [day.isoformat() for day in days]}}
    fields = dict.fromkeys(("place", "day", "start", "end", "left", "state"), 1)
    found = Slot._get_collection().find({**wanted, "kind": {"$ne": "day"}}, fields)
    told: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for one in found.sort([("place", 1), ("day", 1), ("start", 1)]).limit(MOST_SLOTS):
        told[one["place"], one["day"]].append(one)
    return dict(told)


def _start(question: Question, places: list[Found], seat: str) -> Spot:
    """Return where the days begin: the position, the place, else somewhere in the county's seat."""
    if question.position:
        return Spot(question.position)
    if question.start_place:
        found = next((one for one in places if one["_id"] == question.start_place), None)
        if found is None:
            raise StartUnknown
        return itinerary_travel.spot(found, seat)
    return Spot(None, seat, itinerary_travel.COUNTY_TOWN_KM)


def _shown(filled: Day) -> dict[str, Any]:
    told: dict[str, Any] = {"day": filled.day.isoformat(), "weekday_zh": WEEKDAYS_ZH[filled.day.weekday()]}
    told["stops"] = [itinerary_choice.shown(one) for one in filled.stops]
    if filled.lunch and filled.stops:
        told["lunch"] = dict(zip(("from", "to"), map(clock_time, filled.lunch), strict=True))
    return told


def _model(terms: dict[str, Any], party: Party) -> dict[str, Any]:
    names = ("drive_kmh", "detour", "walk_most_m", "park_minutes", "same_town_minutes", "unknown_minutes", "demo")
    return {"walk_kmh": terms["walk_kmh"][party.pace], **{name: terms[name] for name in names}}


def _notes(chosen: list[Day], terms: dict[str, Any]) -> list[str]:
    told = ["路程按直线距离乘绕行系数估算,不含堵车;以实际路况为准。"]
    if terms["demo"]:
        told.append("停留时间和速度为演示参数。")
    if any(stop.leg.estimated for filled in chosen for stop in filled.stops):
        told.append("部分地点没有公布坐标,路程按乡镇距离估算,出发前请用地图核对。")
    if any(not filled.stops for filled in chosen):
        told.append("有的日期没有排上合适的地点,可以放宽兴趣或换一天。")
    return told
