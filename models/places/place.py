"""A place that one can visit: scenic area, heritage, museum, sport ground.

What no source told stays unknown and sorts last; made-up values are marked `demo`.
"""

from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DictField, Document, FloatField, IntField, ListField, StringField

from backend import clock, geo, outbox
from backend.calendar import WorkCalendar
from backend.errors import NotFound
from backend.store import documents
from backend.store.paging import BadCursor
from models.booking import day_counter, order_views, slot
from models.places import opening, slot_plan

COLLECTION = "places"
outbox.carried_by(COLLECTION)
MOST = 500
CATEGORIES = ("sight", "venue", "service")
"""A sight is visited, a venue of culture or sport is used, a service (hospital, station) is found when needed."""
FOUND_BY = frozenset({"name", "aliases", "kind", "category", "town", "geo", "rank", "heritage", "address", "facts"})
"""A change of these is a change of how a place is found."""
DAYS_AHEAD = 30
FIELDS = (
    "name",
    "aliases",
    "kind",
    "level",
    "town_code",
    "town",
    "geo",
    "opening",
    "closing",
    "bookable",
    "demo",
    "rank",
)


class Place(Document):
    """`ticket_types`, `slots`, `refund_rows` and `opening` describe visits; each part says whether it is demo.

    `geo` begins with `lon` and `lat`, WGS-84 where its `datum` says so; the index of positions reads these two.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            "rank",
            {"fields": ["kind", "rank"]},
            {"fields": ["town_code", "rank"]},
            {"fields": ["unit", "rank"]},
            {"fields": ["(geo"]},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    rank = IntField(required=True)
    name = StringField(required=True)
    aliases = ListField(StringField())
    kind = StringField()
    category = StringField(choices=CATEGORIES)
    level = StringField()
    heritage = StringField()
    town_code = StringField()
    town = StringField()
    village_code = StringField()
    address = StringField()
    phone = StringField()
    geo = DictField()
    seat_km = FloatField()
    facts = ListField(StringField())
    hours_told = DictField()
    ticket_told = DictField()
    confidence = StringField(required=True)
    source = ListField(required=True)
    unit = StringField()
    bookable = BooleanField()
    demo = BooleanField()
    opening = DictField()
    closing = DictField()
    slots = ListField(DictField())
    ticket_types = ListField(DictField())
    refund_versions = ListField(DictField())
    kept = ListField(StringField())
    enter_early_minutes = IntField()
    notices = ListField(DictField())
    limits = ListField(DictField())
    resources_made = IntField()
    daily_caps = ListField(DictField())
    terms = DictField()
    outbox = ListField()


def changed(place_id: str) -> dict[str, Any]:
    """Return what a change of a place carries in its `outbox`, so that searching learns of it."""
    return outbox.entry("reports", "tourism.index_place", place=place_id)


def read(place_id: str) -> dict[str, Any]:
    """Return a place as stored.

    Raises:
        NotFound: no such place.
    """
    return documents.one(Place, {"_id": place_id})


def payee_of(known: dict[str, Any]) -> str:
    """Return the ledger account that a place's tickets are paid to: its unit's, or its own where no unit runs it."""
    return f"merchant:{known.get('unit') or known['_id']}"


def listed(
    *,
    kind: str | None,
    town: str | None,
    near: tuple[float, float] | None,
    limit: int,
    after: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of places: by distance from `near` (WGS-84 longitude, latitude), unknown last, else by rank."""
    query: dict[str, Any] = {"rank": {"$gte": 0}}
    query |= {name: value for name, value in (("kind", kind), ("town_code", town)) if value}
    if not kind:
        query["category"] = {"$ne": "service"}
    fields = dict.fromkeys(FIELDS, 1)
    found = list(Place._get_collection().find(query, fields).sort("rank", 1).limit(MOST))
    shown = [_short(p, near) for p in found]
    if near:
        shown.sort(key=lambda p: p.get("distance_m", float("inf")))
    start = _position(shown, after) if after else 0
    page = shown[start : start + limit]
    return page, page[-1]["id"] if start + limit < len(shown) else None


def _position(shown: list[dict[str, Any]], after: str) -> int:
    for number, one in enumerate(shown):
        if one["id"] == after:
            return number + 1
    raise BadCursor(fields={"cursor": [BadCursor.zh]})


def _short(found: dict[str, Any], near: tuple[float, float] | None) -> dict[str, Any]:
    shown = {"id": found["_id"], "name": found["name"], "bookable": found.get("bookable", False)}
    shown |= {n: found[n] for n in ("kind", "level", "town_code", "town") if found.get(n)}
    if found.get("geo"):
        shown["geo"] = {n: found["geo"][n] for n in ("lon", "lat", "datum", "confidence")}
        if near:
            shown["distance_m"] = round(geo.distance_m(*near, found["geo"]["lon"], found["geo"]["lat"]))
    open_today = opening.is_open_today(found)
    if open_today is not None:
        shown["open_today"] = open_today
    if found.get("demo"):
        shown["demo"] = True
    return shown


