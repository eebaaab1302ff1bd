"""The one revocation feed: what a scanner without network must not accept any more, whatever kind of code it is.

An entry becomes visible when its transaction commits, which may be after a later one did. So a walk through the feed
does not end at its last entry but `OVERLAP` before the moment at which it began, and the next walk starts there: what
was written in between comes once more, and an entry that comes twice says the same. Time of the order is the store's
own, so that the clocks of several API servers do not matter.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from mongoengine import DateTimeField, Document, StringField
from mongoengine.connection import get_db
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding
from backend.store.paging import BadCursor
from models.identity.actors import Device
from models.identity.device import CODE_READERS

OVERLAP = timedelta(minutes=5)
"""Longer than any transaction lives (a mongod ends one after 60 s), with room for clocks when the primary changes."""
MOST = 500
_FORGET_AFTER = timedelta(days=1)


class Revocation(Document):
    """The id reads kind, key and scope. `scope` is a place, a scanner class, or empty for everywhere.

    After `until` the code has expired by itself; then neither gates nor the store have to remember it.
    """

    meta = {
        "collection": "revocations",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["scope", "noted_at", "_id"]},
            {"fields": ["until"], "expireAfterSeconds": int(_FORGET_AFTER.total_seconds())},
        ],
    }
    id = StringField(primary_key=True)
    kind = StringField(required=True)
    key = StringField(required=True)
    scope = StringField()
    reason = StringField(required=True)
    noted_at = DateTimeField(required=True)
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "revocations",
        "离线码作废名单",
        at_deletion="keep",
        because="只含随机凭证号、票号和作废原因代码, 到期后自动删除",
    )
)


@dataclass(frozen=True)
class Page:
    """A part of the feed; `more` says that the walk goes on at once, else `cursor` is kept for the next one."""

    items: list[dict[str, Any]]
    cursor: str
    more: bool


@dataclass(frozen=True)
class _Position:
    """Behind which entry a walk stands; `floor` is where the next walk starts, None between two walks."""

    noted_at: datetime
    record: str
    floor: datetime | None


def append(
    kind: str, keys: list[str], *, reason: str, until: datetime, scope: str = "", session: ClientSession
) -> None:
    """Revoke codes inside the caller's transaction. Repeating it sends them out again and never shortens `until`."""
    changes = [
        UpdateOne(
            {"_id": f"{kind}:{key}:{scope}"},
            {
                "$setOnInsert": {"kind": kind, "key": key, "scope": scope, "reason": reason},
                "$max": {"until": until},
                "$currentDate": {"noted_at": True},
            },
            upsert=True,
        )
        for key in keys
    ]
    if changes:
        Revocation._get_collection().bulk_write(changes, session=session)


def page(device: Device, cursor: str | None, *, limit: int = MOST) -> Page:
    """Return the next part of the feed that concerns a device; without a cursor, all that still matters.

    Raises:
        BadCursor: the cursor was not made here.
    """
    now = _store_time()  # before the entries are read: what commits later has to come again
    start = _read(cursor) if cursor else _Position(datetime(1970, 1, 1, tzinfo=UTC), "", None)
    floor = start.floor or now - OVERLAP
    found = _after(device, start, limit + 1)
    if len(found) <= limit:
        return Page([_shown(one) for one in found], _write(_Position(floor, "", None)), more=False)
    last = found[limit - 1]
    following = _write(_Position(last["noted_at"], last["_id"], floor))
    return Page([_shown(one) for one in found[:limit]], following, more=True)


def _store_time() -> datetime:
    database = get_db()
    told: datetime = database.command("hello", codec_options=database.codec_options)["localTime"]
    return told


def _after(device: Device, start: _Position, most: int) -> list[dict[str, Any]]:
    if device.scanner_class not in CODE_READERS:
        return []
    query = {
        "scope": {"$in": sorted({"", device.place, device.scanner_class})},
        "noted_at": {"$gte": start.noted_at},
        "until": {"$gt": clock.now()},
        "$or": [{"noted_at": {"$gt": start.noted_at}}, {"_id": {"$gt": start.record}}],
    }
    return list(Revocation._get_collection().find(query).sort([("noted_at", 1), ("_id", 1)]).limit(most))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("kind", "key", "scope", "reason")}
    times = {
        name: clock.civil(found[field]).isoformat(timespec="seconds")
        for name, field in (("at", "noted_at"), ("until", "until"))
    }
    return {**told, **times}


def _write(position: _Position) -> str:
    parts = [position.noted_at.isoformat(), position.record, position.floor and position.floor.isoformat()]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _read(cursor: str) -> _Position:
    try:
        noted_at, record, floor = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return _Position(_moment(noted_at), "" + record, _moment(floor) if floor else None)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise BadCursor(fields={"cursor": [BadCursor.zh]}) from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
