"""The one sequencer: it gives every record of the log its leaf, the oldest first.

Records are stored `pending` in the same write as their effect and lose that mark in the transaction that gives them
their leaf, so a kill in between loses nothing: the next run finds them. Who runs it is elected by a lease
(`tasks/audit.py`); where a slow one meets a second, the size of the tree decides (`models.audit.tree`).
"""

import heapq
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import structlog
from mongoengine.connection import get_db
from pymongo import ASCENDING, DESCENDING, UpdateMany

from backend import clock
from models.audit import canonical, tree
from models.audit.tree import AuditTree, Candidate, Overtaken

log = structlog.get_logger()

BATCH = 500
PROMISED = timedelta(seconds=60)
"""Within this time after it was written a record has its leaf under a signed head."""
_LONGEST = 30.0
"""Seconds after which a run stops, so that a head can be signed within the lease; the next one goes on."""
_ADOPTED_AT_ONCE = 1000
UPGRADING = timedelta(days=7)
"""How long processes of the release before the log may go on writing while they are replaced one by one."""
_SLOW = timedelta(minutes=2)
"""How long a record may be on its way into the store."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run() -> int:
    """Chain everything that is pending; return how many records got their leaf."""
    begin()
    _adopt_late()
    until, chained = time.monotonic() + _LONGEST, 0
    try:
        while time.monotonic() < until:
            size = tree.size()  # before the records are looked at, so that the guard sees whoever marks them meanwhile
            if not (batch := _batch()):
                break
            tree.append(size, batch)
            chained += len(batch)
    except Overtaken:
        log.info("audit_sequencer_overtaken")
    return chained


def begin() -> None:
    """Start the log once: what was written before there was one is taken in first, so that it has the first leaves."""
    trees = AuditTree._get_collection()
    if trees.find_one({"_id": tree.STATE}) is None:
        now = clock.now()
        upgraded = {"looked_at": now, "look_until": now + UPGRADING} if _wrote_before() else {}
        adopt()
        trees.update_one({"_id": tree.STATE}, {"$setOnInsert": {"size": 0, **upgraded}}, upsert=True)


def _wrote_before() -> bool:
    """Tell whether a release before the log wrote into this store: its records have no salt."""
    oldest = [get_db()[source].find_one({}, sort=[("at", ASCENDING), ("_id", ASCENDING)]) for source in tree.SOURCES]
    return any(one is not None and "salt" not in one for one in oldest)


def _adopt_late() -> None:
    """Mark what processes of the earlier release write beside this one; a record without a mark waits for ever."""
    trees, now = AuditTree._get_collection(), clock.now()
    state = trees.find_one({"_id": tree.STATE}) or {}
    if "look_until" not in state or state["looked_at"] >= state["look_until"]:
        return
    late = {"at": {"$gte": state["looked_at"] - _SLOW}, "pending": {"$exists": False}, "leaf": {"$exists": False}}
    for source in tree.SOURCES:
        newest_first = [("at", DESCENDING), ("_id", DESCENDING)]
        get_db()[source].update_many(late, {"$set": {"pending": True}}, hint=newest_first)
    trees.update_one({"_id": tree.STATE}, {"$max": {"looked_at": now}})


def adopt() -> int:
    """Mark records as pending that carry no mark, because older code wrote them; return how many. Safe to repeat."""
    return sum(_adopt(source) for source in tree.SOURCES)


def _adopt(source: str) -> int:
    collection, adopted, after = get_db()[source], 0, None
    while True:
        later: dict[str, Any] = {"_id": {"$gt": after}} if after else {}
        ids = [one["_id"] for one in collection.find(later, {"_id": 1}).sort("_id", 1).limit(_ADOPTED_AT_ONCE)]
        if not ids:
            return adopted
        unmarked = {"_id": {"$in": ids}, "pending": {"$exists": False}, "leaf": {"$exists": False}}
        adopted += collection.bulk_write([UpdateMany(unmarked, {"$set": {"pending": True}})]).modified_count
        after = ids[-1]


def _batch() -> list[Candidate]:
    """Return the oldest pending records of all sources together."""
    oldest = heapq.merge(*(_pending(source) for source in tree.SOURCES), key=_age)
    return [
        Candidate(source, record["_id"], canonical.leaf_hash(source, record))
        for source, record in islice(oldest, BATCH)
    ]


def _pending(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = get_db()[source].find({"pending": True}).sort([("pending", ASCENDING), ("at", ASCENDING)]).limit(BATCH)
    return ((source, record) for record in found)


def _age(found: tuple[str, dict[str, Any]]) -> datetime:
    """Return the time of a record; one without a time must not stop all others."""
    at = found[1].get("at")
    return at if isinstance(at, datetime) else _EPOCH
