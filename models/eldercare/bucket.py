"""A bucket (采样桶): what one wearable measured of one quantity of one elder within one civil hour, a document each.

A sample is named by device, quantity and second: whatever a device sends again, in whatever parts, is stored once, and
the first value of a second stands. Samples that come in order are one guarded `$push`; any others are merged by a write
that is guarded by the count. Minimum, maximum, sum and count are kept with every write.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, FloatField, IntField, ListField, ObjectIdField, StringField
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from backend import clock, outbox, personal_data
from backend.errors import Unavailable
from backend.personal_data import Holding
from backend.store.combining import DUPLICATE_KEY, Combiner
from models.eldercare import codes, subject

COLLECTION = "health_buckets"
HOUR = timedelta(hours=1)
QUEUE = "care"
SETTLED = timedelta(minutes=15)
"""How long after its hour a bucket is rolled up; what comes later is rolled up when it comes."""
_ON_TIME = timedelta(minutes=10)
_TRIES = 50
outbox.carried_by(COLLECTION)


class HealthBucket(Document):
    """`seconds` within the hour rise; `values` stand beside them in the quantity's own unit."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["subject", "quantity", "hour"]}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    subject = ObjectIdField(required=True)
    quantity = StringField(choices=tuple(codes.QUANTITIES), required=True)
    hour = DateTimeField(required=True)
    device = StringField(required=True)
    seconds = ListField(IntField())
    values = ListField(FloatField())
    last = IntField(required=True)
    count = IntField(required=True)
    total = FloatField(required=True)
    least = FloatField(required=True)
    most = FloatField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 穿戴设备的连续采样",
        via=(("subject", subject.COLLECTION),),
        traces=("quantity", "hour", "device", "seconds", "values"),
        level="verified",
        at_deletion="keep",
        because="基本医疗卫生与健康促进法、国家基本公共卫生服务规范: 健康档案须留存;已删除与本人的对应,不再指向任何人",
    )
)


@dataclass(frozen=True)
class Part:
    """Samples of one bucket; `seconds` rise. `unusual` says that one of the values is worth a look."""

    subject: ObjectId
    quantity: str
    device: str
    hour: datetime
    seconds: list[int]
    values: list[float]
    unusual: bool = False

    @property
    def id(self) -> str:
        """Return the id of the bucket."""
        return name(self.subject, self.quantity, self.hour, self.device)


def name(subject_id: ObjectId, quantity: str, hour: datetime, device: str) -> str:
    """Return the id of a bucket."""
    return f"{subject_id}:{quantity}:{hour:%Y%m%d%H}:{device}"


def add(parts: Sequence[Part]) -> list[int]:
    """Store samples and return how many of each part were new. What was stored before is left as it is."""
    told: list[int] = _writes.run(0, parts)
    if any(one.unusual for one in parts):
        outbox.wake(QUEUE)
    return told


def _write_together(_key: int, groups: Sequence[Sequence[Part]]) -> list[list[int]]:
    """Write the parts of several uploads by one command; a part that finds its bucket ahead is merged alone."""
    parts = [part for group in groups for part in group]
    behind = _push([_pushed(one) for one in parts])
    new = [_merge(part) if number in behind else len(part.seconds) for number, part in enumerate(parts)]
    told, at = [], 0
    for group in groups:
        told.append(new[at : at + len(group)])
        at += len(group)
    return told


_writes: Combiner[Sequence[Part]] = Combiner(_write_together)


def _push(changes: list[UpdateOne]) -> set[int]:
    """Apply all changes; return the numbers of those whose bucket has later samples already."""
    try:
        HealthBucket._get_collection().bulk_write(changes, ordered=False)
    except BulkWriteError as refused:
        errors = refused.details["writeErrors"]
        if refused.details.get("writeConcernErrors") or any(one["code"] != DUPLICATE_KEY for one in errors):
            raise
        return {one["index"] for one in errors}
    return set()


