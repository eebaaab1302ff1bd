"""The access line: before staff see residents' personal data, one document says who saw whose which fields, and why.

Like an audit entry it is stored `pending`, and within a minute has a `leaf` in the tree of `models.audit.tree`.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    Document,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)

from backend import clock, personal_data
from backend.personal_data import Holding
from backend.store import search
from backend.store.combining import Combiner, insert_all
from models.audit import entry

COLLECTION = "access_lines"
_SEARCHED = ("subjects", "who", "purpose", "unit")

personal_data.declare(
    Holding(
        COLLECTION,
        zh="查看记录",
        persons=("subjects",),
        keys=("who",),
        at_deletion="keep",
        because="谁看过谁的信息须留存备查(个人信息保护法第五十七条、网络安全法日志留存);记录只有随机编号,不含姓名和证号。",
    )
)


class Reader(Protocol):
    """Who sees the data."""

    @property
    def key(self) -> str:
        """Return the actor's name in audits."""

    @property
    def unit(self) -> str:
        """Return the unit that the actor works for."""


class AccessLine(Document):
    """One request; `subjects` are the ids of the persons shown. Found by who was looked at as well."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [*search.indexes(*_SEARCHED), entry.PENDING],
    }
    at = DateTimeField(required=True)
    who = StringField(required=True)
    unit = StringField()
    purpose = StringField(required=True)
    case = StringField()
    subjects = ListField(ObjectIdField())
    fields = ListField(StringField())
    request_id = StringField()
    salt = BinaryField()
    pending = BooleanField()
    leaf = LongField()


def _insert(_key: int, lines: Sequence[dict[str, Any]]) -> Sequence[BaseException | None]:
    return insert_all(AccessLine._get_collection(), lines)


_inserts: Combiner[dict[str, Any]] = Combiner(_insert)


def record(
    actor: Reader, *, purpose: str, subjects: Iterable[ObjectId], fields: Iterable[str], case: str | None = None
) -> None:
    """Store the line of one request; without a person shown there is nothing to record."""
    shown = sorted(set(subjects))
    if not shown:
        return
    told = {
        "at": clock.now(),
        "who": actor.key,
        "unit": actor.unit,
        "purpose": purpose,
        "subjects": shown,
        "fields": sorted(set(fields)),
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "salt": os.urandom(entry.SALT_BYTES),
        "pending": True,
    }
    _inserts.run(0, told | ({"case": case} if case else {}))


def listed(
    *,
    who: str | None = None,
    subject: ObjectId | None = None,
    unit: str | None = None,
    purpose: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lines that have all given values, newest first."""
    wanted = {"who": who, "subjects": subject, "unit": unit, "purpose": purpose}
    window = search.Window(since, until, cursor, limit)
    found, following = search.newest(AccessLine._get_collection(), wanted, window, fields=_SEARCHED)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    names = ("who", "unit", "purpose", "case", "fields", "request_id")
    told: dict[str, Any] = {name: found[name] for name in names if name in found}
    at = clock.civil(found["at"]).isoformat(timespec="milliseconds")
    return {"id": str(found["_id"]), "at": at, "subjects": [str(one) for one in found["subjects"]], **told}
