"""The dumps, and who lived their stories, with what they kept: tokens, passwords, keys."""

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.clerk import Clerk
from tests.support.gate import Gate
from tests.support.phone import Phone

DUMPS = sorted((Path(__file__).parents[1] / "dumps").glob("*.backup"))
SOON = 300
"""How many seconds after its story was told a dump is read."""


def with_part(part: str) -> list[Path]:
    """Return the dumps whose story holds a part."""
    return [path for path in DUMPS if part in json.loads(path.with_suffix(".story.json").read_text())]


def old_phone(client, tokens: dict) -> Phone:
    phone = object.__new__(Phone)
    phone.client, phone.token = client, tokens["access_token"]
    return phone


def old_clerk(client, told: dict) -> Clerk:
    clerk = Clerk(client, "", told["login"])
    clerk.secret = told["secret"]
    return clerk


def old_gate(client, told: dict) -> Gate:
    gate = object.__new__(Gate)
    gate.client, gate.id, gate.name = client, told["id"], "东门"
    gate.private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(told["private"]))
    return gate


def at_scanner(client, told: dict, path: str, body: dict) -> dict:
    raw, gate = json.dumps(body).encode(), old_gate(client, told)
    answer = gate.send(raw, gate.signed(raw, path=path), path=path)
    assert answer.status_code == 200, answer.json
    return answer.json
