"""What a scanner asks when it has network, and where it hands in what it decided without."""

from base64 import b64decode
from typing import Any

from flask import g

from backend import clock
from backend.http.access import device
from backend.http.surface import Surface
from blueprints.devices import answer_proof, gate_schemas
from models.devices import code_keys, journal
from models.devices import sync as rules
from models.identity.device import SCANNER_CLASSES

sync = Surface("gate sync", __name__, url_prefix="/gate/v1", description="终端同步、作废名单和离线流水")
sync.after_request(answer_proof.signed)


@sync.get("/sync", access=device(*SCANNER_CLASSES))
@sync.arguments(gate_schemas.FeedQuery, location="query")
@sync.answer(200, gate_schemas.SyncView)
def fetch(query: dict[str, str]) -> dict[str, Any]:
    """Time, public keys, offline limits and the next revocations."""
    return rules.told(g.actor, cursor=query.get("cursor"))


@sync.get("/revocations", access=device())
@sync.arguments(gate_schemas.FeedQuery, location="query")
@sync.answer(200, gate_schemas.FeedView)
def revocations(query: dict[str, str]) -> dict[str, Any]:
    """The next revocations that concern this device; without a cursor all that still matter."""
    return rules.feed(g.actor, cursor=query.get("cursor"))


@sync.post("/keys", access=device())
@sync.arguments(gate_schemas.KeysBody)
@sync.answer(200, gate_schemas.SealedKeysView)
def keys(body: dict[str, str]) -> dict[str, Any]:
    """The verification keys of the device's class, sealed for a key that it made for this request."""
    return code_keys.sealed_for(g.actor, b64decode(body["public_key"]))


@sync.post("/journal", access=device())
@sync.arguments(gate_schemas.JournalBody)
@sync.answer(200, gate_schemas.ReceiptList)
def hand_in(body: dict[str, Any]) -> dict[str, Any]:
    """Hand in what was decided without network; each entry gets its own answer, and repeating it is harmless."""
    receipts = journal.take_in(g.actor, body["entries"], device_time=body["device_time"])
    shown = [{name: value for name, value in vars(one).items() if value or name == "nonce"} for one in receipts]
    return {"items": shown, "next": None, "server_time": clock.civil(clock.now()).isoformat(timespec="milliseconds")}
