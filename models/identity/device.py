"""A device: a gate, kiosk or sensor that signs its requests with a key of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mongoengine import BinaryField, BooleanField, DateTimeField, Document, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, signed_requests
from backend.errors import Conflict, NotAllowed, NotFound
from models.identity.actors import Device as Actor

SCANNER_CLASSES = {
    "identity": "服务窗口",
    "medical": "医疗机构",
    "transit": "公共交通",
    "venue": "场馆景区",
    "payment": "收银",
    "sensor": "客流监测",
    "wearable": "穿戴设备",
}
"""What a device reads; it holds the keys of its own class only. A sensor or a wearable measures, and reads no code."""
CODE_READERS = tuple(one for one in SCANNER_CLASSES if one not in {"sensor", "wearable"})
AT_PLACES = ("venue", "sensor")
"""The classes that stand at a scenic place, whose unit answers for them."""
DIRECTIONS = ("in", "out", "both")


class Device(Document):
    """The id is printed on the device; only its public key is known here.

    `place` is where it stands or who operates it; `unit` and `area` are those that answer for it. A gate stands at the
    border of a `zone` ("" is the place as a whole) and lets people in, out, or both. One that `signs_entries` hands in
    no journal entry without its own signature; one that `reads_documents` may ask by the number of an ID card.
    """

    meta = {"collection": "devices", "auto_create_index": False, "indexes": ["place"]}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    place = StringField(required=True)
    scanner_class = StringField(choices=tuple(SCANNER_CLASSES), required=True)
    unit = StringField()
    area = StringField()
    zone = StringField()
    direction = StringField(choices=DIRECTIONS)
    reads_documents = BooleanField()
    signs_entries = BooleanField()
    public_key = BinaryField(required=True, max_bytes=32)
    state = StringField(choices=("active", "revoked"), required=True)
    registered_by = StringField(required=True)
    registered_at = DateTimeField(required=True)


@dataclass(frozen=True)
class Duty:
    """What a gate does where it stands."""

    zone: str = ""
    direction: str = "in"
    reads_documents: bool = False
    signs_entries: bool = False


GATE = Duty()


class DeviceKnown(Conflict):
    """409: a device with this id exists."""

    code = "device_exists"
    zh = "设备编号 {device} 已登记,请换一个编号。"
    en = "A device {device} is registered already. Use another id."


class ClassWrong(NotAllowed):
    """403: a device of this class has no business there."""

    code = "device_class_wrong"
    zh = "本终端登记的类别不能使用此功能,请联系管理员核对终端类别。"
    en = "A device of this class may not use this. Ask an administrator to check its class."


def register(
    actor_key: str,
    device_id: str,
    *,
    name: str,
    place: str,
    public_key: bytes,
    scanner_class: str = "venue",
    unit: str = "",
    area: str = "",
    duty: Duty = GATE,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Register a device with its raw Ed25519 public key (32 bytes).

    Raises:
        DeviceKnown: the id is taken.
    """
    record = {
        "_id": device_id,
        "name": name,
        "place": place,
        "scanner_class": scanner_class,
        "unit": unit,
        "area": area,
        **vars(duty),
        "public_key": public_key,
        "state": "active",
        "registered_by": actor_key,
        "registered_at": clock.now(),
    }
    try:
        Device._get_collection().insert_one(record, session=session)
    except DuplicateKeyError:
        raise DeviceKnown(device=device_id, fields={"id": [device_id]}) from None
    return record


def revoke(device_id: str, session: ClientSession | None = None) -> None:
    """Refuse the device from now on.

    Raises:
        NotFound: no such device.
    """
    guard, change = {"_id": device_id}, {"$set": {"state": "revoked"}}
    if not Device._get_collection().update_one(guard, change, session=session).matched_count:
        raise NotFound


def move(device_id: str, duty: Duty, session: ClientSession) -> None:
    """Give a device another zone, direction or capability, inside the transaction that notes who did."""
    Device._get_collection().update_one({"_id": device_id}, {"$set": vars(duty)}, session=session)


def duty_of(found: dict[str, Any]) -> Duty:
    """Return what a stored device does; one of before lets people into the place as a whole."""
    return Duty(**{name: found[name] for name in vars(GATE) if found.get(name) is not None})


def require_class(device: Actor, classes: Collection[str]) -> None:
    """Check that a device is of one of these classes; without any, that it reads codes.

    Raises:
        ClassWrong: it is not.
    """
    if device.scanner_class not in (classes or CODE_READERS):
        raise ClassWrong


def authenticate(header: str, *, method: str, path: str, body: bytes) -> Actor:
    """Return the device that signed a request.

    Raises:
        SignatureRefused: unknown or revoked device, or a wrong signature.
        ClockWrong: the device's clock is off.
    """
    proof = signed_requests.read(header)
    known = Device._get_collection().find_one({"_id": proof.key, "state": "active"})
    if known is None:
        raise signed_requests.SignatureRefused
    signed_requests.verify(proof, known["public_key"], method=method, path=path, body=body)
    where, duty = {name: known.get(name) or "" for name in ("unit", "area")}, duty_of(known)
    return Actor(
        known["_id"],
        known["name"],
        known["place"],
        proof.nonce,
        scanner_class=known.get("scanner_class") or "venue",
        sent_at=datetime.fromtimestamp(proof.timestamp, UTC),
        zone=duty.zone,
        direction=duty.direction,
        reads_documents=duty.reads_documents,
        signs_entries=duty.signs_entries,
        public_key=bytes(known["public_key"]),
        **where,
    )
