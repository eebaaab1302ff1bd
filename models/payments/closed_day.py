"""A closed day of the ledger: its digest in the chain, and from when on the ledger is open."""

from datetime import UTC, datetime
from typing import Any

from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo.client_session import ClientSession

from backend import clock


class LedgerDay(Document):
    """The id is the day."""

    meta = {"collection": "ledger_days", "auto_create_index": False}
    id = StringField(primary_key=True)
    previous = StringField(required=True)
    digest = StringField(required=True)
    transfers = IntField(required=True)
    moved_fen = IntField(required=True)
    accounts = IntField(required=True)
    closed_at = DateTimeField(required=True)


def newest(session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the day that was closed last, None when none was."""
    return LedgerDay._get_collection().find_one({"_id": {"$gt": ""}}, sort=[("_id", -1)], session=session)


def open_moment(session: ClientSession) -> datetime:
    """Return the moment at which a transfer of this transaction enters the ledger.

    It is now, and never within a closed day: a server whose clock went back posts at the beginning of the first open
    one. Asked in a transaction that has begun, which the store ends within a minute, so the close need not wait longer.
    """
    last = newest(session)
    opened = clock.at(clock.date_of(last["_id"]), 24 * 60).astimezone(UTC) if last else None
    now = clock.now()
    return max(now, opened) if opened else now
