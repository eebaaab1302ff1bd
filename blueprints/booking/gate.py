"""What gates ask: may this visitor walk in, and with which keys can I tell by myself."""

from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import g, request

from backend import clock, identity_documents, runtime
from backend.errors import NotLoggedIn, TooMany, Unavailable
from backend.http.access import ANYONE, Access, device
from backend.http.limits import guard, require_left, strictly
from backend.http.surface import Surface
from blueprints.booking import gate_schemas
from models.booking import gate as rules
from models.booking import (
    gate_answer,
    gate_day_list,
    gate_document,
    gate_rules_today,  # noqa: F401 - registers what syncs tell of today's tickets
    ticket,
)
from models.identity import device as devices
from models.identity.actors import Device

gate = Surface("gate", __name__, url_prefix="/gate/v1", description="闸机")
DOCUMENTS_LIMIT = "40/minute"
"""A reader takes longer for a card."""
MISSES_LIMIT = "60/hour"
"""Whoever tries numbers meets nobody most of the time."""
keys = Surface("ticket keys", __name__, url_prefix="/public/v1", description="离线验票公钥")


def authenticate(access: Access) -> Device:
    """Return the device that signed this request.

    Raises:
        NotLoggedIn, SignatureRefused, ClockWrong: it proves nothing.
        ClassWrong: its class has no business here.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        raise NotLoggedIn
    path = request.full_path if request.query_string else request.path
    actor = devices.authenticate(header, method=request.method, path=path, body=request.get_data(cache=True))
    guard(actor.key, per_minute=1200)
    g.actor = actor  # for who signs answers: a refusal is an answer to a known device too
    devices.require_class(actor, access.classes)
    return actor


@gate.post("/scans", access=device("venue"))
@gate.arguments(gate_schemas.ScanBody)
@gate.answer(200, gate_schemas.ScanView)
def scan(body: dict[str, Any]) -> dict[str, Any]:
    """Decide on a code or a document. The nonce of the signature makes a repeated request the same scan."""
    direction = body.get("direction", "")
    if "code" in body:
        return _shown(rules.scan(g.actor, body["code"], direction))
    told = body["document"]
    document = identity_documents.parse(told["kind"], told["number"], field="document.number")
    actor: Device = g.actor
    gate_document.require_reader(actor)
    try:
        strictly(DOCUMENTS_LIMIT, "gate-documents", actor.device_id)
        require_left(MISSES_LIMIT, "gate-misses", actor.device_id)
    except (TooMany, Unavailable):
        if rules.passing(actor, direction).direction == "in":
            raise
        return _shown(gate_document.leave(actor, direction))
    answer = gate_document.scan(actor, document, direction)
    if not answer.ticket:
        with suppress(TooMany, Unavailable):  # this one was decided; the next one is not
            strictly(MISSES_LIMIT, "gate-misses", actor.device_id)
    return _shown(answer)


@gate.post("/documents", access=device("venue"))
@gate.arguments(gate_schemas.DayListBody)
@gate.answer(200, gate_schemas.SealedListView)
def day_list(body: dict[str, Any]) -> dict[str, Any]:
    """Who may come in today by an ID card: the next page of the list, sealed for the gate."""
    return gate_day_list.sealed_for(g.actor, b64decode(body["public_key"]), body.get("cursor"))


def _shown(answer: gate_answer.Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {name: value for name, value in vars(answer).items() if value not in {None, ""}}
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
