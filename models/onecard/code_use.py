"""The replay cache: which code was used where. It lies in the store, because losing it would let a code count twice."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from mongoengine.fields import DictField
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.codes.code_kinds import Checked
from backend.errors import KeyReused
from backend.personal_data import Holding

COLLECTION = "code_uses"
KEPT = timedelta(days=14)
"""As long as a journal may be late; then nothing tells any more who was where."""
PRINTED_GAP = timedelta(minutes=5)
"""Paper cannot change its code: a second holder of a copy would come right behind."""
MOST_PRINTED = 20
"""Uses of one printed card a day and kind."""


class CodeUse(Document):
    """The id reads handle, kind and step, of a printed card handle, kind and day. `uses.asked` is device and nonce."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["uses.asked"], "unique": True},
            {"fields": ["credential"]},
            {"fields": ["until"], "expireAfterSeconds": 0},
        ],
    }
    id = StringField(primary_key=True)
    credential = ObjectIdField(required=True)
    kind = StringField(required=True)
    uses = ListField(DictField(), required=True)
    count = IntField()
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        zh="一卡通用码记录",
        via=(("credential", "credentials"),),
        at_deletion="keep",
        because="只含随机凭证号、终端编号和时间,用于防止同一码重复使用;14 天后自动删除",
    )
)


@dataclass(frozen=True)
class Use:
    """One presentation of a code to a scanner; its nonce makes a repeated request the same one."""

    device_id: str
    nonce: str
    text: str
    at: datetime

    @property
    def asked(self) -> str:
        """Return the name of the request."""
        return f"{self.device_id}:{self.nonce}"

    @property
    def record(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {"asked": self.asked, "device": self.device_id, "at": self.at, "text": _digest(self.text)}


def told(use: Use) -> dict[str, Any] | None:
    """Return the record in which this very request was accepted before, None when it was not.

    Raises:
        KeyReused: the nonce came with another code.
    """
    found = CodeUse._get_collection().find_one({"uses.asked": use.asked})
    if found and not any(one["asked"] == use.asked and one["text"] == _digest(use.text) for one in found["uses"]):
        raise KeyReused
    return found


def take(use: Use, checked: Checked, credential_id: Any) -> dict[str, Any] | None:
    """Use a code up. Return None when this use did it, and otherwise the record of what was used before.

    Raises:
        KeyReused: the nonce came with another code.
    """
    try:
        if checked.medium == "printed":
            _count(use, checked, credential_id)
        else:
            _insert(use, checked, credential_id)
    except DuplicateKeyError:
        if told(use):
            return None
        return CodeUse._get_collection().find_one({"_id": _key(use, checked)}) or {"uses": [use.record]}
    return None


def _key(use: Use, checked: Checked) -> str:
    when = clock.civil(use.at).date().isoformat() if checked.medium == "printed" else str(checked.step)
    return f"{checked.handle.hex()}:{checked.kind}:{when}"


def _insert(use: Use, checked: Checked, credential_id: Any) -> None:
    CodeUse._get_collection().insert_one(
        {
            "_id": _key(use, checked),
            "credential": credential_id,
            "kind": checked.kind,
            "uses": [use.record],
            "until": clock.now() + KEPT,
        }
    )


def _count(use: Use, checked: Checked, credential_id: Any) -> None:
    """Count a printed card in one guarded update; where the guard fails, the upsert meets the record that is there."""
    near = {"at": {"$gt": use.at - PRINTED_GAP, "$lt": use.at + PRINTED_GAP}}
    guard = {"_id": _key(use, checked), "count": {"$lt": MOST_PRINTED}, "uses": {"$not": {"$elemMatch": near}}}
    change = {
        "$inc": {"count": 1},
        "$push": {"uses": use.record},
        "$setOnInsert": {"credential": credential_id, "kind": checked.kind, "until": clock.now() + KEPT},
    }
    CodeUse._get_collection().update_one(guard, change, upsert=True)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]
