"""A place that one can visit: scenic area, heritage, museum, sport ground.

What no source told stays unknown and sorts last; made-up values are marked `demo`.
"""

from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DictField, Document, IntField, ListField, StringField

from backend import clock, geo
from backend.errors import NotFound
from backend.store.paging import BadCursor
from models.booking import order_views, slot
from models.places import opening

MOST = 500
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
    """`ticket_types`, `slots`, `refund_rows` and `opening` describe visits; each part says whether it is demo."""

    meta = {
        "collection": "places",
        "auto_create_index": False,
        "indexes": [
            "rank",
            {"fields": ["kind", "rank"]},
            {"fields": ["town_code", "rank"]},
            {"fields": ["unit", "rank"]},
        ],
    }
    id = StringField(primary_key=True)
    rank = IntField(required=True)
    name = StringField(required=True)
    aliases = ListField(StringField())
    kind = StringField()
    level = StringField()
    heritage = StringField()
    town_code = StringField()
    town = StringField()
    village_code = StringField()
    address = StringField()
    geo = DictField()
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


def read(place_id: str) -> dict[str, Any]:
    """Return a place as stored.

    Raises:
        NotFound: no such place.
    """
    found = Place._get_collection().find_one({"_id": place_id})
    if found is None:
        raise NotFound
    return found


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
    shown |= {n: found[n] for n in (*told, "opening") if found.get(n)}
    if types := ticket_types_on(found, clock.today().isoformat()):
        shown["ticket_types"] = types
    shown["notices"] = notices_now(found)
    shown["next_slots"] = next_slots(place_id)
    return shown


def slots_between(place_id: str, first: str, last: str) -> list[dict[str, Any]]:
    """Return all slots of a place between two days (inclusive), in their order.

    Raises:
        NotFound: no such place.
    """
    found = order_views.calendar(place_id, first, last)
    if not found:
        read(place_id)
    return found


def next_slots(place_id: str, most: int = 5) -> list[dict[str, Any]]:
    """Return the next slots of a place that still have room."""
    now = clock.civil(clock.now())
    today = now.date().isoformat()
    later = {"$or": [{"day": {"$gt": today}}, {"end": {"$gt": now.hour * 60 + now.minute}}]}
    query = {"place": place_id, "day": {"$gte": today}, "state": "open", "left": {"$gt": 0}, **later}
    found = slot.Slot._get_collection().find(query, order_views.SLOT_FIELDS)
    return [order_views.slot_shown(one) for one in found.sort([("day", 1), ("start", 1)]).limit(most)]


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
    rows: list[dict[str, Any]] = next(
        (
            version["rows"]
            for version in reversed(found.get("refund_versions", []))
            if version["valid_from"] <= day and (version["valid_to"] is None or day <= version["valid_to"])
        ),
        [],
    )
    return {"refund_rows": rows, "enter_early_minutes": found.get("enter_early_minutes", 30)}


def ticket_types_on(found: dict[str, Any], day: str) -> list[dict[str, Any]]:
    """Return the ticket types of a place that hold on a day: of each code the version that began last."""
    chosen: dict[str, dict[str, Any]] = {}
    for one in found.get("ticket_types") or []:
        begins = one.get("valid_from") or ""
        if begins <= day and begins >= (chosen.get(one["code"], {}).get("valid_from") or ""):
            chosen[one["code"]] = one
    return [{name: value for name, value in one.items() if name != "valid_from"} for one in chosen.values()]


def open_slots(place_id: str, first: date, days: int) -> int:
    """Open the slots of a place for `days` days from `first` by its weekly plan; return how many are new.

    Raises:
        NotFound: no such place.
    """
    found, made, calendar = read(place_id), 0, opening.calendar()
    for number in range(days):
        day = date.fromordinal(first.toordinal() + number)
        if opening.spans(found.get("opening") or {}, found.get("closing") or {}, day, calendar):
            made += sum(slot.open_up(_slot(found, plan, day.isoformat())) for plan in found.get("slots") or [])
    return made


def open_coming_slots(days: int = DAYS_AHEAD) -> int:
    """Open the slots of all bookable places from today on; return how many are new."""
    bookable = Place._get_collection().find({"rank": {"$gte": 0}, "bookable": True}, {"_id": 1}).limit(MOST)
    return sum(open_slots(found["_id"], clock.today(), days) for found in bookable)


def _slot(found: dict[str, Any], plan: dict[str, Any], day: str) -> dict[str, Any]:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in (plan["start"], plan["end"]))
    return {
        "_id": slot.slot_id(found["_id"], day, start),
        "place": found["_id"],
        "day": day,
        "start": start,
        "end": end,
        "quota": plan["quota"],
        "classes": ticket_types_on(found, day),
        "terms": terms_on(found, day),
    }
