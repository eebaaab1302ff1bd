"""An uploaded file: who sent it, what for, and where it belongs. Its bytes lie in `chunk.py`.

    receiving ──complete──▶ uploaded ──attach──▶ attached
        └───────────┬──────────┘                    │
                    └────── delete ──▶ deleted ◀────┘

What is not attached within a day is deleted. The bytes go by the outbox after the record says `deleted`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from backend.uploads import check
from models.media import chunk, quota

COLLECTION = "files.files"
outbox.carried_by(COLLECTION)
STATES = ("receiving", "uploaded", "attached", "deleted")
UNATTACHED_LASTS = timedelta(hours=24)
_SWEPT_AT_ONCE = 200


@dataclass(frozen=True)
class Purpose:
    """What a file may be for: which kinds are taken, and from whom."""

    zh: str
    kinds: frozenset[str]
    owners: frozenset[str]


PURPOSES = {
    "case_attachment": Purpose("事项材料", check.DOCUMENTS, frozenset({"resident", "staff"})),
    "case_result": Purpose("办理结果文书", frozenset({"pdf"}), frozenset()),
    "school_material": Purpose("入学申请材料", check.DOCUMENTS, frozenset({"resident", "staff"})),
    "sheet_import": Purpose("表格导入", check.SHEETS, frozenset({"staff"})),
    "content_media": Purpose("内容素材", check.PICTURES | check.AUDIO, frozenset({"staff"})),
}


class File(Document):
    """`length`, `chunkSize` and `uploadDate` are GridFS's own words; `size` and `sha256` are of the plain content.

    `charged` are the bytes that count against the owner's quota: those announced.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["owner", "-_id"]},
            {"fields": ["account"], "sparse": True},
            {"fields": ["attached_to"], "sparse": True},
            {"fields": ["state", "created_at"]},
            outbox.INDEX,
        ],
    }
    owner = StringField(required=True)
    account = ObjectIdField()
    purpose = StringField(choices=tuple(PURPOSES), required=True)
    kind = StringField(choices=tuple(check.KINDS), required=True)
    name = BinaryField(required=True)
    state = StringField(choices=STATES, required=True)
    announced = DictField(required=True)
    charged = IntField(required=True)
    size = IntField()
    sha256 = StringField()
    length = IntField()
    chunkSize = IntField()  # noqa: N815 - GridFS spells it so
    uploadDate = DateTimeField()  # noqa: N815 - GridFS spells it so
    attached_to = StringField()
    created_at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "上传的文件",
        accounts=("account",),
        sealed=(Sealed("name"),),
        at_deletion="restrict",
        because=chunk.KEEP_BECAUSE,
    )
)


class FileStateWrong(Conflict):
    """409: the file is not in the state that this needs."""

    code = "file_state_wrong"
    zh = "文件当前状态不能这样操作,请刷新后再试;已附上的文件不能改动。"
    en = "The file's present state does not allow this. Refresh; an attached file cannot be changed."


@dataclass(frozen=True)
class Content:
    """A file ready to be handed out."""

    name: str
    media_type: str
    data: bytes


def owner_of(actor_key: str) -> str:
    """Return the owner that an actor's key stands for: who acts for another still owns what they send."""
    return ":".join(actor_key.split(":")[:2])


def read(file_id: ObjectId, *, reader: str) -> dict[str, Any]:
    """Return the record of one's own file; `reader` is an actor's key.

    Raises:
        NotFound: no such file of theirs.
    """
    found = File._get_collection().find_one({"_id": file_id, "owner": owner_of(reader)}, {"outbox": 0})
    if found is None or found["state"] == "deleted":
        raise NotFound
    return found


