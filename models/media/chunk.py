"""The bytes of files: GridFS's chunks of the bucket `files`, each sealed.

Sealing binds a chunk to its file and number. Sealed values are text, so bytes are sealed as base64: a third more to
store, and key rotation, backup and the export of one's own data treat a chunk like any other sealed field.
"""

import base64
from collections.abc import Iterator
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo import ReplaceOne

from backend import clock, personal_data, runtime
from backend.personal_data import Holding, Sealed

SIZE = 384 << 10
"""Bytes of a file in one chunk, and in one part of an upload; sealed, half a mebibyte."""
KEPT_HOURS = 48
KEEP_BECAUSE = "附件是所属事项档案的一部分,随事项依法留存"


class Chunk(Document):
    """Chunk `n` of a file. `account` names the resident whose file it is."""

    meta = {
        "collection": "files.chunks",
        "auto_create_index": False,
        "indexes": [{"fields": ["files_id", "n"], "unique": True}, {"fields": ["account"], "sparse": True}],
    }
    files_id = ObjectIdField(required=True)
    n = IntField(required=True)
    data = BinaryField(required=True)
    account = ObjectIdField()


class Part(Document):
    """A part of an upload under way; the id reads file and number. Uploads that end nowhere are cleaned up by time."""

    meta = {
        "collection": "file_parts",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["file", "number"], "unique": True},
            {"fields": ["account"], "sparse": True},
            {"fields": ["at"], "expireAfterSeconds": KEPT_HOURS * 3600},
        ],
    }
    id = StringField(primary_key=True)
    file = ObjectIdField(required=True)
    number = IntField(required=True)
    data = BinaryField(required=True)
    account = ObjectIdField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "files.chunks",
        "上传文件的内容",
        accounts=("account",),
        sealed=(Sealed("data", record="{files_id}:{n}"),),
        at_deletion="restrict",
        because=KEEP_BECAUSE,
    )
)
personal_data.declare(Holding("file_parts", "尚未上传完的文件内容", accounts=("account",), sealed=(Sealed("data"),)))


def put_part(file_id: ObjectId, number: int, content: bytes, account: ObjectId | None) -> None:
    """Store a part of an upload; the same number again replaces it."""
    name = f"{file_id}:{number}"
    part = {"file": file_id, "number": number, "data": _seal("file_parts.data", name, content), "at": clock.now()}
    Part._get_collection().replace_one({"_id": name}, part | _owned(account), upsert=True)


def parts(file_id: ObjectId) -> list[int]:
    """Return the numbers of the parts that have arrived."""
    found = Part._get_collection().find({"file": file_id}, {"number": 1}).sort("number", 1)
    return [one["number"] for one in found]


def joined(file_id: ObjectId) -> bytes:
    """Return all parts that have arrived, in their order."""
    found = Part._get_collection().find({"file": file_id}).sort("number", 1)
    return b"".join(_open("file_parts.data", one["_id"], one["data"]) for one in found)


def drop_parts(file_id: ObjectId) -> None:
    """Forget the parts of an upload."""
    Part._get_collection().delete_many({"file": file_id})


def write(file_id: ObjectId, content: bytes, account: ObjectId | None) -> tuple[int, int]:
    """Store the content of a file and return its stored length and chunk size; the same again changes nothing."""
    changes, lengths = [], []
    for number, start in enumerate(range(0, len(content), SIZE)):
        data = _seal("files.chunks.data", f"{file_id}:{number}", content[start : start + SIZE])
        lengths.append(len(data))
        name = {"files_id": file_id, "n": number}
        changes.append(ReplaceOne(name, {**name, "data": data, **_owned(account)}, upsert=True))
    Chunk._get_collection().bulk_write(changes)
    return sum(lengths), lengths[0]


def read(file_id: ObjectId) -> Iterator[bytes]:
    """Yield the content of a file."""
    for one in Chunk._get_collection().find({"files_id": file_id}).sort("n", 1):
        yield _open("files.chunks.data", f"{file_id}:{one['n']}", one["data"])


def read_between(file_id: ObjectId, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` to before `end`; only the chunks that hold them are opened."""
    numbers = {"$gte": start // SIZE, "$lte": (end - 1) // SIZE}
    for one in Chunk._get_collection().find({"files_id": file_id, "n": numbers}).sort("n", 1):
        before = one["n"] * SIZE
        data = _open("files.chunks.data", f"{file_id}:{one['n']}", one["data"])
        yield data[max(0, start - before) : end - before]


def drop(file_id: ObjectId) -> None:
    """Delete the content of a file."""
    Chunk._get_collection().delete_many({"files_id": file_id})


def _owned(account: ObjectId | None) -> dict[str, Any]:
    return {"account": account} if account else {}


def _seal(place: str, record: str, content: bytes) -> bytes:
    return runtime.current().sealer.seal(place, record, base64.b64encode(content).decode())


def _open(place: str, record: str, data: bytes) -> bytes:
    return base64.b64decode(runtime.current().sealer.open(place, record, data))
