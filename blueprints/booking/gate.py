"""What gates ask: may this visitor walk in, and with which keys can I tell by myself."""

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import g, request

from backend import clock, runtime
from backend.errors import NotLoggedIn
from backend.http.access import ANYONE, Access, device
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.booking import gate_schemas
from models.booking import gate as rules
from models.booking import ticket
from models.identity import device as devices
from models.identity.actors import Device

gate = Surface("gate", __name__, url_prefix="/gate/v1", description="闸机")
keys = Surface("ticket keys", __name__, url_prefix="/public/v1", description="离线验票公钥")


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
@gate.arguments(gate_schemas.ScanBody)
@gate.answer(200, gate_schemas.ScanView)
def scan(body: dict[str, str]) -> dict[str, Any]:
    """Decide on one scan. The nonce of the signature makes a repeated request the same scan."""
    answer = rules.scan(g.actor, body["code"])
    shown: dict[str, Any] = {name: value for name, value in vars(answer).items() if value}
    for name in ("first_scan_at", "enter_from", "enter_until"):
        if name in shown:
            shown[name] = clock.civil(shown[name]).isoformat(timespec="seconds")
    return shown


@keys.get("/ticket-keys", access=ANYONE)
@keys.response(200, gate_schemas.KeyList)
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
