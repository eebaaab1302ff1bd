"""Paging by cursor: `{items, next}`, bounded, without counting."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from bson import ObjectId
from pymongo.collection import Collection

from backend.errors import BadInput

MOST = 100


class BadCursor(BadInput):
    """The cursor was not made by this list."""

    code = "bad_cursor"
    zh = "翻页参数有误,请从第一页重新打开。"
    en = "This cursor is not valid here. Start again from the first page."


def page(
    collection: Collection[dict[str, Any]],
    query: Mapping[str, Any],
    *,
    sort: tuple[str, int],
    cursor: str | None = None,
    limit: int = 20,
    projection: Iterable[str] | Mapping[str, Any] | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return one page of documents sorted by one field, `_id` breaking ties, and the cursor of the next page.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    field, direction = sort
    limit = max(1, min(limit, MOST))
    order = [(field, direction)] if field == "_id" else [(field, direction), ("_id", direction)]
    condition = {"$and": [dict(query), _after(field, direction, _read(cursor))]} if cursor else dict(query)
    items = list(collection.find(condition, projection).sort(order).limit(limit + 1))
    if len(items) <= limit:
        return items, None
    return items[:limit], after(items[limit - 1], field)


def after(document: Mapping[str, Any], field: str) -> str:
    """Return the cursor of what follows a document in a list sorted by `field`, for lists merged from several."""
    return _write([_value(document, field), document["_id"]])


def _value(document: Mapping[str, Any], field: str) -> Any:
    found: Any = document
    for name in field.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _after(field: str, direction: int, position: list[Any]) -> dict[str, Any]:
    value, record = position
    step = "$gt" if direction > 0 else "$lt"
    if field == "_id":
        return {"_id": {step: record}}
    # The bound outside of the alternatives is what an index can start from.
    return {field: {f"{step}e": value}, "$or": [{field: {step: value}}, {"_id": {step: record}}]}


def _write(position: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_mark(value) for value in position])).decode().rstrip("=")


def _mark(value: Any) -> Any:
    if isinstance(value, ObjectId):
        return {"oid": str(value)}
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _read(cursor: str) -> list[Any]:
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value, record = (_unmark(part) for part in raw)
    except (ValueError, TypeError, KeyError, OverflowError, binascii.Error):
        raise BadCursor(fields={"cursor": [BadCursor.zh]}) from None
    return [value, record]


def _unmark(part: Any) -> Any:
    if isinstance(part, dict) and "at" in part:
        # In UTC: a moment that a zone puts before the first year is none that the store can compare.
        return datetime.fromisoformat(part["at"]).astimezone(UTC)
    if isinstance(part, dict):
        if not ObjectId.is_valid(part["oid"]):
            raise ValueError
        return ObjectId(part["oid"])
    if not isinstance(part, str | int):
        raise TypeError
    if isinstance(part, int) and not -(2**63) <= part < 2**63:  # beyond what the store can compare
        raise ValueError
    return part
