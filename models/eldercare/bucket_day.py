"""A day of samples (日汇总): per hour and for the whole day how many there were, the least, the most, the mean.

It is computed anew from the buckets whenever one of them changed after its hour; counts only grow, so an older
computation never takes the place of a newer one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DictField, Document, FloatField, IntField, ListField, ObjectIdField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.personal_data import Holding
from models.eldercare import bucket, subject

COLLECTION = "health_sample_days"
MOST_DAYS = 92


class HealthSampleDay(Document):
    """The id reads subject, quantity and day; `hours` holds {hour, count, least, most, mean}."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["subject", "quantity", "day"]}],
    }
    id = StringField(primary_key=True)
    subject = ObjectIdField(required=True)
    quantity = StringField(required=True)
    day = StringField(required=True)
    count = IntField(required=True)
    least = FloatField(required=True)
    most = FloatField(required=True)
    mean = FloatField(required=True)
    hours = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 穿戴设备采样的日汇总",
        via=(("subject", subject.COLLECTION),),
        traces=("quantity", "day", "least", "most", "mean", "hours"),
        level="verified",
        at_deletion="keep",
        because="基本医疗卫生与健康促进法、国家基本公共卫生服务规范: 健康档案须留存;已删除与本人的对应,不再指向任何人",
    )
)


def roll_up(subject_id: ObjectId, quantity: str, day: date) -> None:
    """Compute a day from its buckets and keep it; repeating it changes nothing."""
    told = computed(subject_id, quantity, day)
    if not told:
        return
    fixed = {"subject": subject_id, "quantity": quantity, "day": day.isoformat()}
    guard = {"_id": f"{subject_id}:{quantity}:{day.isoformat()}", "count": {"$lte": told["count"]}}
    try:
        HealthSampleDay._get_collection().update_one(guard, {"$set": told, "$setOnInsert": fixed}, upsert=True)
    except DuplicateKeyError:
        return  # a computation that saw more was faster


def computed(subject_id: ObjectId, quantity: str, day: date) -> dict[str, Any]:
    """Return a day as its buckets say now, empty where there is none."""
    buckets = bucket.rolled(subject_id, quantity, clock.at(day, 0), clock.at(day + timedelta(days=1), 0))
    if not buckets:
        return {}
    by_hour: dict[int, list[Mapping[str, Any]]] = {}
    for one in buckets:
        by_hour.setdefault(clock.civil(one["hour"]).hour, []).append(one)
    return _together(buckets) | {"hours": [{"hour": hour, **_together(of)} for hour, of in sorted(by_hour.items())]}


def _together(buckets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    count = sum(one["count"] for one in buckets)
    return {
        "count": count,
        "least": min(one["least"] for one in buckets),
        "most": max(one["most"] for one in buckets),
        "mean": round(sum(one["total"] for one in buckets) / count, 2),
    }


def listed(subject_id: ObjectId, quantity: str, first: date, last: date) -> list[dict[str, Any]]:
    """Return the days that were rolled up, the oldest first, at most `MOST_DAYS`."""
    query = {
        "subject": subject_id,
        "quantity": quantity,
        "day": {"$gte": first.isoformat(), "$lte": last.isoformat()},
    }
    return list(HealthSampleDay._get_collection().find(query).sort("day", 1).limit(MOST_DAYS))