def detailed(place_id: str, near: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return one place with its facts, sources, notices and next free slots.

    Raises:
        NotFound: no such place.
    """
    found = read(place_id)
    shown = _short(found, near)
    told = ("aliases", "heritage", "address", "facts", "hours_told", "ticket_told", "confidence", "source", "closing")
    shown |= {n: found[n] for n in (*told, "opening", "phone") if found.get(n)}
    if types := ticket_types_on(found, clock.today().isoformat()):
        shown["ticket_types"] = types
    shown["notices"] = notices_now(found)
    shown["next_slots"] = next_slots(place_id)
    return shown


def slots_between(place_id: str, first: str, last: str, resource: str = slot.WHOLE) -> list[dict[str, Any]]:
    """Return all slots of a place, or of one of its resources, between two days (inclusive), in their order.

    Raises:
        NotFound: no such place.
    """
    found = order_views.calendar(place_id, first, last, resource)
    if not found:
        read(place_id)
    return found


def next_slots(place_id: str, most: int = 5) -> list[dict[str, Any]]:
    """Return the next slots of a place that still have room, on days whose limit is not reached."""
    now = clock.civil(clock.now())
    today = now.date().isoformat()
    later = {"$or": [{"day": {"$gt": today}}, {"end": {"$gt": now.hour * 60 + now.minute}}]}
    own = {"place": place_id, "resource": slot.WHOLE, "kind": {"$ne": "day"}}
    days = _day_counters(place_id, today)
    full = {"counters": {"$nin": [counter for counter, left in days.items() if not left]}}
    query = {**own, "day": {"$gte": today}, "state": "open", "left": {"$gt": 0}, **later, **full}
    found = slot.Slot._get_collection().find(query, order_views.SLOT_FIELDS)
    return [order_views.slot_shown(one, days) for one in found.sort([("day", 1), ("start", 1)]).limit(most)]


def _day_counters(place_id: str, first: str) -> dict[str, int]:
    """Return what the limits of the days from one on leave, by the ids of their counters."""
    query = {"place": place_id, "resource": slot.WHOLE, "day": {"$gte": first}, "kind": "day"}
    rows = slot.Slot._get_collection().find(query, {"left": 1, "state": 1}).limit(MOST)
    return {one["_id"]: one["left"] if one["state"] == "open" else 0 for one in rows}


def notices_now(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the notices of a place that hold today."""
    today = clock.today().isoformat()
    return [
        {n: notice[n] for n in ("id", "text", "from_day", "to_day")}
        for notice in found.get("notices", [])
        if notice["from_day"] <= today <= notice["to_day"]
    ]


def post_notice(place_id: str, text: str, from_day: date, to_day: date, who: str) -> str:
    """Post a notice; return its id. A place keeps its newest fifty.

    Raises:
        NotFound: no such place.
    """
    notice = {
        "id": str(ObjectId()),
        "text": text,
        "from_day": from_day.isoformat(),
        "to_day": to_day.isoformat(),
        "by": who,
        "at": clock.now(),
    }
    change = {"$push": {"notices": {"$each": [notice], "$slice": -50}}}
    if not Place._get_collection().update_one({"_id": place_id}, change).matched_count:
        raise NotFound
    return str(notice["id"])


def terms_on(found: dict[str, Any], day: str) -> dict[str, Any]:
    """Return the terms that an order of `day` takes along: the refund rows in force and how early one may enter."""
    rows = (slot_plan.in_force(found.get("refund_versions") or [], day) or {}).get("rows", [])
    own = {"refund_rows": rows, "enter_early_minutes": found.get("enter_early_minutes", 30)}
    return {**own, **(found.get("terms") or {})}


def ticket_types_on(found: dict[str, Any], day: str) -> list[dict[str, Any]]:
    """Return the ticket types of a place that hold on a day: of each code the version that began last."""
    chosen: dict[str, dict[str, Any]] = {}
    for one in found.get("ticket_types") or []:
        begins = one.get("valid_from") or ""
        if begins <= day and begins >= (chosen.get(one["code"], {}).get("valid_from") or ""):
            chosen[one["code"]] = one
    return [{name: value for name, value in one.items() if name != "valid_from"} for one in chosen.values()]


def open_slots(place_id: str, first: date, days: int) -> int:
    """Open the slots of a place for `days` days from `first` by its plan; return how many are new.

    The counter of a day's limit is there before the slots that sell along with it.

    Raises:
        NotFound: no such place.
    """
    found, made, calendar = read(place_id), 0, opening.calendar()
    for number in range(days):
        day = date.fromordinal(first.toordinal() + number)
        wanted = slots_on(found, day, calendar)
        if wanted and (counter := day_counter_of(found, day.isoformat())):
            day_counter.bring(counter)
        made += sum(slot.open_up(one) for one in wanted)
    return made


def open_coming_slots(days: int = DAYS_AHEAD) -> int:
    """Open the slots of all bookable places from today on; return how many are new."""
    bookable = Place._get_collection().find({"rank": {"$gte": 0}, "bookable": True}, {"_id": 1}).limit(MOST)
    return sum(open_slots(found["_id"], clock.today(), days) for found in bookable)


def day_counter_of(found: dict[str, Any], day: str) -> dict[str, Any] | None:
    """Return the counter of the limit of a day, None where there is no limit."""
    cap = slot_plan.in_force(found.get("daily_caps") or [], day)
    return slot_plan.day_record(found["_id"], day, cap["places"]) if cap and cap["places"] is not None else None


def slots_on(found: dict[str, Any], day: date, days: WorkCalendar) -> list[dict[str, Any]]:
    """Return the slots that a place as a whole has on a day by its hours and its plan."""
    if not opening.spans(found.get("opening") or {}, found.get("closing") or {}, day, days):
        return []
    at = day.isoformat()
    classes, terms, more = ticket_types_on(found, at), terms_on(found, at), {}
    if found.get("limits"):
        more["limits"] = found["limits"]
    if counter := day_counter_of(found, at):
        more["counters"] = [counter["_id"]]
    lines = slot_plan.lines_on(found.get("slots") or [], day, days)
    return [slot_plan.record(found["_id"], line, at, classes, terms) | more for line in lines]
