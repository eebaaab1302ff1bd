"""The audit: who of the staff did what to which object. Entries are only ever added.

An entry holds ids, codes and numbers, never names, numbers of documents or free text.
"""

from typing import Any

import structlog
from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.store import paging


class AuditEntry(Document):
    """`object` reads kind and id, for example `slot:museum-20261123-0900`."""

    meta = {
        "collection": "audit_entries",
        "auto_create_index": False,
        "indexes": [{"fields": ["actor", "-_id"]}, {"fields": ["object", "-_id"]}],
    }
    at = DateTimeField(required=True)
    actor = StringField(required=True)
    action = StringField(required=True)
    object = StringField(required=True)
    unit = StringField()
    details = DictField()
    request_id = StringField()


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
    }


def write(entry: dict[str, Any], session: ClientSession | None = None) -> None:
    """Store an entry: within the transaction of its effect, or just before an effect that is one guarded update."""
    AuditEntry._get_collection().insert_one(entry, session=session)


def listed(
    *, actor: str | None, about: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of entries, newest first, of one actor or about one object when given."""
    query = {name: value for name, value in (("actor", actor), ("object", about)) if value}
    found, following = paging.page(AuditEntry._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("actor", "action", "object", "unit", "details", "request_id")}
    return {"id": str(found["_id"]), "at": clock.civil(found["at"]).isoformat(timespec="milliseconds"), **told}
