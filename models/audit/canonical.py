"""The canonical form of a record of the log: the same bytes for the same content, whoever writes them down.

    {"collection":"audit_entries","record":{"_id":{"$oid":"673e…"},"action":"slot.close","at":{"$date":1732348800123},…}}

It is JSON in UTF-8 without spaces; the names of every object are sorted by code point; strings are escaped only where
JSON demands it. Truth values, null, strings and whole numbers (of 32 or 64 bits alike) are JSON's own. The others are:

    instant      {"$date": milliseconds since 1970 in UTC}
    ObjectId     {"$oid": 24 hexadecimal digits}
    bytes        {"$bytes": hexadecimal digits}
    real number  {"$double": its IEEE 754 bytes, high byte first, as 16 hexadecimal digits}
    any other    {"$bson": the BSON of an object that holds it under the empty name, in hexadecimal digits}

A name in an object that begins with `$` gets a second one before it, so that no object looks like these. `pending` and
`leaf`, by which the sequencer marks a record, are left out; everything else that the store holds is in. Every record
has a random `salt`, so that nobody finds out its content by trying what would give its hash.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import orjson
from bson import ObjectId

from backend import merkle

MARKS = ("pending", "leaf")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def form(collection: str, record: Mapping[str, Any]) -> bytes:
    """Return the canonical form of a record."""
    content = {name: value for name, value in record.items() if name not in MARKS}
    told = {"collection": collection, "record": _plain(content)}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def leaf_hash(collection: str, record: Mapping[str, Any]) -> bytes:
    """Return the leaf hash of a record."""
    return merkle.leaf_hash(form(collection, record))


def _plain(value: Any) -> Any:
    if value is None or type(value) in {bool, str}:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {f"${name}" if name.startswith("$") else name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return _tagged(value)


def _tagged(value: Any) -> dict[str, Any]:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"$date": (moment - _EPOCH) // _MILLISECOND}
    if isinstance(value, ObjectId):
        return {"$oid": str(value)}
    if type(value) is bytes:
        return {"$bytes": value.hex()}
    if isinstance(value, float):
        return {"$double": struct.pack(">d", value).hex()}
    return {"$bson": bson.encode({"": value}).hex()}
