"""Gates of zones, phones that draw ticket codes, and journals, written from docs/codes.md and docs/devices.md."""

import hashlib
import hmac
import json
import secrets
import struct
from base64 import b64decode, b64encode
from datetime import timedelta

import base45
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from mongoengine.connection import get_db

from backend import clock
from models.booking import ticket
from models.devices.conflict import JournalConflict
from models.devices.journal import JournalEntry
from models.identity import device
from models.places.place import Place
from tests.support import queues, slots
from tests.support.scanner import Scanner, line

HALL = {
    "code": "hall_a",
    "name_zh": "一号展厅",
    "most_entries": 1,
    "again": "after_exit",
    "ticket_types": [],
    "parent": "",
}
WHOLE = {**HALL, "code": "", "name_zh": "全园"}


class ZoneGate(Scanner):
    """A gate at the border of a zone."""

    def __init__(self, client, zone="", direction="in", *, place=slots.PLACE, name="东门", **duty):
        super().__init__(client, place, name=name)
        told = {"zone": zone, "direction": direction, **duty}
        device.Device._get_collection().update_one({"_id": self.id}, {"$set": told})

    def shown(self, code: str, direction: str = "", **options) -> dict:
        """Scan a code; return what the gate is told."""
        body = {"code": code} | ({"direction": direction} if direction else {})
        answer = self.call("POST", "/gate/v1/scans", body, **options)
        assert answer.status_code == 200, answer.json
        return answer.json

    def result(self, code: str, direction: str = "", **options) -> str:
        return self.shown(code, direction, **options)["result"]

    def read_card(self, number: str, kind="resident_id", **options):
        body = {"document": {"kind": kind, "number": number}}
        return self.call("POST", "/gate/v1/scans", body, **options)


def agree(*zones, static_code="accept", place=slots.PLACE) -> None:
    """Give the tickets of slots that are made from now on these zones."""
    told = {"terms.zones": list(zones), "terms.static_code": static_code}
    Place._get_collection().update_one({"_id": place}, {"$set": told})


def zone(code="hall_a", **changes) -> dict:
    return {**HALL, "code": code, **changes}


class DrawnTicket:
    """What the mini-program does with a ticket's seed: checks the package, then draws without network."""

    def __init__(self, phone, ticket_id: str):
        answer = phone.get(f"/mini/v1/tickets/{ticket_id}/seed")
        assert answer.status_code == 200, answer.json
        keys = phone.client.get("/public/v1/card-keys").json["items"]
        (public,) = [
            one["public_key"] for one in keys if (one["use"], one["key_id"]) == ("seed_package", answer.json["key_id"])
        ]
        text = answer.json["package"].encode()
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(b64decode(answer.json["signature"]), text)
        self.package = json.loads(text)

    def draw(self, later: float = 0.0) -> str:
        seed = b64decode(self.package["seed"])
        return drawn(self.package["code"], self.package["key_id"], seed, clock.timestamp() + later)


def drawn(signed: str, key_id: int, seed: bytes, timestamp: float) -> str:
    """Draw a ticket's code as the page says, byte by byte."""
    message = b"\x52" + base45.b45decode(signed)[1:] + struct.pack(">BI", key_id, int(timestamp // 30))
    return base45.b45encode(message + hmac.new(seed, message, hashlib.sha256).digest()[:16]).decode()


def passed(code: str, *, minutes: float = 0, direction: str = "in", zone: str = "", **changes) -> dict:
    """Return what a gate writes down that let somebody through so many minutes ago."""
    at = (clock.now() + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    told = {"code_kind": "ticket", "code": code, "at": at, "direction": direction, "zone": zone or None}
    return line(**told | changes)


def signed(gate, entry: dict) -> dict:
    """Return an entry with its gate's own signature, as docs/devices.md says."""
    entry = {**entry, "device": gate.id}
    names = ("nonce", "at", "offline_since", "code_kind")
    told = ["CITY-ENTRY", gate.id, *(entry.get(name, "") for name in names)]
    told.append(hashlib.sha256(entry["code"].encode()).hexdigest())
    told += [entry.get(name, "") for name in ("decision", "reason", "zone", "direction")]
    return {**entry, "proof": b64encode(gate.private.sign("".join(f"{one}\n" for one in told).encode())).decode()}


def settle() -> None:
    queues.drain("gates")


def stored(order: dict, number: int = 0) -> dict:
    return ticket.read(order["tickets"][number]["id"])


def outcome() -> dict:
    """Return what the store says of all tickets, entries, scans and open conflicts, but not when it heard of them."""
    db = get_db()
    hint = {"_id": {"$exists": True}}
    tickets = {
        one["_id"]: {name: one.get(name) for name in ("state", "zones", "first_scan", "scans")}
        for one in db.tickets.find(hint).hint("_id_")
    }
    entries = {
        one["_id"]: (one["state"], one.get("reason") or "")
        for one in JournalEntry._get_collection().find(hint).hint("_id_")
    }
    names = ("device", "place", "code_kind", "reason", "at", "ticket", "details")
    conflicts = {
        one["_id"]: {name: one.get(name) for name in names}
        for one in JournalConflict._get_collection().find(hint).hint("_id_")
        if one["state"] == "open"
    }
    scans = {
        one["_id"]: {name: one.get(name) for name in ("ticket", "zone", "direction", "result", "at", "uncounted")}
        for one in db.gate_scans.find(hint).hint("_id_")
    }
    return {"tickets": tickets, "entries": entries, "conflicts": conflicts, "scans": scans}


def nonce() -> str:
    return secrets.token_hex(12)
