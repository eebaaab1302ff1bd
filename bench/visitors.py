"""Residents for the load: accounts with valid tokens and companions, built by the product's own models."""

import itertools
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, runtime
from backend.identity_documents import IdentityDocument, check_character, mask, parse
from models.identity import account, companion, person
from models.identity.account import Account
from models.identity.person import Person

COMPANIONS = 4
"""A family. Each is one visitor of one booking a day."""


@dataclass(frozen=True)
class Visitor:
    """Who books for whom."""

    account: ObjectId
    person: ObjectId
    token: str
    companion: str


_numbers = itertools.count()


def seed(accounts: int) -> list[Visitor]:
    """Store accounts with their companions; return all visitors, those of one account far apart."""
    made = [_account() for _ in range(accounts)]
    Person._get_collection().insert_many([one for _, _, persons in made for one in persons])
    Account._get_collection().insert_many([document for document, _, _ in made])
    return [
        Visitor(document["_id"], document["companions"][number]["person"], token, document["companions"][number]["id"])
        for number in range(COMPANIONS)
        for document, token, _ in made
    ]


def _account() -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
    sealer, account_id, now = runtime.current().sealer, ObjectId(), clock.now()
    openid = f"bench-{account_id}"
    tokens, session = account._new_session(account_id, now)
    documents = [_identity() for _ in range(COMPANIONS)]
    persons = [_person(document) for document in documents]
    document = {
        "_id": account_id,
        "openid": sealer.seal("accounts.openid", account_id, openid),
        "openid_index": sealer.blinds("accounts.openid", openid),
        "session_key": sealer.seal("accounts.session_key", account_id, secrets.token_urlsafe(16)),
        "privacy": [{"version": "2026-11", "at": now}],
        "consents": {"document": {"version": "2026-11", "at": now}},
        "person": persons[0]["_id"],
        "level": "declared",
        "sessions": [session],
        "companions": [_companion(account_id, documents[n], persons[n], n == 0) for n in range(COMPANIONS)],
        "created_at": now,
    }
    return document, tokens.access, persons


def _identity() -> IdentityDocument:
    day, sequence = divmod(next(_numbers), 1000)
    born = date(1960, 1, 1) + timedelta(days=day)
    body = f"360731{born:%Y%m%d}{sequence:03d}"
    return parse("resident_id", body + check_character(body))


def _person(document: IdentityDocument) -> dict[str, Any]:
    return person._declared(document, "李小明", person._indexes(document))


def _companion(account_id: ObjectId, document: IdentityDocument, known: dict[str, Any], own: bool) -> dict[str, Any]:
    companion_id = secrets.token_hex(6)
    profile = orjson.dumps({"name": "李小明", "birth": document.birth_date}).decode()
    return {
        "id": companion_id,
        "person": known["_id"],
        "profile": runtime.current().sealer.seal(companion._PLACE, f"{account_id}:{companion_id}", profile),
        "kind": document.kind,
        "tail": mask(document.kind, document.number),
        "self": own,
        "added_at": clock.now(),
    }
