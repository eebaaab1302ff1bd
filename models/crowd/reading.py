"""Readings of sensors: people inside, people over a line, cars. Repeating an upload is harmless, in whatever order.

    inside, parking   only the newest of a channel matters: one guarded update
    flow              adds up: each is stored under device, channel, boot and number in the transaction that counts it

A reading's time is corrected by the offset of the sensor's clock at the upload.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import clock, outbox
from backend.store import transactions
from models.crowd import movement, reading_form, source, state
from models.crowd.movement import Move
from models.crowd.reading_form import Malformed, Told
from models.crowd.spot import Spot
from models.identity.actors import Device
from models.places import place, zone

MOST_READINGS = 100
TRANSIT = timedelta(seconds=2)
"""An offset up to this is the way of the upload and not the clock."""
LATEST = timedelta(hours=48)
KEPT = timedelta(days=7)
"""Longer than readings may be late: what was forgotten is refused as too old before it could count again."""
_DUPLICATE = 11000


class CrowdReading(Document):
    """An interval of a counting line; the id reads device, channel, boot and number."""

    meta = {
        "collection": "crowd_readings",
        "auto_create_index": False,
        "indexes": [{"fields": ["received_at"], "expireAfterSeconds": int(KEPT.total_seconds())}],
    }
    id = StringField(primary_key=True)
    at = DateTimeField(required=True)
    into = IntField(required=True)
    out = IntField(required=True)
    received_at = DateTimeField(required=True)


@dataclass(frozen=True)
class Receipt:
    """What became of one reading: received, duplicate, superseded (a newer one is there), too_old, malformed."""

    seq: int | None
    result: str
    reason: str = ""


@dataclass(frozen=True)
class _Upload:
    device: Device
    received_at: datetime
    offset: timedelta

    def at(self, told: Told) -> datetime:
        """Return when a reading was taken, by our clock and never later than now."""
        return min(told.at + self.offset, self.received_at)

    def note(self) -> dict[str, Any]:
        """Return what a source keeps of the upload."""
        return {"received_at": self.received_at, "skew_seconds": round(self.offset.total_seconds())}


def take_in(device: Device, sent: list[Any], *, device_time: datetime) -> list[Receipt]:
    """Take in what a sensor measured; answer for each reading, in order."""
    now = clock.now()
    skew = now - device_time
    upload = _Upload(device, now, skew if abs(skew) > TRANSIT else timedelta(0))
    read = [_read(raw, upload) for raw in sent]
    read = _of_zones(device.place, read)
    flows = [one for one in read if isinstance(one, Told) and one.kind == "flow"]
    known = _count(upload, flows)
    receipts = [one if isinstance(one, Receipt) else _take(upload, one, known) for one in read]
    outbox.wake("gates")
    return receipts


def _read(raw: Any, upload: _Upload) -> Told | Receipt:
    try:
        told = reading_form.read(raw)
    except Malformed as error:
        return Receipt(reading_form.seq_of(raw), "malformed", error.reason)
    if upload.at(told) < upload.received_at - LATEST:
        return Receipt(told.seq, "too_old")
    return told


def _of_zones(place_id: str, read: list[Told | Receipt]) -> list[Told | Receipt]:
    """Refuse readings of a zone that the place does not have: they count nowhere."""
    if not any(isinstance(one, Told) and one.zone for one in read):
        return read
    found = place.read(place_id)
    return [
        Receipt(one.seq, "malformed", "zone_unknown")
        if isinstance(one, Told) and not zone.exists(found, one.zone)
        else one
        for one in read
    ]


def _take(upload: _Upload, told: Told, known: set[str]) -> Receipt:
    if told.kind == "flow":
        record = _record_id(upload, told)
        duplicate = record in known
        known.add(record)
        return Receipt(told.seq, "duplicate" if duplicate else "received")
    state.ensure(Spot(upload.device.place, told.zone))
    newest = source.tell(upload.device, told, upload.at(told), upload.note())
    return Receipt(told.seq, "received" if newest else "superseded")


def _count(upload: _Upload, flows: list[Told]) -> set[str]:
    """Count the intervals that were not counted yet, all or none; return the ids of those that were before."""
    if not flows:
        return set()
    while True:
        ids = [_record_id(upload, one) for one in flows]
        before = {one["_id"] for one in CrowdReading._get_collection().find({"_id": {"$in": ids}}, {"_id": 1})}
        fresh = {key: one for key, one in zip(reversed(ids), reversed(flows), strict=True) if key not in before}
        try:
            transactions.run(lambda session, fresh=fresh: _store(upload, fresh, session))  # type: ignore[misc]
        except BulkWriteError as error:
            if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                raise
            continue
        return before


def _store(upload: _Upload, fresh: dict[str, Told], session: ClientSession) -> None:
    if not fresh:
        return
    records = [
        {
            "_id": key,
            "at": upload.at(one),
            "into": one.figures["in"],
            "out": one.figures["out"],
            "received_at": upload.received_at,
        }
        for key, one in fresh.items()
    ]
    CrowdReading._get_collection().insert_many(records, session=session)
    for one in fresh.values():
        source.tell(upload.device, one, upload.at(one), upload.note(), session)
    movement.count([_move(upload, one) for one in fresh.values()], upload.received_at, session)


def _move(upload: _Upload, one: Told) -> Move:
    spot = Spot(upload.device.place, one.zone)
    return Move(spot, "flow", upload.at(one), into=one.figures["in"], out=one.figures["out"])


def _record_id(upload: _Upload, one: Told) -> str:
    return f"{source.source_id(upload.device, one.channel)}:{one.boot}:{one.seq}"
