"""Which blind-index keys the records carry, and that a setting says the same key under the same id as before.

An index key changes in four steps. 1 It is added beside the old one in BLIND_INDEX_KEYS of every process: each writes
values of both keys and looks for either. 2 A rotation gives every record a value of both; the new key is complete.
3 The old one is taken out of the settings, which the start refuses before. 4 A rotation takes its values out.
"""

import contextlib
import hashlib
import hmac
from collections.abc import Mapping

from mongoengine import DictField, Document, ListField, StringField
from pymongo.errors import DuplicateKeyError

from backend.errors import CityError

_ID = "blind_index"


class IndexKeys(Document):
    """`complete` are the ids of keys of which every record carries a value; `checks` tell a key without showing it."""

    meta = {"collection": "index_keys", "auto_create_index": False}
    id = StringField(primary_key=True)
    complete = ListField()
    checks = DictField()


class IndexKeysRefused(CityError):
    """The store's records cannot be found by the index keys that were given."""

    code = "index_keys_refused"
    zh = "盲索引密钥与库中数据不符:{reason}"
    en = "BLIND_INDEX_KEYS does not fit the store: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def require(keys: Mapping[int, bytes]) -> None:
    """Check the keys of this process against the store; the first start of a store notes its lowest one.

    Raises:
        IndexKeysRefused: records are indexed by none of them, or one was replaced under its id.
    """
    checks = {str(key_id): _check(key) for key_id, key in keys.items()}
    kept = IndexKeys._get_collection()
    with contextlib.suppress(DuplicateKeyError):  # another process started at this very moment
        kept.update_one({"_id": _ID}, {"$setOnInsert": {"complete": [min(keys)], "checks": checks}}, upsert=True)
    known = kept.find_one({"_id": _ID}) or {}
    changed = [key_id for key_id, check in checks.items() if known["checks"].get(key_id, check) != check]
    if changed:
        raise IndexKeysRefused(reason=f"key {', '.join(changed)} is another one than before; give new keys new ids")
    if not set(keys) & set(known["complete"]):
        ids = ", ".join(str(one) for one in known["complete"])
        raise IndexKeysRefused(reason=f"records are indexed by key {ids}; keep it until a rotation is done")
    _note(keys, checks)


def _check(key: bytes) -> str:
    return hmac.digest(key, b"check", hashlib.sha256)[:8].hex()


def _note(keys: Mapping[int, bytes], checks: Mapping[str, str]) -> None:
    """Note new keys, and that what this process writes carries no value of a key that it lacks."""
    change = {
        "$set": {f"checks.{key_id}": check for key_id, check in checks.items()},
        "$pull": {"complete": {"$nin": sorted(keys)}},
    }
    IndexKeys._get_collection().update_one({"_id": _ID}, change)


def complete() -> list[int]:
    """Return the ids of the keys of which every record carries a value."""
    found = IndexKeys._get_collection().find_one({"_id": _ID}) or {}
    return sorted(found.get("complete", []))


def note_complete(key_ids: list[int]) -> None:
    """Note after a rotation that every record carries a value of these keys and of no other."""
    IndexKeys._get_collection().update_one({"_id": _ID}, {"$set": {"complete": sorted(key_ids)}})
