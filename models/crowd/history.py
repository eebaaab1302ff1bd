"""The history: a time series of what each spot held, minute by minute.

    shown   the number and level as they were shown then; never changed afterwards
    gate, flow   people in and out in a minute, written again with a higher revision when late events change it

The store has neither unique keys nor transactions for a time series, so points may be written twice: readers take the
point of the highest revision of a minute. A backup holds it like any other collection (its buckets).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, StringField
from mongoengine.connection import get_db

from models.crowd.movement import CrowdHour
from models.crowd.spot import Spot, minute_of

COLLECTION = "crowd_history"
BATCH = 200
SHOWN = "shown"


class CrowdHistory(Document):
    """`of` is place, zone and source: what the store groups its buckets by."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "timeseries": {"timeField": "at", "metaField": "of", "granularity": "minutes"},
        "indexes": [{"fields": ["of.place", "at"]}],
    }
    at = DateTimeField(required=True)
    of = DictField(required=True)
    number = IntField()
    level = StringField()
    into = IntField()
    out = IntField()
    revision = IntField(required=True)


def show(spot: Spot, at: datetime, *, number: int | None, level: str) -> None:
    """Note what was shown of a spot in the minute of `at`."""
    told = {} if number is None else {"number": number}
    point = {"at": minute_of(at), "of": _of(spot, SHOWN), "level": level, "revision": 1, **told}
    CrowdHistory._get_collection().insert_one(point)


def write_flows() -> int:
    """Write the minutes whose flows changed; return how many. After a kill they are written once more."""
    hours = CrowdHour._get_collection()
    written = 0
    for found in hours.find({"pending": {"$exists": True}}).limit(BATCH):
        points = [_flow(found, minute) for minute in sorted(set(found["pending"]))]
        CrowdHistory._get_collection().insert_many(points)
        same = {"_id": found["_id"], "revision": found["revision"]}
        hours.update_one(same, {"$unset": {"pending": ""}})
        written += len(points)
    return written


def _flow(hour: dict[str, Any], minute: int) -> dict[str, Any]:
    told = hour["minutes"][f"{minute:02d}"]
    return {
        "at": hour["hour"] + timedelta(minutes=minute),
        "of": _of(Spot(hour["place"], hour["zone"]), hour["kind"]),
        "into": told.get("in", 0),
        "out": told.get("out", 0),
        "revision": hour["revision"],
    }


def _of(spot: Spot, source: str) -> dict[str, str]:
    return {"place": spot.place, "zone": spot.zone, "source": source}


def minutes(spot: Spot, first: datetime, last: datetime) -> Iterable[dict[str, Any]]:
    """Yield the points of a spot from one instant to another (exclusive) in order, each minute of a source once."""
    query = {"of.place": spot.place, "of.zone": spot.zone, "at": {"$gte": first, "$lt": last}}
    newest: dict[tuple[datetime, str], dict[str, Any]] = {}
    fields = {"_id": 0, "at": 1, "of.source": 1, "number": 1, "level": 1, "into": 1, "out": 1, "revision": 1}
    for point in CrowdHistory._get_collection().find(query, fields):
        key = (point["at"], point["of"]["source"])
        if key not in newest or point["revision"] >= newest[key]["revision"]:
            newest[key] = point
    return [newest[key] for key in sorted(newest)]


def keep(days: int) -> bool:
    """Let the store forget points older than so many days; return whether that is a change."""
    wanted = days * 24 * 3600
    if CrowdHistory._get_collection().options().get("expireAfterSeconds") == wanted:
        return False
    get_db().command({"collMod": COLLECTION, "expireAfterSeconds": wanted})
    return True
