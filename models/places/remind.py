"""Reminders of visits: the evening before, and some hours before, once for each order however often this runs.

Each pass works in bounded batches: place by place, orders by their id. Its progress stands in one document, so that a
kill goes on where it stood; what was told just before is not told again, because a notice is told once.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ObjectIdField, StringField

from backend import clock, outbox
from models.booking import order
from models.places import tell_order
from models.places.place import MOST, Place
from models.rules import facts, parameters

BATCH = 200
HOURS_BEFORE = "visit_reminder_hours"
KEPT = timedelta(days=30)
_SHOWN = dict.fromkeys(("account", "place", "day", "start", "end", "places"), 1)


class ReminderPass(Document):
    """The id reads day and which pass; `place` and `after` say how far it is, `told` how many orders it looked at."""

    meta = {
        "collection": "reminder_passes",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": int(KEPT.total_seconds())}],
    }
    id = StringField(primary_key=True)
    state = StringField(choices=("running", "done"), required=True)
    place = StringField()
    after = ObjectIdField()
    told = IntField(required=True)
    at = DateTimeField(required=True)


def tomorrow() -> None:
    """Work on the reminders of tomorrow's visits.

    Raises:
        outbox.Later: a batch is done and more follow.
    """
    day = (clock.today() + timedelta(days=1)).isoformat()
    _work(f"{day}:before", {"day": day}, key="day")


def soon() -> None:
    """Work on the reminders of visits that begin in so many hours; without that figure there are none.

    A pass is named by the last minute that it reaches, so each begins where the one before ended.

    Raises:
        outbox.Later: a batch is done and more follow.
    """
    found = parameters.in_force([HOURS_BEFORE], clock.today()).get(HOURS_BEFORE)
    hours = facts.decode(found["value"]) if found else None
    if not isinstance(hours, int) or hours <= 0:
        return
    now = clock.civil(clock.now())
    minute, day = now.hour * 60 + now.minute, now.date().isoformat()
    reached = min(minute + hours * 60, 24 * 60)
    running = {"_id": {"$gte": f"{day}:soon:", "$lt": f"{day}:soon;"}, "state": "running"}
    for one in ReminderPass._get_collection().find(running):
        reached = min(reached, int(one["_id"].rpartition(":")[2]))
    begins = {"$gt": max(minute, _reached_before(day, reached)), "$lte": reached}
    _work(f"{day}:soon:{reached:04d}", {"day": day, "start": begins}, key="soon")


def _reached_before(day: str, reached: int) -> int:
    earlier = {"_id": {"$gte": f"{day}:soon:", "$lt": f"{day}:soon:{reached:04d}"}}
    found = ReminderPass._get_collection().find_one(earlier, sort=[("_id", -1)])
    return int(found["_id"].rpartition(":")[2]) if found else 0


def _work(name: str, wanted: Mapping[str, Any], *, key: str) -> None:
    passes = ReminderPass._get_collection()
    begun = {"state": "running", "place": "", "told": 0, "at": clock.now()}
    passes.update_one({"_id": name}, {"$setOnInsert": begun}, upsert=True)
    now = passes.find_one({"_id": name})
    if now is None or now["state"] == "done":
        return
    room = BATCH
    for one in _places(now["place"]):
        after = now.get("after") if one["_id"] == now["place"] else None
        found = _orders(one["_id"], wanted, after, room)
        for each in found:
            tell_order.tell_found(each, "visit_reminder", name=one["name"], key=key)
        room -= len(found)
        position = {"place": one["_id"], "after": found[-1]["_id"] if found else after}
        passes.update_one({"_id": name}, {"$set": position, "$inc": {"told": len(found)}})
        if room <= 0:
            raise outbox.Later(0)
    passes.update_one({"_id": name}, {"$set": {"state": "done"}})


def _places(start: str) -> list[dict[str, Any]]:
    found = Place._get_collection().find({"rank": {"$gte": 0}}, {"name": 1}).limit(MOST)
    return sorted((one for one in found if one["_id"] >= start), key=lambda one: str(one["_id"]))


def _orders(place_id: str, wanted: Mapping[str, Any], after: ObjectId | None, most: int) -> list[dict[str, Any]]:
    query: dict[str, Any] = {"place": place_id, "state": "issued", **wanted}
    if after:
        query["_id"] = {"$gt": after}
    return list(order.Order._get_collection().find(query, _SHOWN).sort("_id", 1).limit(most))
