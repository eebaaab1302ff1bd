"""The access line: before staff see residents' personal data, one document says who saw whose which fields, and why."""

from collections.abc import Iterable
from typing import Any, Protocol

import structlog
from bson import ObjectId
from mongoengine import DateTimeField, Document, ListField, ObjectIdField, StringField

from backend import clock
from backend.store import paging


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
        "collection": "access_lines",
        "auto_create_index": False,
        "indexes": [{"fields": ["who", "-_id"]}, {"fields": ["subjects", "-_id"]}],
    }
    at = DateTimeField(required=True)
    who = StringField(required=True)
    unit = StringField()
    purpose = StringField(required=True)
    case = StringField()
    subjects = ListField(ObjectIdField())
    fields = ListField(StringField())
    request_id = StringField()


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
    }
    AccessLine._get_collection().insert_one(told | ({"case": case} if case else {}))


def listed(
    *, who: str | None, subject: ObjectId | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of lines, newest first, of one reader or about one person when given."""
    query = {name: value for name, value in (("who", who), ("subjects", subject)) if value}
    found, following = paging.page(AccessLine._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    names = ("who", "unit", "purpose", "case", "fields", "request_id")
    told: dict[str, Any] = {name: found[name] for name in names if name in found}
    at = clock.civil(found["at"]).isoformat(timespec="milliseconds")
    return {"id": str(found["_id"]), "at": at, "subjects": [str(one) for one in found["subjects"]], **told}
