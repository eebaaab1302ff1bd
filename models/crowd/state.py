"""The live state of a spot: running counts, the number shown, its level, an override, what sales should do.

    green ⇄ amber ⇄ red      a transition is guarded by `changes`, so it happens once however many judge at once

`counts.<kind>` are the running counts (gate, flow): people inside by events after `base_at`. Events up to `base_at` are
in the number that staff or the night's reset put there, and count for their minute and day only. `version` rises with
every event, so that a level is never set by counts of before.
"""

from datetime import datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, FloatField, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed
from models.crowd.spot import Spot

COLLECTION = "crowd_states"
RUNNING = ("gate", "flow")
MOST = 500
outbox.carried_by(COLLECTION)


class CrowdState(Document):
    """`number` is absent while nothing is known; `level` is then the last one that was."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["zone", "_id"]}, {"fields": ["place", "_id"]}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    zone = StringField()
    base_at = DateTimeField()
    counts = DictField()
    version = IntField(required=True)
    number = IntField()
    basis = StringField()
    at = DateTimeField()
    kinds = ListField(StringField())
    load = DictField()
    level = StringField(choices=("green", "amber", "red"), required=True)
    level_at = DateTimeField()
    because = StringField()
    changes = IntField(required=True)
    records = IntField(required=True)
    checked_at = DateTimeField()
    differs_since = DateTimeField()
    alarm = DictField()
    override = DictField()
    stop_day = StringField()
    sampled = DateTimeField()
    reset_at = DateTimeField()
    outbox = ListField(DictField())
    apart = FloatField()


personal_data.declare(
    Holding(
        COLLECTION,
        "客流实时状态",
        staff=("override.by",),
        sealed=(Sealed("override.reason", record="{record}"),),
        at_deletion="keep",
        because="旅游法第四十五条: 景区流量控制的处置记录; 只含人数, 以及工作人员写明的处置理由(加密)",
    )
)


def fresh(spot: Spot) -> dict[str, Any]:
    """Return what a spot begins with, besides its id."""
    return {
        "place": spot.place,
        "zone": spot.zone,
        "counts": {},
        "version": 0,
        "level": "green",
        "changes": 0,
        "records": 0,
    }


def ensure(spot: Spot, session: ClientSession | None = None) -> None:
    """Make the state of a spot where there is none."""
    CrowdState._get_collection().update_one(
        {"_id": spot.key}, {"$setOnInsert": fresh(spot)}, upsert=True, session=session
    )


def find(spot: Spot, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the state of a spot, None where nobody counts."""
    return CrowdState._get_collection().find_one({"_id": spot.key}, {"outbox": 0}, session=session)


def read(spot: Spot) -> dict[str, Any]:
    """Return the state of a spot.

    Raises:
        NotFound: nobody counts there.
    """
    found = find(spot)
    if found is None:
        raise NotFound
    return found


def spots() -> list[Spot]:
    """Return every spot that is counted, however many: one that is left out would never be judged."""
    found = CrowdState._get_collection().find({"zone": {"$gte": ""}}, {"place": 1, "zone": 1}).sort("_id", 1)
    return [Spot(one["place"], one["zone"]) for one in found]


def count(spot: Spot, kind: str, people: int, last_at: datetime, session: ClientSession) -> None:
    """Move a running count inside the transaction of its events; a headcount of its own ends where something runs."""
    change = {
        "$inc": {f"counts.{kind}.inside": people, "version": 1},
        "$max": {f"counts.{kind}.at": last_at},
        "$unset": {"counts.headcount": ""},
    }
    CrowdState._get_collection().update_one({"_id": spot.key}, change, session=session)


def rebase(spot: Spot, people: dict[str, int], base_at: datetime, session: ClientSession, *, now: datetime) -> None:
    """Set running counts to what is known `now` to be inside; events up to `base_at` are in that number."""
    told: dict[str, Any] = {"base_at": base_at}
    ended = {"differs_since": ""} | ({} if "headcount" in people else {"counts.headcount": ""})
    for kind, inside in people.items():
        told[f"counts.{kind}"] = {"inside": inside, "at": now}
    change: dict[str, Any] = {"$set": told, "$inc": {"version": 1}, "$unset": ended}
    CrowdState._get_collection().update_one({"_id": spot.key}, change, session=session)


def override_now(found: dict[str, Any], now: datetime | None = None) -> dict[str, Any] | None:
    """Return the override of a state that holds, None when there is none."""
    told = found.get("override")
    return dict(told) if told and told["until"] > (now or clock.now()) else None
