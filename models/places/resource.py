"""A resource of a place (资源): a court, a lane, a guide, a table. It has slots, prices and limits of its own.

It lives in the opening hours of its place. What it does not say of refunds and limits, its place says.
"""

from datetime import date
from typing import Any

from mongoengine import BooleanField, DictField, Document, IntField, ListField, StringField

from backend import clock
from backend.calendar import WorkCalendar
from backend.store import documents
from models.booking import slot
from models.places import opening, place, slot_plan

KINDS = ("court", "lane", "pool", "guide", "table", "room", "device")
KIND_ZH = {
    "court": "场地",
    "lane": "泳道",
    "pool": "泳池",
    "guide": "讲解员",
    "table": "球台",
    "room": "房间",
    "device": "设备",
}
OF_SPORT = ("court", "lane", "pool", "table", "room")
"""Kinds that are booked by the rules of sport: hours of a court, sessions of a pool; never as a visit."""
MOST = 200
"""Bound of the resources of one place."""


class Resource(Document):
    """The id reads place and code: `sports_park.court_1`. `slots` is its plan (see `slot_plan`).

    `days_ahead` is how many days ahead it is sold, where that is fewer than those of its place.
    """

    meta = {
        "collection": "resources",
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "kind", "rank"]}, {"fields": ["state", "_id"]}],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    code = StringField(required=True)
    kind = StringField(choices=KINDS, required=True)
    name_zh = StringField(required=True)
    rank = IntField(required=True)
    state = StringField(choices=("active", "retired"), required=True)
    slots = ListField(DictField())
    ticket_types = ListField(DictField())
    refund_versions = ListField(DictField())
    limits = ListField(DictField())
    terms = DictField()
    about = DictField()
    days_ahead = IntField()
    demo = BooleanField()


def resource_id(place_id: str, code: str) -> str:
    """Return the id of a resource of a place."""
    return f"{place_id}.{code}"


def read(resource: str) -> dict[str, Any]:
    """Return a resource as stored.

    Raises:
        NotFound: no such resource.
    """
    return documents.one(Resource, {"_id": resource})


def of_place(place_id: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the active resources of a place by rank."""
    query: dict[str, Any] = {"place": place_id} | ({"kind": kind} if kind else {})
    found = Resource._get_collection().find(query).sort([("kind", 1), ("rank", 1)]).limit(MOST)
    return [one for one in found if one["state"] == "active"]


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what anybody may know of a resource."""
    told = {"id": found["_id"], "place_id": found["place"], "resource": found["code"], "kind": found["kind"]}
    told |= {"kind_zh": KIND_ZH[found["kind"]], "name_zh": found["name_zh"]}
    return told | {name: found[name] for name in ("about", "demo") if found.get(name)}


def open_slots(found: dict[str, Any], first: date, days: int) -> int:
    """Open the slots of a resource for `days` days from `first` by its plan; return how many are new."""
    owner, calendar, made = place.read(found["place"]), opening.calendar(), 0
    for number in range(days):
        day = date.fromordinal(first.toordinal() + number)
        if opening.spans(owner.get("opening") or {}, owner.get("closing") or {}, day, calendar):
            made += sum(slot.open_up(one) for one in slots_on(owner, found, day, calendar))
    return made


def slots_on(owner: dict[str, Any], found: dict[str, Any], day: date, days: WorkCalendar) -> list[dict[str, Any]]:
    """Return the slots that a resource of the place `owner` has on a day by its plan."""
    at = day.isoformat()
    classes = place.ticket_types_on(found, at)
    terms = place.terms_on({**owner, **{n: found[n] for n in ("refund_versions",) if found.get(n)}}, at)
    terms |= found.get("terms") or {}
    if (found.get("about") or {}).get("guardian_below"):
        terms["guardian_required"] = True
    more = {"resource_kind": found["kind"], "resource_zh": found["name_zh"]}
    if limits := found.get("limits") or owner.get("limits"):
        more["limits"] = limits
    return [
        slot_plan.record(found["place"], line, at, classes, terms, resource=found["code"]) | more
        for line in slot_plan.lines_on(found.get("slots") or [], day, days)
    ]


def open_coming_slots(days: int = place.DAYS_AHEAD) -> int:
    """Open the slots of all active resources from today on; return how many are new."""
    active = Resource._get_collection().find({"state": "active"}).limit(place.MOST * 4)
    return sum(open_slots(found, clock.today(), min(days, found.get("days_ahead") or days)) for found in active)
