"""Data keys: what seals fields. They lie in the store, each wrapped by a key of the key service.

    active ──a rotation begins──▶ retiring ──a whole pass found nothing under it──▶ retired

One key of a scope is active. A retired one still opens: a backup that is put back may hold values under it. The scope
`field` is the county's; a scope of one person would let a deletion shred that person's records with their key.

A key makes random nonces of 96 bits, so it must be rotated before 2³² seals (NIST SP 800-38D, 8.3): at a million
seals a day in eleven years. Once a year is far below.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mongoengine import BinaryField, DateTimeField, Document, IntField, StringField
from mongoengine.connection import get_db
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.keys.algorithms import ALGORITHMS
from backend.keys.service import KeyService
from backend.sealing import VERSION, KeyMissing, OpenedKey

STATES = ("active", "retiring", "retired")
FIELD = "field"
_ALL = {"_id": {"$gte": 0}}


class DataKey(Document):
    """The id is a number that grows; sealed values carry it."""

    meta = {
        "collection": "data_keys",
        "auto_create_index": False,
        "indexes": [{"fields": ["scope"], "unique": True, "partialFilterExpression": {"state": "active"}}],
    }
    id = IntField(primary_key=True)
    scope = StringField(required=True)
    algorithm = StringField(choices=tuple(ALGORITHMS), required=True)
    wrapped = BinaryField(required=True)
    kek = StringField(required=True)
    state = StringField(choices=STATES, required=True)
    created_at = DateTimeField(required=True)
    retired_at = DateTimeField()


def record(number: int, algorithm: str, service: KeyService, at: datetime) -> dict[str, Any]:
    """Return the document of a new random key, not stored yet."""
    kek = service.current()
    secret = secrets.token_bytes(ALGORITHMS[algorithm].key_bytes)
    return {
        "_id": number,
        "scope": FIELD,
        "algorithm": algorithm,
        "wrapped": service.wrap(kek, secret, _about(number, algorithm)),
        "kek": kek,
        "state": "active",
        "created_at": at,
    }


def _about(number: int, algorithm: str) -> bytes:
    return f"data key {number} {algorithm}".encode()


def ensure(service: KeyService, algorithm: str, *, direct: bool) -> None:
    """Make the first key of a store that has none; of two processes at once one makes it.

    A store of an earlier release, whose values lie directly under FIELD_KEYS, is left so while these are given: that
    release could not read what a data key seals. The first rotation of the field key makes one.

    Raises:
        KeyMissing: values lie under data keys that are gone.
    """
    if listed():
        return
    seen = _versions()
    if VERSION in seen:
        raise KeyMissing
    if seen and direct:
        return
    try:
        DataKey._get_collection().insert_one(record(1, algorithm, service, clock.now()))
    except DuplicateKeyError:
        return


def _versions() -> set[int]:
    """Return the versions of the newest sealed values, one document a collection."""
    found: set[int] = set()
    for holding in personal_data.holdings():
        newest = get_db()[holding.collection].find_one({}, sort=[("_id", -1)], hint="_id_") if holding.sealed else None
        sealed = [one for field in holding.sealed for one in personal_data.values(newest or {}, field.path)]
        found |= {one[0] for one in sealed if isinstance(one, bytes) and one}
    return found


def listed() -> list[dict[str, Any]]:
    """Return all keys as they lie in the store, by id."""
    return list(DataKey._get_collection().find(_ALL).sort("_id", 1))


def opened(service: KeyService) -> Sequence[OpenedKey]:
    """Return all keys, unwrapped.

    Raises:
        KeyUnknown, KeyBroken: the key service cannot open one.
    """
    return [
        OpenedKey(
            one["_id"],
            ALGORITHMS[one["algorithm"]],
            service.unwrap(one["kek"], one["wrapped"], _about(one["_id"], one["algorithm"])),
            active=one["state"] == "active",
        )
        for one in listed()
    ]


def successor(service: KeyService, algorithm: str) -> dict[str, Any]:
    """Return the document of the key after the newest, not stored yet."""
    newest = DataKey._get_collection().find_one(_ALL, {"_id": 1}, sort=[("_id", -1)])
    return record((newest or {"_id": 0})["_id"] + 1, algorithm, service, clock.now())


def succeed(made: dict[str, Any], session: ClientSession) -> None:
    """Store a new active key in a transaction; the one that was active retires.

    Raises:
        DuplicateKeyError: another one was made meanwhile.
    """
    keys = DataKey._get_collection()
    keys.update_many({"scope": FIELD, "state": "active"}, {"$set": {"state": "retiring"}}, session=session)
    keys.insert_one(made, session=session)


def retire() -> int:
    """Note that nothing lies under the retiring keys; return how many there were."""
    change = {"$set": {"state": "retired", "retired_at": clock.now()}}
    return DataKey._get_collection().update_many({**_ALL, "state": "retiring"}, change).modified_count


def under_other(kek: str) -> list[int]:
    """Return the ids of keys that another key-encryption key wraps."""
    found = DataKey._get_collection().find({**_ALL, "kek": {"$ne": kek}}, {"_id": 1}).sort("_id", 1)
    return [one["_id"] for one in found]


def rewrap(number: int, service: KeyService, kek: str) -> bool:
    """Wrap one key by another key-encryption key; the data that it sealed stay as they are. Return whether it changed.

    Raises:
        KeyUnknown, KeyBroken: the key service cannot open it.
    """
    keys = DataKey._get_collection()
    found = keys.find_one({"_id": number}) or {}
    if found["kek"] == kek:
        return False
    about = _about(number, found["algorithm"])
    wrapped = service.wrap(kek, service.unwrap(found["kek"], found["wrapped"], about), about)
    guard = {"_id": number, "wrapped": found["wrapped"]}
    return bool(keys.update_one(guard, {"$set": {"wrapped": wrapped, "kek": kek}}).matched_count)
