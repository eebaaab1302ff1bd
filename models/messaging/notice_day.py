"""Figures of notices: for each day and kind, how often each channel came to each end. Counted with the end itself."""

from collections import Counter
from contextlib import suppress
from datetime import date
from typing import Any

from mongoengine import DictField, Document, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.messaging import notice_kinds


class NoticeDay(Document):
    """The id reads day and kind; `counts` maps channel to state to number."""

    meta = {"collection": "notice_days", "auto_create_index": False}
    id = StringField(primary_key=True)
    counts = DictField()


def ready(day: str, kind: str) -> str:
    """Make the line of a day and kind outside of any transaction; return its id."""
    line = f"{day}:{kind}"
    with suppress(DuplicateKeyError):  # another worker made it at this very moment
        NoticeDay._get_collection().update_one({"_id": line}, {"$setOnInsert": {"counts": {}}}, upsert=True)
    return line


def count(line: str, channel: str, state: str, session: ClientSession) -> None:
    """Count one end, within the transaction that notes it."""
    more = {"$inc": {f"counts.{channel}.{state}": 1}}
    NoticeDay._get_collection().update_one({"_id": line}, more, session=session)


def figures(first: date, last: date) -> list[dict[str, Any]]:
    """Return the figures of the days between two (inclusive), by kind, in the table's order."""
    span = {"_id": {"$gte": f"{first.isoformat()}:", "$lt": f"{last.isoformat()};"}}
    sums: dict[str, Counter[str]] = {}
    for found in NoticeDay._get_collection().find(span):
        kept = sums.setdefault(found["_id"].partition(":")[2], Counter())
        for channel, states in found["counts"].items():
            kept.update({f"{channel}.{state}": number for state, number in states.items()})
    kinds = [(code, kind.zh) for code, kind in notice_kinds.KINDS.items() if code in sums]
    return [{"kind": code, "kind_zh": zh, "counts": dict(sorted(sums[code].items()))} for code, zh in kinds]
