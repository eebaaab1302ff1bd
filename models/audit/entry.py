"""The audit: who of the staff did what to which object. Entries are only ever added.

An entry holds ids, codes and numbers, never names, numbers of documents or free text. It is stored `pending`; within a
minute it has a `leaf` in the tree of `models.audit.tree`.
"""

import os
from datetime import datetime
from typing import Any

import structlog
from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, Document, LongField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding
from backend.store import search

COLLECTION = "audit_entries"
PENDING = {"fields": ["pending", "at"], "partialFilterExpression": {"pending": True}, "name": "pending"}
"""The index by which the sequencer finds what has no leaf yet."""
SALT_BYTES = 16
_SEARCHED = ("object", "actor", "action", "unit")

personal_data.declare(
    Holding(
        COLLECTION,
        zh="工作人员操作审计",
        keys=("actor", "object"),
        at_deletion="keep",
        because="网络安全法要求日志至少留存六个月;记录只有编号和代码,不含姓名、证号和文字内容。",
    )
)


class AuditEntry(Document):
    """`object` reads kind and id, for example `slot:museum-20261123-0900`."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [*search.indexes(*_SEARCHED), PENDING],
    }
    at = DateTimeField(required=True)
    actor = StringField(required=True)
    action = StringField(required=True)
    object = StringField(required=True)
    unit = StringField()
    details = DictField()
    request_id = StringField()
    salt = BinaryField()
    pending = BooleanField()
    leaf = LongField()


def line(actor: str, action: str, about: str, *, unit: str = "", **details: Any) -> dict[str, Any]:
    """Return an entry to `write` inside the transaction of its effect."""
    return {
        "_id": ObjectId(),
        "at": clock.now(),
        "actor": actor,
        "action": action,
        "object": about,
        "unit": unit,
        "details": details,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "salt": os.urandom(SALT_BYTES),
        "pending": True,
    }


def write(entry: dict[str, Any], session: ClientSession | None = None) -> None:
    """Store an entry: within the transaction of its effect, or just before an effect that is one guarded update."""
    AuditEntry._get_collection().insert_one(entry, session=session)


def write_all(entries: list[dict[str, Any]], session: ClientSession) -> None:
    """Store the entries of several effects of one transaction."""
    AuditEntry._get_collection().insert_many(entries, session=session)


def listed(
    *,
    actor: str | None = None,
    about: str | None = None,
    action: str | None = None,
    unit: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the entries that have all given values, newest first."""
    wanted = {"actor": actor, "object": about, "action": action, "unit": unit}
    window = search.Window(since, until, cursor, limit)
    found, following = search.newest(AuditEntry._get_collection(), wanted, window, fields=_SEARCHED)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("actor", "action", "object", "unit", "details", "request_id")}
    return {"id": str(found["_id"]), "at": clock.civil(found["at"]).isoformat(timespec="milliseconds"), **told}
