"""A device: a gate, kiosk or sensor that signs its requests with a key of its own."""

from datetime import UTC, datetime
from typing import Any

from mongoengine import BinaryField, DateTimeField, Document, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, signed_requests
from backend.errors import Conflict, NotFound
from models.identity.actors import Device as Actor

SCANNER_CLASSES = {
    "identity": "服务窗口",
    "medical": "医疗机构",
    "transit": "公共交通",
    "venue": "场馆景区",
    "payment": "收银",
}
"""What a device reads; it holds the keys of its own class only."""


class Device(Document):
    """The id is printed on the device; only its public key is known here.

    `place` is where it stands or who operates it; `unit` and `area` are those that answer for it.
    """

    meta = {"collection": "devices", "auto_create_index": False, "indexes": ["place"]}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    place = StringField(required=True)
    scanner_class = StringField(choices=tuple(SCANNER_CLASSES), required=True)
    unit = StringField()
    area = StringField()
    public_key = BinaryField(required=True, max_bytes=32)
    state = StringField(choices=("active", "revoked"), required=True)
    registered_by = StringField(required=True)
    registered_at = DateTimeField(required=True)


class DeviceKnown(Conflict):
    """409: a device with this id exists."""

    code = "device_exists"
    zh = "设备编号 {device} 已登记,请换一个编号。"
    en = "A device {device} is registered already. Use another id."


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
        "public_key": public_key,
        "state": "active",
        "registered_by": actor_key,
        "registered_at": clock.now(),
    }
    try:
        Device._get_collection().insert_one(record)
    except DuplicateKeyError:
        raise DeviceKnown(device=device_id, fields={"id": [device_id]}) from None
    return record


def revoke(device_id: str) -> None:
    """Refuse the device from now on.

    Raises:
        NotFound: no such device.
    """
    if not Device._get_collection().update_one({"_id": device_id}, {"$set": {"state": "revoked"}}).matched_count:
        raise NotFound


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
    where = {name: known.get(name) or "" for name in ("unit", "area")}
    return Actor(
        known["_id"],
        known["name"],
        known["place"],
        proof.nonce,
        scanner_class=known.get("scanner_class") or "venue",
        sent_at=datetime.fromtimestamp(proof.timestamp, UTC),
        **where,
    )
