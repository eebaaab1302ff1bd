"""Paging by cursor: `{items, next}`, bounded, without counting."""

import base64
import binascii
from collections.abc import Iterable, Mapping
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
    last = items[limit - 1]
    return items[:limit], _write([last.get(field), last["_id"]])


def _after(field: str, direction: int, position: list[Any]) -> dict[str, Any]:
    value, record = position
    step = "$gt" if direction > 0 else "$lt"
    if field == "_id":
        return {"_id": {step: record}}
    return {"$or": [{field: {step: value}}, {field: value, "_id": {step: record}}]}


def _write(position: list[Any]) -> str:
    marked = [{"oid": str(value)} if isinstance(value, ObjectId) else value for value in position]
    return base64.urlsafe_b64encode(orjson.dumps(marked)).decode().rstrip("=")


def _read(cursor: str) -> list[Any]:
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value, record = (_unmark(part) for part in raw)
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise BadCursor(fields={"cursor": [BadCursor.zh]}) from None
    return [value, record]


def _unmark(part: Any) -> Any:
    if isinstance(part, dict):
        if not ObjectId.is_valid(part["oid"]):
            raise ValueError
        return ObjectId(part["oid"])
    if not isinstance(part, str | int):
        raise TypeError
    if isinstance(part, int) and not -(2**63) <= part < 2**63:  # beyond what the store can compare
        raise ValueError
    return part
