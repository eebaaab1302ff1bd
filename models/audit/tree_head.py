"""Signed tree heads: what the whole log was at an instant, signed and published.

The signature (Ed25519, by a key of AUDIT_KEYS) is over the 50 bytes of TreeHeadSignature of RFC 6962, section 3.5:

    version          1 byte    0 (v1)
    signature_type   1 byte    1 (tree_hash)
    timestamp        8 bytes   milliseconds since 1970 in UTC, high byte first
    tree_size        8 bytes   high byte first
    root hash       32 bytes

Heads have consecutive numbers. Each continues the one before: where the tree does not hold the root of the last
published head, in the store or in the file outside of it, nothing is signed any more, and there is an alarm.
"""

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from mongoengine import BinaryField, Document, IntField, LongField
from pymongo.errors import DuplicateKeyError

from backend import clock, merkle, metrics, runtime
from backend.errors import NotFound
from backend.store import paging
from models.audit import heads_file, tree

log = structlog.get_logger()

FRESH = timedelta(hours=1)
"""A log that does not grow gets a head of the same size this often, as a sign of life."""
_FORM = struct.Struct(">BBQQ32s")
_V1, _TREE_HASH = 0, 1


class TreeHead(Document):
    """One head by its number."""

    meta = {"collection": "audit_heads", "auto_create_index": False, "indexes": [{"fields": ["-size", "-_id"]}]}
    id = LongField(primary_key=True)
    size = LongField(required=True)
    timestamp = LongField(required=True)
    root = BinaryField(required=True)
    key_id = IntField(required=True)
    signature = BinaryField(required=True)


@dataclass(frozen=True)
class Head:
    """A head as it is signed and sent."""

    number: int
    size: int
    timestamp: int
    root: bytes
    key_id: int
    signature: bytes

    @property
    def signed_bytes(self) -> bytes:
        """Return what the signature is over."""
        return _FORM.pack(_V1, _TREE_HASH, self.timestamp, self.size, self.root)

    @property
    def at(self) -> datetime:
        """Return when it was signed."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.timestamp)

    @property
    def valid(self) -> bool:
        """Tell whether one of our keys signed it."""
        key = runtime.current().audit_keys.public.get(self.key_id)
        try:
            if key is not None:
                key.verify(self.signature, self.signed_bytes)
        except (InvalidSignature, struct.error):
            return False
        return key is not None

    def wire(self) -> dict[str, Any]:
        """Return it as it is published and kept in the file."""
        return {
            "number": self.number,
            "tree_size": self.size,
            "timestamp": self.timestamp,
            "at": clock.civil(self.at).isoformat(timespec="milliseconds"),
            "root_hash": self.root.hex(),
            "key_id": self.key_id,
            "signature": base64.b64encode(self.signature).decode(),
        }


def of_wire(told: dict[str, Any]) -> Head:
    """Read a head as it was published.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Head(
        number=int(told["number"]),
        size=int(told["tree_size"]),
        timestamp=int(told["timestamp"]),
        root=bytes.fromhex(told["root_hash"]),
        key_id=int(told["key_id"]),
        signature=base64.b64decode(told["signature"], validate=True),
    )


def of_store(found: dict[str, Any]) -> Head:
    """Return a head as the store holds it."""
    same = {name: found[name] for name in ("size", "timestamp", "root", "key_id", "signature")}
    return Head(number=found["_id"], **same)


def newest() -> Head | None:
    """Return the newest head, None before the first."""
    found = list(TreeHead._get_collection().find().sort("_id", -1).limit(1))
    return of_store(found[0]) if found else None


def published() -> Head:
    """Return the newest head.

    Raises:
        NotFound: none was signed yet.
    """
    if (head := newest()) is None:
        raise NotFound
    return head


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of heads, newest first."""
    found, following = paging.page(TreeHead._get_collection(), {}, sort=("_id", -1), cursor=cursor, limit=limit)
    return [of_store(one).wire() for one in found], following


def publish() -> Head | None:
    """Sign what the tree is, when it grew or the last head is old, and bring the file outside up to date.

    A kill after the head was stored leaves the file behind; the next call writes what it lacks.
    """
    last, size = newest(), tree.size()  # in this order, so that no head is smaller than the one before it
    told = heads_file.last()
    outside = of_wire(told) if told else None
    try:
        whole, root = all(_continues(head, size) for head in (last, outside) if head), merkle.root(size, tree.read)
    except KeyError:
        whole, root = False, b""
    if not whole:
        metrics.ALARMS.labels("audit_log_cut").inc()
        log.error("audit_log_cut", size=size)
        return None
    made = None
    if last is None or size > last.size or clock.now() - last.at >= FRESH:
        made = _store(_signed(last.number + 1 if last else 0, size, root))
    heads_file.append(one.wire() for one in _after(outside.number if outside else -1))
    return made


def _continues(head: Head, size: int) -> bool:
    """Tell whether the tree still holds what a head promised."""
    return head.size <= size and merkle.root(head.size, tree.read) == head.root


def _signed(number: int, size: int, root: bytes) -> Head:
    keys, timestamp = runtime.current().audit_keys, int(clock.timestamp() * 1000)
    bare = Head(number, size, timestamp, root, keys.current, b"")
    return replace(bare, signature=keys.private[keys.current].sign(bare.signed_bytes))


def _store(head: Head) -> Head | None:
    record = {"_id": head.number, "size": head.size, "timestamp": head.timestamp, "root": head.root}
    try:
        TreeHead._get_collection().insert_one(record | {"key_id": head.key_id, "signature": head.signature})
    except DuplicateKeyError:
        return None  # another sequencer was faster
    return head


def _after(number: int) -> Iterator[Head]:
    return map(of_store, TreeHead._get_collection().find({"_id": {"$gt": number}}).sort("_id", 1))