def told(found: dict[str, Any]) -> dict[str, Any]:
    """Return a file's record for the wire."""
    shown = {
        "id": str(found["_id"]),
        "name": runtime.current().sealer.open("files.files.name", found["_id"], found["name"]),
        "media_type": check.KINDS[found["kind"]].media_type,
        "purpose": found["purpose"],
        "state": found["state"],
        "size": found.get("size", found["announced"]["size"]),
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    return shown | ({"sha256": found["sha256"]} if found.get("sha256") else {})


def of_object(attached_to: str) -> list[dict[str, Any]]:
    """Return the records of the files that are attached to an object, for example `case:…`, oldest first."""
    query = {"attached_to": attached_to}
    return list(File._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(quota.LIMITS["staff"][0]))


def attached(file_id: ObjectId) -> dict[str, Any] | None:
    """Return the record of a file that is attached to something, whose rules the caller checks; None without one."""
    return File._get_collection().find_one({"_id": file_id, "state": "attached"}, {"outbox": 0})


def content(file_id: ObjectId, *, attached_to: str | None = None, owner: str | None = None) -> Content:
    """Return the content of a file: one's own, or that of an object whose scope the caller has checked.

    Raises:
        NotFound: no such file there, or its content is not complete.
    """
    if attached_to is None and owner is None:
        raise NotFound
    query: dict[str, Any] = {"_id": file_id, "state": {"$in": ["uploaded", "attached"]}}
    query |= {"attached_to": attached_to} if attached_to else {}
    query |= {"owner": owner_of(owner)} if owner else {}
    found = documents.one(File, query)
    shown = told(found)
    return Content(shown["name"], shown["media_type"], b"".join(chunk.read(file_id)))


def attach(
    file_ids: Sequence[ObjectId], owner: str, *, to: str, purpose: str, session: ClientSession | None = None
) -> None:
    """Attach one's own uploaded files to an object, for example `case:…`; attaching again to the same changes nothing.

    Inside the transaction that makes the object none of it happens without the other.

    Raises:
        NotFound: one is not theirs, not whole, of another purpose, or attached elsewhere.
    """
    for file_id in file_ids:
        mine = {"_id": file_id, "owner": owner_of(owner), "purpose": purpose}
        free = {"$or": [{"state": "uploaded"}, {"state": "attached", "attached_to": to}]}
        change = {"$set": {"state": "attached", "attached_to": to}}
        if not File._get_collection().update_one({**mine, **free}, change, session=session).matched_count:
            raise NotFound(fields={"files": [NotFound.zh]})


def detach(file_id: ObjectId, *, attached_to: str, session: ClientSession | None = None) -> None:
    """Let a file go that an object no longer names; what belongs to nothing is deleted a day after it was sent."""
    held = {"_id": file_id, "state": "attached", "attached_to": attached_to}
    change = {"$set": {"state": "uploaded"}, "$unset": {"attached_to": ""}}
    File._get_collection().update_one(held, change, session=session)


def discard(file_id: ObjectId, *, owner: str) -> None:
    """Delete one's own file that is attached nowhere; deleting again changes nothing.

    Raises:
        NotFound: no such file of theirs.
        FileStateWrong: it is attached.
    """
    mine = {"_id": file_id, "owner": owner_of(owner)}
    if not _delete({**mine, "state": {"$in": ["receiving", "uploaded"]}}):
        found = documents.one(File, mine, {"state": 1})
        if found["state"] != "deleted":
            raise FileStateWrong


def discard_of(attached_to: str) -> int:
    """Delete the files of an object that has ended its time; return how many."""
    return sum(_delete({"_id": one["_id"], "state": "attached"}) for one in of_object(attached_to))


def sweep() -> int:
    """Delete what was not attached in time; return how many files."""
    late = {"$lte": clock.now() - UNATTACHED_LASTS}
    query = {"state": {"$in": ["receiving", "uploaded"]}, "created_at": late}
    found = File._get_collection().find(query, {"state": 1}).limit(_SWEPT_AT_ONCE)
    return sum(_delete({"_id": one["_id"], "state": one["state"]}) for one in found)


def _delete(guard: dict[str, Any]) -> bool:
    wipe = outbox.entry("trust", "media.wipe", file_id=str(guard["_id"]))
    ended = {"$set": {"state": "deleted", "outbox": [wipe]}, "$unset": {"attached_to": "", "sha256": "", "name": ""}}

    def change(session: ClientSession) -> bool:
        found = File._get_collection().find_one_and_update(guard, ended, session=session)
        if found:
            quota.give_back(found["owner"], found["charged"], session)
        return found is not None

    done = transactions.run(change)
    if done:
        outbox.wake("trust")
    return done


def wipe(file_id: ObjectId) -> None:
    """Delete the bytes of a deleted file, then its record; repeating it changes nothing."""
    chunk.drop_parts(file_id)
    chunk.drop(file_id)
    File._get_collection().delete_one({"_id": file_id, "state": "deleted"})
