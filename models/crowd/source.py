"""A source: one channel of a sensor that reports people or cars; its newest reading counts, an older one is kept out.

active ──retire──▶ retired ──its next reading does not bring it back──▶ put_back ──▶ active
"""

from datetime import datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.crowd.reading_form import Told
from models.crowd.spot import Spot
from models.identity.actors import Device, Staff
from models.places import scope

OPERATION = "crowd.source"
MOST = 200


class CrowdSource(Document):
    """The id reads device and channel. `at` is the sensor's time, corrected; `skew_seconds` by how much it was slow."""

    meta = {
        "collection": "crowd_sources",
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "zone", "_id"]}],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    name = StringField()
    place = StringField(required=True)
    zone = StringField()
    kind = StringField(required=True)
    figures = DictField()
    at = DateTimeField()
    seq = IntField()
    boot = StringField()
    skew_seconds = IntField()
    received_at = DateTimeField()
    state = StringField(choices=("active", "retired"), required=True)


def source_id(device: Device, channel: str) -> str:
    """Return the id of a channel of a sensor."""
    return f"{device.device_id}:{channel}"


def tell(
    device: Device, told: Told, at: datetime, received: dict[str, Any], session: ClientSession | None = None
) -> bool:
    """Let a reading be the newest of its channel; return False when it is not newer than the one that is."""
    newest = {
        "device": device.device_id,
        "name": device.name,
        "place": device.place,
        "zone": told.zone,
        "kind": told.kind,
        "figures": dict(told.figures),
        "at": at,
        "seq": told.seq,
        "boot": told.boot,
        **received,
    }
    older = {"$or": [{"at": {"$lt": at}}, {"at": at, "boot": told.boot, "seq": {"$lt": told.seq}}]}
    change = {"$set": newest, "$setOnInsert": {"state": "active"}}
    query = {"_id": source_id(device, told.channel), **older}
    if session is not None:  # an upsert that meets the document would end the transaction
        known = CrowdSource._get_collection().find_one({"_id": query["_id"]}, {"_id": 1}, session=session)
        upsert = known is None
    else:
        upsert = True
    try:
        done = CrowdSource._get_collection().update_one(query, change, upsert=upsert, session=session)
    except DuplicateKeyError:
        if session is not None:
            raise
        return False
    return bool(done.matched_count or done.upserted_id)


def of(spot: Spot) -> list[dict[str, Any]]:
    """Return the sources of a spot."""
    query = {"place": spot.place, "zone": spot.zone}
    return list(CrowdSource._get_collection().find(query).sort("_id", 1).limit(MOST))


def set_state(actor: Staff, place: str, found_id: str, to: str) -> None:
    """Take a source out of the rule (`retired`: it is broken or moved), or put it back (`active`).

    Raises:
        NotFound: no such place in the actor's scope, or no such source there.
    """
    unit = scope.place(actor, OPERATION, place).get("unit") or ""
    line = entry.line(actor.key, OPERATION, f"crowd_source:{found_id}", unit=unit, state=to)

    def change(session: ClientSession) -> bool:
        query = {"_id": found_id, "place": place}
        found = CrowdSource._get_collection().find_one(query, {"state": 1}, session=session)
        if found and found["state"] != to:
            CrowdSource._get_collection().update_one(query, {"$set": {"state": to}}, session=session)
            entry.write(line, session)
        return found is not None

    if not transactions.run(change):
        raise NotFound
