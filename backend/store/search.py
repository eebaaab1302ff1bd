"""Search in records that only grow, newest first: every combination of conditions reads a bounded stretch of one index.

The collection has an index `(field, -at, -_id)` for each field that can be searched, and `(-at, -_id)`. The most
selective of the given fields chooses the index; the other conditions are checked on at most `MOST_READ` records of it.
A page may so be shorter than asked for, even empty, and still name a next one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.collection import Collection

from backend.store.paging import MOST, BadCursor

MOST_READ = 5000
_CURSOR = re.compile(r"(\d{1,15})-([0-9a-f]{24})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST_FIRST = (("at", -1), ("_id", -1))

Found = list[dict[str, Any]]


@dataclass(frozen=True)
class Window:
    """Which part of the records: from `since` to before `until`, after the cursor, so many."""

    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = 20


def indexes(*fields: str) -> list[dict[str, Any]]:
    """Return the index declarations that a search by these fields needs."""
    return [{"fields": [*field, "-at", "-_id"]} for field in ((), *((name,) for name in fields))]


def newest(
    collection: Collection[dict[str, Any]], wanted: Mapping[str, Any], window: Window, *, fields: Sequence[str]
) -> tuple[Found, str | None]:
    """Return a page of the records that have all wanted values, newest first, and the cursor of the next page.

    `fields` are those with an index, the most selective first.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    given = {name: value for name, value in wanted.items() if value}
    chosen = next((name for name in fields if name in given), None)
    first = {chosen: given.pop(chosen)} if chosen else {}
    hint = dict.fromkeys(first, 1) | dict(_NEWEST_FIRST)
    limit = max(1, min(window.limit, MOST))
    stretch: list[dict[str, Any]] = [{"$match": first | _within(window)}, {"$sort": dict(_NEWEST_FIRST)}]
    checked: list[dict[str, Any]] = [{"$limit": MOST_READ}, {"$match": given}] if given else []
    found = list(collection.aggregate([*stretch, *checked, {"$limit": limit + 1}], hint=hint))
    if len(found) > limit:
        return found[:limit], _position(found[limit - 1])
    if given:
        last: list[dict[str, Any]] = [{"$skip": MOST_READ - 1}, {"$limit": 1}, {"$project": {"at": 1}}]
        if read := list(collection.aggregate([*stretch, *last], hint=hint)):
            return found, _position(read[0])
    return found, None


def _within(window: Window) -> dict[str, Any]:
    span: dict[str, Any] = {"$gte": window.since or _EPOCH}
    conditions: dict[str, Any] = {"at": span}
    if window.until:
        span["$lt"] = window.until
    if window.cursor:
        at, record = _read(window.cursor)
        span["$lte"] = at
        conditions["$or"] = [{"at": {"$lt": at}}, {"_id": {"$lt": record}}]
    return conditions


def _position(record: Mapping[str, Any]) -> str:
    return f"{(record['at'] - _EPOCH) // timedelta(milliseconds=1)}-{record['_id']}"


def _read(cursor: str) -> tuple[datetime, ObjectId]:
    told = _CURSOR.fullmatch(cursor)
    if told is None:
        raise BadCursor(fields={"cursor": [BadCursor.zh]})
    try:
        return _EPOCH + timedelta(milliseconds=int(told[1])), ObjectId(told[2])
    except OverflowError:
        raise BadCursor(fields={"cursor": [BadCursor.zh]}) from None
