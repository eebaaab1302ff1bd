"""A wearing (佩戴): who wears which wearable from when until when; samples belong to who wore it at their moment.

    live ─end─▶ ended

One device is worn by one elder at a time, which a unique index decides.
"""

from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from models.eldercare import subject

COLLECTION = "health_wearings"
MOST_WORN = 8
"""How many wearables one elder has at a time."""
MOST_LISTED = 50


class HealthWearing(Document):
    """`live` is there as long as it lasts; `until` from its end on."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["device", "live"],
                "unique": True,
                "partialFilterExpression": {"live": True},
                "name": "worn_by_one",
            },
            {"fields": ["device", "-since"]},
            {"fields": ["subject", "-since", "-_id"]},
        ],
    }
    device = StringField(required=True)
    subject = ObjectIdField(required=True)
    since = DateTimeField(required=True)
    until = DateTimeField()
    live = BooleanField()
    by = StringField(required=True)
    ended_by = StringField()


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 佩戴的设备",
        via=(("subject", subject.COLLECTION),),
        traces=("device", "since", "until"),
        level="verified",
        at_deletion="delete",
    )
)


class WornByOther(Conflict):
    """409: somebody else wears it, or wore it until later than now."""

    code = "health_wearable_taken"
    zh = "该设备正由他人佩戴,请先在原佩戴人处解除,或到村卫生室办理。"
    en = "Somebody else wears this device. End that first, or ask at the village clinic."


class TooManyWorn(Conflict):
    """409: the elder has as many as one may have."""

    code = "health_wearables_full"
    zh = "佩戴设备已达 {most} 件,请先解除不用的设备。"
    en = "You have {most} wearables. End one that you do not use."


def begin(device_id: str, subject_id: ObjectId, by: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Let an elder wear a device from now on; who wears it already goes on wearing it.

    Raises:
        WornByOther: somebody else does.
        TooManyWorn: the elder wears `MOST_WORN`.
    """
    collection, now = HealthWearing._get_collection(), clock.now()
    if mine := collection.find_one({"device": device_id, "live": True}, session=session):
        if mine["subject"] != subject_id:
            raise WornByOther
        return mine
    worn = [one for one in of_subject(subject_id) if one.get("live")]
    if len(worn) >= MOST_WORN:
        raise TooManyWorn(most=MOST_WORN)
    made = {"_id": ObjectId(), "device": device_id, "subject": subject_id, "since": now, "live": True, "by": by}
    try:
        collection.insert_one(made, session=session)
    except DuplicateKeyError:
        raise WornByOther from None
    return made


def end(device_id: str, subject_id: ObjectId, by: str, session: ClientSession | None = None) -> dict[str, Any]:
    """End a wearing now; ending it again changes nothing.

    Raises:
        NotFound: the elder never wore it.
    """
    collection = HealthWearing._get_collection()
    guard = {"device": device_id, "live": True, "subject": subject_id}
    change = {"$set": {"until": clock.now(), "ended_by": by}, "$unset": {"live": ""}}
    collection.update_one(guard, change, session=session)
    mine = {"device": device_id, "since": {"$lte": clock.now()}}
    found = collection.find(mine, session=session).sort("since", -1).limit(MOST_LISTED)
    last = next((one for one in found if one["subject"] == subject_id), None)
    if last is None:
        raise NotFound
    return last


def of_device(device_id: str, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """Return the wearings of a device that touch a span of time, the oldest first."""
    query = {"device": device_id, "since": {"$lte": last}}
    found = HealthWearing._get_collection().find(query).sort("since", -1).limit(MOST_LISTED)
    return [one for one in found if one.get("until") is None or one["until"] > first][::-1]


def of_subject(subject_id: ObjectId) -> list[dict[str, Any]]:
    """Return what an elder wears and wore, the newest first."""
    query = {"subject": subject_id}
    return list(HealthWearing._get_collection().find(query).sort([("since", -1), ("_id", -1)]).limit(MOST_LISTED))
