"""The record for the regulator: what happened to a spot, when, by which numbers, and what was done. Nobody is named.

A record is written in the transaction of what it tells; its number comes from the state of its spot, so the records of
a spot are gapless.
"""

from datetime import datetime
from typing import Any

from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.store import paging
from models.crowd.spot import Spot, day_of
from models.crowd.state import CrowdState
from models.identity.actors import Staff

COLLECTION = "crowd_records"
WHAT_ZH = {
    "level": "等级变化",
    "stop": "人工停止售票",
    "open": "人工恢复售票",
    "override_end": "人工处置结束",
    "headcount": "现场清点",
    "reset": "闭园清零",
    "alarm": "数据不一致",
    "alarm_end": "数据恢复一致",
}


class CrowdRecord(Document):
    """The id reads spot and number. `reason` is what a member of the staff wrote; it leaves the house with nobody."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "-at", "-_id"]}, {"fields": ["day", "_id"]}],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    zone = StringField()
    number = IntField(required=True)
    day = StringField(required=True)
    at = DateTimeField(required=True)
    what = StringField(choices=tuple(WHAT_ZH), required=True)
    details = DictField()
    done = DictField()
    by = ObjectIdField()
    reason = BinaryField()


personal_data.declare(
    Holding(
        COLLECTION,
        "客流处置记录",
        staff=("by",),
        sealed=(Sealed("reason"),),
        at_deletion="restrict",
        because="旅游法第四十五条: 流量控制和报告义务的履行记录",
    )
)


def write(spot: Spot, what: str, at: datetime, details: dict[str, Any], session: ClientSession) -> str:
    """Write a record of what the service itself found or did; return its id."""
    return _write(spot, {"what": what, "at": at, "details": details}, session)


def write_by(
    actor: Staff, spot: Spot, told: dict[str, Any], session: ClientSession, *, at: datetime, reason: str
) -> str:
    """Write a record of what a member of the staff decided (`what`, `details`), with their reason; return its id."""
    return _write(spot, {**told, "at": at, "by": actor.staff_id}, session, reason)


def _write(spot: Spot, told: dict[str, Any], session: ClientSession, reason: str = "") -> str:
    found = CrowdState._get_collection().find_one_and_update(
        {"_id": spot.key},
        {"$inc": {"records": 1}},
        projection={"records": 1},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    number = found["records"]
    made = f"{spot.key}:{number:06d}"
    about = {"_id": made, "place": spot.place, "zone": spot.zone, "number": number, "day": day_of(told["at"])}
    sealed = {"reason": runtime.current().sealer.seal(f"{COLLECTION}.reason", made, reason)} if reason else {}
    CrowdRecord._get_collection().insert_one({**about, **told, **sealed}, session=session)
    return made


def done(record_id: str, **what: Any) -> None:
    """Note what was done because of a record; the first time counts."""
    for name, value in what.items():
        guard = {"_id": record_id, f"done.{name}": {"$exists": False}}
        CrowdRecord._get_collection().update_one(guard, {"$set": {f"done.{name}": value}})


def read(record_id: str) -> dict[str, Any] | None:
    """Return a record, None when there is none."""
    return CrowdRecord._get_collection().find_one({"_id": record_id})


def listed(place: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the records of a place and its zones, newest first."""
    return paging.page(CrowdRecord._get_collection(), {"place": place}, sort=("at", -1), cursor=cursor, limit=limit)
