"""Limits of a spot: how many people at once (瞬时承载量) and in a day (日承载量), dated, each with its document.

Values are only added, each with a later first day than the one before; the new one ends it. What was judged yesterday
keeps its reason.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mongoengine import DictField, Document, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict
from backend.store import transactions
from models.audit import entry
from models.crowd import state
from models.crowd.spot import Spot
from models.identity.actors import Staff
from models.places import scope, zone

OPERATION = "crowd.limit"


class CrowdLimit(Document):
    """The id is the spot's; `values` run from the oldest: instantaneous, daily, valid_from, valid_to, source, demo."""

    meta = {"collection": "crowd_limits", "auto_create_index": False, "indexes": [{"fields": ["place", "_id"]}]}
    id = StringField(primary_key=True)
    place = StringField(required=True)
    zone = StringField()
    values = ListField(DictField())


class LimitNotLater(Conflict):
    """409: a limit that begins on that day or later is there."""

    code = "crowd_limit_not_later"
    zh = "新的承载量须晚于已有承载量的起始日,请核对起始日期。"
    en = "The limit must begin later than the last one. Check the first day."


@dataclass(frozen=True)
class Told:
    """What a document says of a spot."""

    instantaneous: int
    daily: int
    valid_from: date
    valid_to: date | None
    source: str
    demo: bool = False

    def value(self) -> dict[str, Any]:
        """Return the value as it is stored."""
        ends = {"valid_to": self.valid_to.isoformat()} if self.valid_to else {}
        return {
            "instantaneous": self.instantaneous,
            "daily": self.daily,
            "valid_from": self.valid_from.isoformat(),
            "source": self.source,
            "demo": self.demo,
            **ends,
        }


def in_force(found: dict[str, Any] | None, day: str) -> dict[str, Any] | None:
    """Return the value of a spot's limits that holds on a day."""
    begun = [one for one in (found or {}).get("values", []) if one["valid_from"] <= day]
    if not begun or begun[-1].get("valid_to", day) < day:
        return None
    return dict(begun[-1])


def of(spot: Spot, day: str) -> dict[str, Any] | None:
    """Return the limit of a spot on a day, None where there is none."""
    return in_force(CrowdLimit._get_collection().find_one({"_id": spot.key}), day)


def of_place(place: str) -> list[dict[str, Any]]:
    """Return the limits of a place and its zones with their history."""
    return list(CrowdLimit._get_collection().find({"place": place}).sort("_id", 1).limit(200))


def put(actor: Staff, spot: Spot, told: Told) -> dict[str, Any]:
    """Set the limit of a spot from a day on; return its limits.

    Raises:
        NotFound: no such place in the actor's scope.
        ZoneUnknown: the place has no such zone.
        LimitNotLater: one begins on that day or later.
    """
    known = scope.place(actor, OPERATION, spot.place)
    zone.require(known, spot.zone)
    unit = known.get("unit") or ""
    figures = {"instantaneous": told.instantaneous, "daily": told.daily, "valid_from": told.valid_from.isoformat()}
    line = entry.line(actor.key, OPERATION, f"crowd:{spot.key}", unit=unit, **figures)
    value = {**told.value(), "by": actor.key, "at": clock.now()}

    def change(session: ClientSession) -> bool:
        if not _add(spot, value, session):
            return False
        entry.write(line, session)
        return True

    if not transactions.run(change):
        raise LimitNotLater(fields={"valid_from": [LimitNotLater.zh]})
    state.ensure(spot)
    return CrowdLimit._get_collection().find_one({"_id": spot.key}) or {}


def _add(spot: Spot, value: dict[str, Any], session: ClientSession) -> bool:
    collection = CrowdLimit._get_collection()
    found = collection.find_one({"_id": spot.key}, session=session) or {"values": []}
    if any(one["valid_from"] >= value["valid_from"] for one in found["values"]):
        return False
    eve = (clock.date_of(value["valid_from"]) - timedelta(days=1)).isoformat()
    earlier = list(found["values"])
    if earlier and earlier[-1].get("valid_to", value["valid_from"]) > eve:
        earlier[-1] = {**earlier[-1], "valid_to": eve}
    record = {"place": spot.place, "zone": spot.zone, "values": [*earlier, value]}
    collection.update_one({"_id": spot.key}, {"$set": record}, upsert=True, session=session)
    return True


def seed(spot: Spot, told: Told) -> bool:
    """Put the limit of the reference data where the spot has none; return whether it was put."""
    record = {"place": spot.place, "zone": spot.zone, "values": [told.value()]}
    made = CrowdLimit._get_collection().update_one({"_id": spot.key}, {"$setOnInsert": record}, upsert=True)
    state.ensure(spot)
    return made.upserted_id is not None
