"""What gates ask: may this visitor walk in, and with which keys can I tell by myself."""

from base64 import b64encode
from typing import Any

import marshmallow as ma
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import g, request
from marshmallow import validate

from backend import clock, runtime
from backend.errors import NotLoggedIn
from backend.http.access import ANYONE, Access, device
from backend.http.limits import guard
from backend.http.surface import Surface
from models.booking import gate as rules
from models.booking import ticket
from models.identity import device as devices
from models.identity.actors import Device

gate = Surface("gate", __name__, url_prefix="/gate/v1", description="闸机")
keys = Surface("ticket keys", __name__, url_prefix="/public/v1", description="离线验票公钥")


class ScanBody(ma.Schema):
    """The text that the scanner read."""

    code = ma.fields.String(required=True, validate=validate.Length(1, 600), metadata={"example": "5R80:8 9WE%4K/F…"})


class ScanView(ma.Schema):
    """What the gate shows; `inspect` names the document to look at where a concession was taken."""

    result = ma.fields.String(metadata={"example": "admitted"})
    message = ma.fields.String(metadata={"example": "请进。"})
    ticket = ma.fields.String()
    ticket_class = ma.fields.String(metadata={"example": "senior_65"})
    age_band = ma.fields.String(metadata={"example": "senior"})
    inspect = ma.fields.String(metadata={"example": "resident_id"})
    first_scan_at = ma.fields.String()
    first_scan_gate = ma.fields.String()
    valid_day = ma.fields.String()
    enter_from = ma.fields.String()
    enter_until = ma.fields.String()


class KeyView(ma.Schema):
    """A public key of ticket codes."""

    key_id = ma.fields.Integer()
    kind = ma.fields.Integer(metadata={"description": "票码首字节", "example": ticket.KIND})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata={"description": "base64, 32 bytes"})


class KeyList(ma.Schema):
    """All keys that tickets in circulation may be signed with."""

    items = ma.fields.List(ma.fields.Nested(KeyView))
    next = ma.fields.String(allow_none=True)


def authenticate(_access: Access) -> Device:
    """Return the device that signed this request.

    Raises:
        NotLoggedIn, SignatureRefused, ClockWrong: it proves nothing.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        raise NotLoggedIn
    path = request.full_path if request.query_string else request.path
    actor = devices.authenticate(header, method=request.method, path=path, body=request.get_data(cache=True))
    guard(actor.key, per_minute=1200)
    return actor


@gate.post("/scans", access=device())
@gate.arguments(ScanBody)
@gate.answer(200, ScanView)
def scan(body: dict[str, str]) -> dict[str, Any]:
    """Decide on one scan. The nonce of the signature makes a repeated request the same scan."""
    answer = rules.scan(g.actor, body["code"])
    shown: dict[str, Any] = {name: value for name, value in vars(answer).items() if value}
    for name in ("first_scan_at", "enter_from", "enter_until"):
        if name in shown:
            shown[name] = clock.civil(shown[name]).isoformat(timespec="seconds")
    return shown


@keys.get("/ticket-keys", access=ANYONE)
@keys.response(200, KeyList)
def list_keys() -> dict[str, Any]:
    """The public keys with which anybody can verify a ticket without network."""
    public = runtime.current().ticket_keys.public
    items = [
        {
            "key_id": key_id,
            "kind": ticket.KIND,
            "algorithm": "Ed25519",
            "public_key": b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        }
        for key_id, key in sorted(public.items())
    ]
    return {"items": items, "next": None}
