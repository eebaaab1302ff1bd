"""A log of made-up entries and lines, and what a monitor outside does with what is published."""

import base64
import hashlib
import random
import struct
from dataclasses import dataclass

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from mongoengine.connection import get_db

from backend import merkle
from models.audit import access_line, entry, sequencer, tree_head


@dataclass(frozen=True)
class Reader:
    key: str = "staff:673ec0a5c0ffee0123456789"
    unit: str = "changzhengyuan"


def fill(count: int, *, seed: int = 1) -> None:
    """Write entries and lines in turn, as the service does."""
    chance = random.Random(seed)
    for number in range(count):
        if chance.random() < 0.5:
            entry.write(entry.line(f"staff:{number % 7}", "slot.close", f"slot:{number % 11}", unit="u1", days=number))
        else:
            access_line.record(Reader(), purpose="booking_service", subjects=[ObjectId()], fields=["visitors.name"])


def chain() -> int:
    """Chain what is pending and publish the head."""
    chained = sequencer.run()
    tree_head.publish()
    return chained


def records(source: str) -> list[dict]:
    return list(get_db()[source].find().sort("_id", 1).hint("_id_"))


def leaves() -> list[dict]:
    return list(get_db().audit_leaves.find().sort("_id", 1).hint("_id_"))


def everything() -> int:
    return len(records("audit_entries")) + len(records("access_lines"))


class Monitor:
    """Somebody outside with a browser: trusts the published keys and nothing else."""

    def __init__(self, client):
        self.client = client
        told = self.get("/public/v1/audit/keys")["items"]
        self.keys = {one["key_id"]: base64.b64decode(one["public_key"]) for one in told}

    def get(self, path: str) -> dict:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.json
        return answer.json

    def head(self) -> dict:
        return self.checked(self.get("/public/v1/audit/tree-head"))

    def checked(self, head: dict) -> dict:
        """Verify the signature as RFC 6962, 3.5 puts it together."""
        signed = struct.pack(">BBQQ", 0, 1, head["timestamp"], head["tree_size"]) + bytes.fromhex(head["root_hash"])
        key = Ed25519PublicKey.from_public_bytes(self.keys[head["key_id"]])
        key.verify(base64.b64decode(head["signature"]), signed)
        return head

    def holds(self, proof: dict, head: dict, content: str) -> bool:
        """Verify that a record's text is in the log of a head."""
        leaf = hashlib.sha256(b"\x00" + content.encode()).digest()
        path = [bytes.fromhex(one) for one in proof["proof"]]
        root = bytes.fromhex(head["root_hash"])
        return merkle.verify_inclusion(leaf, proof["leaf_index"], head["tree_size"], path, root)

    def follows(self, older: dict, newer: dict) -> bool:
        """Verify that the newer log begins with the older one."""
        first, second = older["tree_size"], newer["tree_size"]
        told = self.get(f"/public/v1/audit/consistency?first={first}&second={second}")
        proof = [bytes.fromhex(one) for one in told["proof"]]
        roots = [bytes.fromhex(one["root_hash"]) for one in (older, newer)]
        return merkle.verify_consistency(first, second, proof, *roots)