def _pushed(part: Part) -> UpdateOne:
    """Return the change for samples after all that are stored; where later ones are, its insert meets the id."""
    fixed = {"subject": part.subject, "quantity": part.quantity, "hour": part.hour, "device": part.device}
    change = {
        "$setOnInsert": fixed,
        "$push": {"seconds": {"$each": part.seconds}, "values": {"$each": part.values}},
        "$max": {"last": part.seconds[-1], "most": max(part.values)},
        "$min": {"least": min(part.values)},
        "$inc": {"count": len(part.seconds), "total": sum(part.values)},
        "$addToSet": {"outbox": {"$each": _following(part)}},
    }
    return UpdateOne({"_id": part.id, "last": {"$lt": part.seconds[0]}}, change, upsert=True)


def _merge(part: Part) -> int:
    """Add the samples whose seconds are not stored, in their place; return how many."""
    collection = HealthBucket._get_collection()
    for _ in range(_TRIES):
        found = collection.find_one({"_id": part.id}, {"seconds": 1, "values": 1, "count": 1})
        if found is None:  # its person was erased between the two
            return 0
        known = set(found["seconds"])
        new = [pair for pair in zip(part.seconds, part.values, strict=True) if pair[0] not in known]
        if not new:
            return 0
        if collection.update_one({"_id": part.id, "count": found["count"]}, _merged(part, found, new)).matched_count:
            return len(new)
    raise Unavailable


def _merged(part: Part, found: dict[str, Any], new: list[tuple[int, float]]) -> dict[str, Any]:
    everything = sorted([*zip(found["seconds"], found["values"], strict=True), *new])
    seconds, values = [pair[0] for pair in everything], [pair[1] for pair in everything]
    return {
        "$set": {"seconds": seconds, "values": values, "last": seconds[-1]},
        "$max": {"most": max(pair[1] for pair in new)},
        "$min": {"least": min(pair[1] for pair in new)},
        "$inc": {"count": len(new), "total": sum(pair[1] for pair in new)},
        "$addToSet": {"outbox": {"$each": _following(part)}},
    }


def _following(part: Part) -> list[dict[str, Any]]:
    """Return what follows: the day's roll-up, and a look at what is unusual.

    The roll-up of a running hour is the same value each time, so that it stands once; it is claimed after the hour.
    """
    end, whose, day = part.hour + HOUR, str(part.subject), day_of(part.hour)
    running = clock.now() < end + _ON_TIME
    due = end + SETTLED if running else None
    again = outbox.entry("care", "eldercare.roll_up", due=due, subject=whose, quantity=part.quantity, day=day)
    if running:
        digest = hashlib.blake2b(part.id.encode(), digest_size=12).digest()
        again |= {"id": ObjectId(digest), "request_id": ""}
    return [again, outbox.entry("care", "eldercare.excursion", bucket=part.id)] if part.unusual else [again]


def day_of(hour: datetime) -> str:
    """Return the civil day of an hour."""
    return clock.civil(hour).date().isoformat()


def find(bucket_id: str) -> dict[str, Any] | None:
    """Return a bucket, None where there is none."""
    return HealthBucket._get_collection().find_one({"_id": bucket_id}, {"outbox": 0})


_ROLLED = {"hour": 1, "device": 1, "count": 1, "total": 1, "least": 1, "most": 1}


def rolled(subject_id: ObjectId, quantity: str, first: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return count, total, least and most of each bucket from `first` on and before `until`, by hour."""
    query = {"subject": subject_id, "quantity": quantity, "hour": {"$gte": first, "$lt": until}}
    return list(HealthBucket._get_collection().find(query, _ROLLED).sort("hour", 1))


def of_hour(subject_id: ObjectId, quantity: str, hour: datetime) -> Iterable[dict[str, Any]]:
    """Return the buckets of one hour with their samples."""
    query = {"subject": subject_id, "quantity": quantity, "hour": hour}
    return HealthBucket._get_collection().find(query, {"outbox": 0})
