"""A phone that draws codes, a scanner that reads them, a gate that decides alone: written from docs/codes.md."""

import base64
import hashlib
import hmac
import json
import secrets
import struct
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend import clock
from backend.codes import gate_check
from backend.codes.code_kinds import GateKeys
from backend.codes.compact import base45_encode
from models.identity import account, device
from models.onecard import card
from models.onecard.card import Card
from tests.support.gate import Gate
from tests.support.phone import Phone

SEEDS, TIME, CODES = "/mini/v1/card/seeds", "/mini/v1/server-time", "/gate/v1/codes"


def give_card(person_id: str | ObjectId, state: str = "active") -> ObjectId:
    """Store a card as the centre's answers leave it."""
    record = card.begin(ObjectId(person_id), {"id": "0", "command": "issue"}, by="system:test")
    record |= {"state": state, "commands": [], "outbox": []}
    Card._get_collection().insert_one(record)
    return record["_id"]


def person_of(phone: Phone) -> ObjectId:
    return account.authenticate(phone.token).document["person"]


class Wallet:
    """What the mini-program does: takes seeds and offset once, then draws without network, by whatever clock it has."""

    def __init__(self, phone: Phone, *, fast: float = 0.0):
        self.phone, self.fast, self.offset = phone, fast, 0.0

    def clock(self) -> float:
        return clock.timestamp() + self.fast

    def draw_seeds(self, *, key: str | None = None):
        answer = self.phone.post(SEEDS, key=key or uuid.uuid4().hex)
        if answer.status_code == 201:
            self.take(answer.json)
        return answer

    def take(self, answer: dict) -> None:
        items = self.phone.client.get("/public/v1/card-keys").json["items"]
        (public,) = [
            one["public_key"] for one in items if (one["use"], one["key_id"]) == ("seed_package", answer["key_id"])
        ]
        text = answer["package"].encode()
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(answer["signature"]), text)
        self.package = json.loads(text)

    def calibrate(self) -> None:
        sent = self.clock()
        told = self.phone.client.get(TIME).json["server_unix_ms"] / 1000
        self.offset = told - (sent + self.clock()) / 2

    def code(self, kind: str = "venue", scanner: str | None = None, *, later: float = 0.0) -> str:
        return code_of(self.package, kind, scanner or kind, self.clock() + self.offset + later)


def code_of(package: dict, kind: str, scanner: str, timestamp: float) -> str:
    """Draw a code as the page says, byte by byte."""
    (seed,) = [one for one in package["seeds"] if (one["kind"], one["scanner_class"]) == (kind, scanner)]
    head = bytes((0x43, package["key_id"], seed["kind_byte"], seed["scanner_byte"])) + bytes.fromhex(package["handle"])
    message = head + struct.pack(">HI", package["last_day_number"], int(timestamp // package["step_seconds"]))
    mac = hmac.new(base64.b64decode(seed["seed"]), message, hashlib.sha256).digest()[:16]
    return base45_encode(message + mac)


class Scanner(Gate):
    """A device of a scanner class that asks online."""

    def __init__(self, client, scanner_class: str = "venue", *, unit: str = "culture_tourism"):
        self.client, self.name = client, "终端"
        self.id = f"scanner-{secrets.token_hex(4)}"
        self.private = Ed25519PrivateKey.generate()
        public = self.private.public_key().public_bytes_raw()
        told = {"name": self.name, "place": "museum", "unit": unit, "scanner_class": scanner_class}
        device.register("staff:test", self.id, public_key=public, **told)

    def twin(self, client) -> "Scanner":
        """Return the same scanner on another connection, for threads."""
        other = object.__new__(Scanner)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def check(self, code: str, **options):
        body = json.dumps({"code": code}).encode()
        return self.send(body, self.signed(body, path=CODES, **options), path=CODES)

    def result(self, code: str, **options) -> str:
        answer = self.check(code, **options)
        assert answer.status_code == 200, answer.json
        return answer.json["result"]

    def ask(self, path: str):
        return self.client.get(path, headers={"Authorization": self.signed(b"", method="GET", path=path)})


@dataclass
class LoneGate:
    """A gate without network: its keys, the revoked handles it was told, and the codes it has let in."""

    keys: GateKeys
    revoked: set[bytes] = field(default_factory=set)
    used: set[tuple] = field(default_factory=set)

    def decide(self, text: str, at: datetime) -> str:
        found = gate_check.check(text, self.keys, at)
        if found.result != "accepted":
            return found.result
        if found.handle in self.revoked:
            return "revoked"
        use = (found.handle, found.kind, found.step)
        if use in self.used:
            return "replayed"
        self.used.add(use)
        return "accepted"
