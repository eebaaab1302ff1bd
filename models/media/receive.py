"""Receiving a file part by part, so that a weak network goes on where it broke off.

open (name, type, size, digest) ──▶ parts in any order, each as often as needed ──▶ complete (digest, then the gate)

A kill at any point leaves an upload that can go on: parts are stored one by one, and completing again does the same.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.errors import BadInput, NotAllowed, NotFound, Unprocessable
from backend.store import transactions
from backend.uploads import check
from backend.uploads.errors import FileRefused
from models.media import chunk, file, quota
from models.media.file import PURPOSES, File, FileStateWrong

PART = chunk.SIZE


@dataclass(frozen=True)
class Announced:
    """What a client says about the file that it is going to send."""

    name: str
    media_type: str
    size: int
    sha256: str
    purpose: str


class PartWrong(BadInput):
    """400: no such part, or not as long as it should be."""

    code = "file_part_wrong"
    zh = "分片序号或长度不对,请按返回的 part_size 重新切分后再传。"
    en = "No such part, or not of the right length. Cut the file by `part_size`."


class FileIncomplete(Unprocessable):
    """422: parts are missing, or what arrived is not the file that was announced."""

    code = "file_incomplete"
    zh = "文件还没有传完,或传输中有损坏,请补传缺少的分片后再试。"
    en = "Parts are missing or damaged. Send them again."


def open_up(owner: str, told: Announced, *, account: ObjectId | None = None) -> dict[str, Any]:
    """Open an upload and return its record.

    Raises:
        NotAllowed: files of this purpose come from others.
        FileTypeWrong, FileTooBig: such a file is not taken.
        QuotaUsedUp: the owner keeps as much as one may.
    """
    mine = file.owner_of(owner)
    purpose = PURPOSES[told.purpose]
    if mine.partition(":")[0] not in purpose.owners:
        raise NotAllowed
    kind = check.said(told.media_type, purpose.kinds)
    check.require_size(kind, told.size)
    record = _record(mine, told, kind, account)
    quota.ready(mine)

    def change(session: ClientSession) -> None:
        quota.take(mine, told.size, session)
        File._get_collection().insert_one(dict(record), session=session)

    transactions.run(change)
    return record


def _record(owner: str, told: Announced, kind: str, account: ObjectId | None) -> dict[str, Any]:
    file_id = ObjectId()
    name = check.safe_name(told.name, check.KINDS[kind].extension)
    record = {
        "_id": file_id,
        "owner": owner,
        "purpose": told.purpose,
        "kind": kind,
        "name": runtime.current().sealer.seal("files.files.name", file_id, name),
        "state": "receiving",
        "announced": {"size": told.size, "sha256": told.sha256, "media_type": told.media_type},
        "charged": told.size,
        "created_at": clock.now(),
    }
    return record | ({"account": account} if account else {})


def part_count(size: int) -> int:
    """Return in how many parts a file of `size` bytes comes."""
    return -(-size // PART)


def put_part(owner: str, file_id: ObjectId, number: int, content: bytes) -> None:
    """Store a part; the same again changes nothing.

    Raises:
        NotFound: no such file of theirs.
        FileStateWrong: it is complete already.
        PartWrong: the file has no such part, or it is longer or shorter.
    """
    found = file.read(file_id, reader=owner)
    if found["state"] != "receiving":
        raise FileStateWrong
    size = found["announced"]["size"]
    expected = min(PART, size - number * PART)
    if not 0 <= number < part_count(size) or len(content) != expected:
        raise PartWrong(fields={"part": [PartWrong.zh]})
    chunk.put_part(file_id, number, content, found.get("account"))


def progress(owner: str, file_id: ObjectId) -> dict[str, Any]:
    """Return a file's record for the wire; while it is being received, with the parts that have arrived.

    Raises:
        NotFound: no such file of theirs.
    """
    found = file.read(file_id, reader=owner)
    shown = file.told(found)
    if found["state"] == "receiving":
        count = part_count(found["announced"]["size"])
        shown |= {"part_size": PART, "parts": count, "received": chunk.parts(file_id)}
    return shown


def complete(owner: str, file_id: ObjectId) -> dict[str, Any]:
    """Check a file that has arrived whole, and keep what passes; completing again returns the same.

    Raises:
        NotFound: no such file of theirs.
        FileIncomplete: parts are missing, or it is not the announced file.
        FileRefused: it may not be taken; the upload is deleted.
    """
    found = file.read(file_id, reader=owner)
    if found["state"] != "receiving":
        return file.told(found)
    try:
        passed = _passed(found)
    except FileRefused:
        file.discard(file_id, owner=owner)
        raise
    except FileIncomplete:
        found = file.read(file_id, reader=owner)
        if found["state"] == "receiving":
            raise
        return file.told(found)  # the same call at the same moment was faster, and took the parts away
    _keep(found, passed)
    return file.told(file.read(file_id, reader=owner))


def _passed(found: dict[str, Any]) -> check.Checked:
    whole, announced = chunk.joined(found["_id"]), found["announced"]
    if len(whole) != announced["size"] or hashlib.sha256(whole).hexdigest() != announced["sha256"]:
        raise FileIncomplete
    name = runtime.current().sealer.open("files.files.name", found["_id"], found["name"])
    return check.check(whole, media_type=announced["media_type"], name=name, allowed=PURPOSES[found["purpose"]].kinds)


def _keep(found: dict[str, Any], passed: check.Checked) -> None:
    file_id = found["_id"]
    length, chunk_size = chunk.write(file_id, passed.content, found.get("account"))
    kept = {
        "state": "uploaded",
        "size": len(passed.content),
        "sha256": passed.sha256,
        "length": length,
        "chunkSize": chunk_size,
        "uploadDate": clock.now(),
    }
    guard = {"_id": file_id, "state": "receiving"}
    if File._get_collection().update_one(guard, {"$set": kept}).matched_count:
        chunk.drop_parts(file_id)
    elif File._get_collection().find_one({"_id": file_id, "state": {"$ne": "deleted"}}, {"_id": 1}) is None:
        chunk.drop(file_id)
        raise NotFound


def whole(owner: str, told: Announced, content: bytes) -> dict[str, Any]:
    """Receive a file that came in one request; return its record for the wire.

    Raises:
        NotAllowed, FileRefused, QuotaUsedUp: as by parts.
    """
    opened = open_up(owner, told)
    for number in range(part_count(len(content))):
        put_part(owner, opened["_id"], number, content[number * PART : (number + 1) * PART])
    return complete(owner, opened["_id"])
