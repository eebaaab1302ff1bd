"""A session (测量会话): one person at one kiosk for some minutes, and the readings that the kiosk took of them.

    open ──close, or its time is over──▶ closed
    held ──a person said whose it is──▶ closed        held ──discard──▶ discarded

A reading is acknowledged when it lies here, stored by the majority; what it becomes follows by an outbox entry in the
same document, so that it is never lost. A session whose person is not sure is `held` for a person to settle.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import documents
from models.eldercare import subject

COLLECTION = "health_sessions"
STATE_ZH = {"open": "测量中", "closed": "已结束", "held": "待核对", "discarded": "已作废"}
HELD_ZH = {
    "unit_unknown": "单位无法识别",
    "quantity_unknown": "数值与测量项目不符",
    "outside_session": "测量时间不在登录时段内",
    "session_unknown": "找不到对应的登录",
}
"""Why readings wait for a person; any other reason is that of the code's verdict."""
QUEUE = "care"
MOST_READINGS = 30
KEPT = timedelta(days=90)
"""For how long raw readings are kept beside the observations that they became, and a repeat is known."""
outbox.carried_by(COLLECTION)


class HealthSession(Document):
    """`subject` is missing while nobody knows whose the readings are; `held` is there as long as a person has to look.

    `readings` holds key, code, numbers, units, at, received_at, digest and flags, in the order in which they count.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["subject", "-opened_at", "-_id"]},
            {"fields": ["unit", "-opened_at", "-_id"], "partialFilterExpression": {"held": True}, "name": "held"},
            {"fields": ["forget_at"], "expireAfterSeconds": 0},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    unit = StringField(required=True)
    subject = ObjectIdField()
    opened_at = DateTimeField(required=True)
    until = DateTimeField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    late = BooleanField()
    readings = ListField(DictField())
    device_flags = ListField(StringField())
    digest = BinaryField()
    held = BooleanField()
    reason = StringField()
    settled_by = StringField()
    forget_at = DateTimeField()
    seq = IntField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 自助体检机的测量会话",
        via=(("subject", subject.COLLECTION),),
        traces=("device", "readings", "opened_at"),
        level="verified",
        at_deletion="delete",
    )
)


class SessionOver(Conflict):
    """409: the session takes no more readings."""

    code = "health_session_over"
    zh = "本次测量已结束,请重新出示一卡通码后再测。"
    en = "This session is over. Show the code again and measure."


class SessionFull(Conflict):
    """409: the session holds as many readings as it may."""

    code = "health_session_full"
    zh = "本次测量次数已满,请休息后重新出示一卡通码。"
    en = "This session holds as many readings as it may. Rest, and show the code again."


def name(device_id: str, key: str) -> str:
    """Return the id of the session that a device began under a key of its own."""
    return hashlib.blake2b(f"{device_id}\x00{key}".encode(), digest_size=12).hexdigest()


def made(session_id: str, *, device: str, unit: str, opened_at: datetime, until: datetime) -> dict[str, Any]:
    """Return an open session, not stored yet."""
    return {
        "_id": session_id,
        "device": device,
        "unit": unit,
        "opened_at": opened_at,
        "until": until,
        "state": "open",
        "readings": [],
        "device_flags": [],
        "seq": 0,
        "outbox": [closing(session_id, until)],
    }


def closing(session_id: str, due: datetime | None = None) -> dict[str, Any]:
    """Return the entry that makes observations of what a session holds."""
    return outbox.entry("care", "eldercare.close_session", due=due, session=session_id)


def store(document: dict[str, Any]) -> dict[str, Any]:
    """Store a session and return it; one that is there already is returned as it stands."""
    try:
        HealthSession._get_collection().insert_one(document)
    except DuplicateKeyError:
        return read(document["_id"])
    return document


def find(session_id: str) -> dict[str, Any] | None:
    """Return a session, None where there is none."""
    return HealthSession._get_collection().find_one({"_id": session_id})


def read(session_id: str) -> dict[str, Any]:
    """Return a session.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthSession, {"_id": session_id})


def of_device(session_id: str, device_id: str) -> dict[str, Any]:
    """Return a session of this device.

    Raises:
        NotFound: there is none, or another device began it.
    """
    return documents.one(HealthSession, {"_id": session_id, "device": device_id})


def add(found: Mapping[str, Any], reading: dict[str, Any]) -> bool:
    """Add a reading to an open session that did not change since it was read; tell whether that was so.

    Raises:
        SessionOver: its time is over, or it was closed.
        SessionFull: it holds `MOST_READINGS`.
    """
    if found["state"] != "open" or clock.now() >= found["until"]:
        raise SessionOver
    if len(found["readings"]) >= MOST_READINGS:
        raise SessionFull
    change: dict[str, Any] = {"$push": {"readings": reading}, "$inc": {"seq": 1}}
    change |= {"$set": {"held": True, "reason": reading["held"]}} if "held" in reading else {}
    guard = {"_id": found["_id"], "state": "open", "seq": found["seq"]}
    return bool(HealthSession._get_collection().update_one(guard, change).matched_count)


def close(session_id: str) -> dict[str, Any]:
    """Close an open session and return it; closing it again changes nothing. What follows is due at once."""
    now = clock.now()
    change = {"$set": {"state": "closed", "forget_at": now + KEPT, "outbox.$[].due": now}, "$inc": {"seq": 1}}
    HealthSession._get_collection().update_one({"_id": session_id, "state": "open"}, change)
    return read(session_id)


def settle(session_id: str, change: Mapping[str, Any], follow: dict[str, Any] | None, session: ClientSession) -> None:
    """Let a held session be as a person said, once; `follow` is the entry of what comes of it.

    Raises:
        NotFound: it waits for nobody.
    """
    told: dict[str, Any] = {
        "$set": {**change, "forget_at": clock.now() + KEPT},
        "$unset": {"held": ""},
        "$inc": {"seq": 1},
    }
    told |= {"$push": {"outbox": follow}} if follow else {}
    guard = {"_id": session_id, "held": True}
    if not HealthSession._get_collection().update_one(guard, told, session=session).matched_count:
        raise NotFound


def identify(subject_id: ObjectId) -> dict[str, Any]:
    """Return the change that says whose a held session is."""
    return {"subject": subject_id, "state": "closed"}
