"""Whether a place can be visited at an hour of a day, and how much speaks for it: the single step of planning."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend import clock
from backend.calendar import WorkCalendar
from models.places import opening
from models.tourism import culture_map, itinerary_terms, itinerary_travel
from models.tourism.itinerary_terms import minutes
from models.tourism.itinerary_travel import Leg, Spot

WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
MATCHES, GRADE_5A, GRADE_4A, NATIONAL, PROVINCIAL, HAS_ROOM, HOURS_KNOWN, FITS_CHILD = 100, 30, 20, 15, 8, 10, 5, 10
STRENUOUS = -25
LAST_ENTRY = 15
"""Minutes before the end of a slot after which one no more tries to enter."""
Found = dict[str, Any]


@dataclass(frozen=True)
class Party:
    """Who travels, and what they like."""

    people: int = 1
    interests: frozenset[str] = frozenset()
    with_elder: bool = False
    with_child: bool = False
    pace: str = "normal"
    evening: bool = False


@dataclass(frozen=True)
class Stop:
    """A visit that is possible: its way, its minutes, its slot where one has to book, and why it was chosen."""

    place: Found
    leg: Leg
    enter: int
    leave: int
    why_zh: str
    slot: Found | None = None


@dataclass(frozen=True)
class Moment:
    """Where one is, when, and until when the visit must be over."""

    day: date
    now: int
    at: Spot
    until: int
    most_wait: int


@dataclass(frozen=True)
class World:
    """What planning looks at: terms, calendar, seat of the county, and the slots by place and day."""

    terms: dict[str, Any]
    days: WorkCalendar
    seat: str
    slots: dict[tuple[str, str], list[Found]]


def worth(world: World, party: Party, place: Found) -> float:
    """Return how much speaks for a place, before the way there."""
    told = MATCHES if place.get("kind") in party.interests else 0
    told += {"5A": GRADE_5A, "4A": GRADE_4A}.get(place.get("level") or "", 0)
    grade = culture_map.heritage_grade(place["heritage"]) if place.get("heritage") else ""
    told += {"national": NATIONAL, "provincial": PROVINCIAL}.get(grade, 0)
    told += HOURS_KNOWN if place.get("opening") else 0
    told += HAS_ROOM if place.get("bookable") else 0
    told += FITS_CHILD if party.with_child and place.get("kind") in world.terms["child_kinds"] else 0
    tired = party.with_elder or party.with_child
    return told + (STRENUOUS if tired and place.get("kind") in world.terms["strenuous_kinds"] else 0)


def attempt(world: World, party: Party, place: Found, moment: Moment) -> Stop | str:
    """Return the visit of a place from a moment on, or the Chinese reason why there is none."""
    spot = itinerary_travel.spot(place, world.seat)
    leg = itinerary_travel.leg(moment.at, spot, world.terms, party.pace)
    arrive = moment.now + leg.minutes
    length = itinerary_terms.stay(world.terms, place, with_elder=party.with_elder, with_child=party.with_child)
    spans = _spans(world, place, moment.day)
    if spans == []:
        return f"{WEEKDAYS_ZH[moment.day.weekday()]}({moment.day.isoformat()})不开放"
    told = world.slots.get((place["_id"], moment.day.isoformat()))
    room: list[Found | None] = [one for one in told or [] if one["left"] >= party.people and one["state"] == "open"]
    if place.get("bookable") and told and not room:
        return f"{moment.day.isoformat()} 已约满"
    for begin, end in spans or [(0, 24 * 60)]:
        for one in room or [None]:
            enter = max(arrive, begin, one["start"] if one else 0)
            if one and enter > one["end"] - min(LAST_ENTRY, one["end"] - one["start"]):
                continue
            if enter + length <= min(end, moment.until) and enter - arrive <= moment.most_wait:
                why = _why(party, place, moment.day, leg, (spans, one))
                return Stop(place, leg, enter, enter + length, why, one)
    return "当天时间不够或开放时段对不上"


def _spans(world: World, place: Found, day: date) -> list[tuple[int, int]] | None:
    """Return the hours of a place on a day in minutes, None when nobody has told them."""
    if not place.get("opening"):
        return None
    told = opening.spans(place["opening"], place.get("closing") or {}, day, world.days)
    return [(minutes(one["open"]), minutes(one["close"])) for one in told]


def _why(party: Party, place: Found, day: date, leg: Leg, hours: tuple[Any, Found | None]) -> str:
    """Return the sentence that explains a choice."""
    spans, slot = hours
    liked = f"您选了“{place['kind']}”" if place.get("kind") in party.interests else "顺路推荐"
    grade = [f"{place['level']}级景区"] if place.get("level") else []
    if place.get("heritage"):
        grade.append(place["heritage"])
    weekday = WEEKDAYS_ZH[day.weekday()]
    if spans:
        words = "、".join(f"{itinerary_terms.clock_time(a)}–{itinerary_terms.clock_time(b)}" for a, b in spans)
        open_zh = f"{weekday}开放 {words}"
    else:
        open_zh = "开放时间未公布,请先电话确认"
    parts = [";".join([liked, *grade]), leg.zh, open_zh]
    if slot:
        start = itinerary_terms.clock_time(slot["start"])
        parts.append(f"{start} 场次还有 {slot['left']} 个名额")
    elif place.get("bookable"):
        parts.append("这一天的预约还没有开放,请届时先预约")
    return ",".join(parts) + "。"


def shown(stop: Stop) -> dict[str, Any]:
    """Return a stop as a plan shows it."""
    told = {
        "place_id": stop.place["_id"],
        "name": stop.place["name"],
        "arrive": itinerary_terms.clock_time(stop.enter),
        "leave": itinerary_terms.clock_time(stop.leave),
        "leg": {"mode": stop.leg.mode, "minutes": stop.leg.minutes, "estimated": stop.leg.estimated},
        "why_zh": stop.why_zh,
    }
    told |= {"kind": stop.place["kind"]} if stop.place.get("kind") else {}
    if stop.leg.metres is not None:
        told["leg"]["metres"] = stop.leg.metres
    if stop.slot:
        begin, end = (itinerary_terms.clock_time(stop.slot[one]) for one in ("start", "end"))
        told["slot"] = {"id": stop.slot["_id"], "start": begin, "end": end, "left": stop.slot["left"]}
    return told


def now_minute() -> int:
    """Return the minute of the civil day that it is."""
    now = clock.civil(clock.now())
    return now.hour * 60 + now.minute
