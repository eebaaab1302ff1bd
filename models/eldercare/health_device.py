"""A measuring device (测量设备): kiosk or wearable, its model, when it was calibrated, and until when that holds.

    active ─retire─▶ retired

What signs its requests is the `identity.device` of the same id; here stands what a measurement must say of it. An
overdue calibration flags what is measured and stops nothing. Calibrations are only added.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any

from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.errors import Conflict, NotAllowed, NotFound
from backend.store import documents, paging
from models.identity.actors import Device

COLLECTION = "health_devices"
KIND_ZH = {"kiosk": "自助体检机", "wearable": "穿戴设备"}
SCANNER_CLASS = {"kiosk": "medical", "wearable": "wearable"}
STATE_ZH = {"active": "在用", "retired": "停用"}
MOST_CALIBRATIONS = 50
NEVER = "0000-00-00"
"""Until when the calibration of a device holds that was never calibrated: it sorts before every day."""


class HealthDevice(Document):
    """`calibrations` run from the oldest: {on, until, certificate, by, at}; `valid_until` is that of the last one.

    `claim` is the digest of the code in the box, by which an elder binds a wearable without a counter.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["state", "valid_until", "_id"]},
            {"fields": ["state", "unit", "valid_until", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    name = StringField(required=True)
    maker = StringField(required=True)
    model = StringField(required=True)
    unit = StringField(required=True)
    area = StringField()
    calibrations = ListField(DictField())
    valid_until = StringField(required=True)
    claim = BinaryField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    registered_at = DateTimeField(required=True)
    registered_by = StringField(required=True)


class HealthDeviceKnown(Conflict):
    """409: a device with this id is registered."""

    code = "health_device_exists"
    zh = "设备编号 {device} 已登记,请核对铭牌或换一个编号。"
    en = "A device {device} is registered already. Check the plate or use another id."


class NotMeasuring(NotAllowed):
    """403: the terminal is not registered as one that measures, or was retired."""

    code = "health_device_unregistered"
    zh = "本机未登记为{kind}或已停用,请联系县卫健委管理人员。"
    en = "This terminal is not registered as a measuring device. Ask the health commission's manager."


class CalibrationWrong(Conflict):
    """409: the calibration ends before it begins, lies in the future or before the last one."""

    code = "health_calibration_wrong"
    zh = "校准日期有误:不能晚于今天,不能早于上一次校准,有效期须晚于校准日。"
    en = "A calibration is not later than today, not earlier than the last one, and holds for some time."


class TooManyCalibrations(Conflict):
    """409: the list is full."""

    code = "health_calibrations_full"
    zh = "该设备的校准记录已满,请登记新设备。"
    en = "This device has as many calibrations as can be kept. Register a new one."


def add(made: dict[str, Any], session: ClientSession) -> None:
    """Store a device within the transaction that registers its key.

    Raises:
        HealthDeviceKnown: the id is taken.
    """
    try:
        HealthDevice._get_collection().insert_one(made, session=session)
    except DuplicateKeyError:
        raise HealthDeviceKnown(device=made["_id"], fields={"id": [made["_id"]]}) from None


def claim_digest(device_id: str, code: str) -> bytes:
    """Return what the store keeps of the code in a wearable's box."""
    return hashlib.blake2b(code.encode(), key=device_id.encode()[:64], digest_size=32).digest()


def claimed(found: dict[str, Any], code: str) -> bool:
    """Tell whether a code is the one in the box."""
    return hmac.compare_digest(bytes(found.get("claim") or b""), claim_digest(found["_id"], code))


def calibration(on: date, until: date, certificate: str, by: str) -> dict[str, Any]:
    """Return a calibration as it is kept.

    Raises:
        CalibrationWrong: it is later than today or ends before it begins.
    """
    if on > clock.today() or until <= on:
        raise CalibrationWrong
    told = {"on": on.isoformat(), "until": until.isoformat(), "by": by, "at": clock.now()}
    return told | ({"certificate": certificate} if certificate else {})


def calibrate(device_id: str, told: dict[str, Any], session: ClientSession) -> None:
    """Add a calibration, later than those before.

    Raises:
        NotFound: no such device in use.
        CalibrationWrong: one of a later day is there.
        TooManyCalibrations: the list is full.
    """
    earlier = {"calibrations.on": {"$not": {"$gt": told["on"]}}}
    room = {f"calibrations.{MOST_CALIBRATIONS - 1}": {"$exists": False}}
    change = {"$push": {"calibrations": told}, "$set": {"valid_until": told["until"]}}
    guard = {"_id": device_id, "state": "active"}
    collection = HealthDevice._get_collection()
    if collection.update_one({**guard, **earlier, **room}, change, session=session).matched_count:
        return
    found = documents.one(HealthDevice, guard, session=session)
    raise TooManyCalibrations if len(found["calibrations"]) >= MOST_CALIBRATIONS else CalibrationWrong


def retire(device_id: str, session: ClientSession) -> None:
    """Let a device measure no more; repeating it changes nothing."""
    HealthDevice._get_collection().update_one({"_id": device_id}, {"$set": {"state": "retired"}}, session=session)


def read(device_id: str) -> dict[str, Any]:
    """Return a device.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthDevice, {"_id": device_id})


def of(device: Device, kind: str) -> dict[str, Any]:
    """Return what is known of the terminal that signed a request.

    Raises:
        NotMeasuring: it is not registered as one of this kind, or was retired.
    """
    try:
        found = read(device.device_id)
    except NotFound:
        found = {}
    if (found.get("kind"), found.get("state")) != (kind, "active"):
        raise NotMeasuring(kind=KIND_ZH[kind])
    return found


def flags(found: Mapping[str, Any], day: date) -> set[str]:
    """Return what the calibration says of something measured on a day."""
    begun = [one for one in found["calibrations"] if one["on"] <= day.isoformat()]
    if not begun:
        return {"calibration_unknown"}
    return {"calibration_overdue"} if begun[-1]["until"] < day.isoformat() else set()


def listed(*, unit: str, overdue: bool, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the devices in use, those whose calibration ends first before the others."""
    query: dict[str, Any] = {"state": "active"} | ({"unit": unit} if unit else {})
    query |= {"valid_until": {"$lt": clock.today().isoformat()}} if overdue else {}
    return paging.page(HealthDevice._get_collection(), query, sort=("valid_until", 1), cursor=cursor, limit=limit)
