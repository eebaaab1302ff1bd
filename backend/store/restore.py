"""Putting a backup back into an empty store: the file is checked to its end first, what was written is checked after.

While it works, a marker stands in the store, and nothing serves it (`migrations.require_current`). After a kill the
same command runs again: it takes away what the earlier one wrote and begins anew.
"""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

from backend import clock
from backend.errors import CityError
from backend.store.backup import BUCKETS, catalogue, holds_documents, selection
from backend.store.backup_file import Reader, Tally, batches, documents
from backend.store.lease import Lease
from backend.store.migrations import COLLECTION, RESTORE, SCHEMA, Phase, Progress, half_restored, quiet

WAIT_SECONDS = 60.0
"""Longer than the lease of a restore that was killed."""
VIEWS = "system.views"
"""Where the store keeps what views and time series are made of; it stays behind, empty, when they are dropped."""

Tallies = dict[str, dict[str, Any]]


class RestoreRefused(CityError):
    """Nothing was put back, or what was put back is not what the file holds; the store is not to be served."""

    code = "restore_refused"
    zh = "恢复失败:{reason}"
    en = "The restore ended: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def verify(path: Path, key: bytes, progress: Progress = quiet) -> Tallies:
    """Read a backup to its end and return its tallies by collection.

    Raises:
        FileBroken: it is not as it was written, or the key is another one.
    """
    tallies, size = {}, path.stat().st_size
    with path.open("rb") as file:
        for told, found in Reader(file, key).collections():
            tally = Tally()
            for batch in found:
                tally.add(batch)
                progress("checking the file, bytes", file.tell(), size)
            tallies[told["name"]] = tally.told()
    return tallies


def restore(db: Database[dict[str, Any]], path: Path, key: bytes, progress: Progress = quiet) -> Tallies:
    """Put a backup into an empty store, or go on after a kill; return the tallies by collection.

    Raises:
        FileBroken: the file cannot be trusted; nothing was written.
        RestoreRefused: the store is not empty, or does not hold what the file holds.
        LeaseHeld: another restore is at work.
    """
    tallies = verify(path, key, progress)
    if not half_restored(db):
        _require_empty(db)
    with Lease(db[COLLECTION], RESTORE).held(wait_seconds=WAIT_SECONDS) as lease, path.open("rb") as file:
        _clear(db)
        _require_empty(db)  # once more: another restore may have ended meanwhile
        reader = Reader(file, key)
        lease.write({"$set": {"at": clock.now(), "collections": [one["name"] for one in reader.head["collections"]]}})
        total = sum(tally["count"] for tally in tallies.values())
        writing = Phase(progress, "writing documents", total)
        for told, found in reader.collections():
            _create(db, told)
            _fill(db[told["name"]], found, lease, writing)
        _compare(db, tallies, lease, Phase(progress, "comparing documents", total))
        _build_indexes(db, reader.head["collections"], lease, progress)
        lease.check()
        db[COLLECTION].delete_one({"_id": RESTORE})
    return tallies


def _require_empty(db: Database[dict[str, Any]]) -> None:
    others = [name for name in db.list_collection_names() if name not in {COLLECTION, VIEWS}]
    if others or db[COLLECTION].find_one({"_id": SCHEMA}, {"_id": 1}):
        db[COLLECTION].delete_one({"_id": RESTORE, "collections": {"$exists": False}})
        raise RestoreRefused(
            reason="the store is not empty; give it an empty database (MONGODB_URI or VAR=<new folder>)"
        )


def _clear(db: Database[dict[str, Any]]) -> None:
    """Take away what an earlier restore that was killed wrote, and nothing else."""
    marker = db[COLLECTION].find_one({"_id": RESTORE}) or {}
    for name in marker.get("collections", []):
        if name != COLLECTION and not name.startswith(BUCKETS):
            db[name].drop()
    if marker.get("collections"):
        db[COLLECTION].delete_one({"_id": SCHEMA})


def _create(db: Database[dict[str, Any]], told: dict[str, Any]) -> None:
    if told["name"] != COLLECTION and not told["name"].startswith(BUCKETS):  # buckets come with their time series
        db.command({"create": told["name"], **told["options"]})


def _fill(collection: Collection[dict[str, Any]], found: Iterator[bytes], lease: Lease, phase: Phase) -> None:
    for batch in found:
        lease.check()
        if records := [RawBSONDocument(document) for document in documents(batch)]:
            collection.insert_many(records, ordered=False, bypass_document_validation=True)
        phase.advance(len(records))


def _compare(db: Database[dict[str, Any]], tallies: Tallies, lease: Lease, phase: Phase) -> None:
    """Read everything back, before indexes that let documents expire are there."""
    for told in _found(db, tallies):
        name, tally = told["name"], Tally()
        if not holds_documents(told):
            continue
        for batch in batches(db[name], **selection(name)):
            lease.check()
            phase.advance(tally.add(batch))
        if tally.told() != tallies[name]:
            raise RestoreRefused(reason=f"{name} in the store is not what the file holds; run it again")


def _build_indexes(
    db: Database[dict[str, Any]], wanted: list[dict[str, Any]], lease: Lease, progress: Progress
) -> None:
    for number, told in enumerate(wanted, 1):
        lease.check()
        specs = [index for index in told["indexes"] if index["name"] != "_id_" and not index.get("clustered")]
        if specs:
            db.command({"createIndexes": told["name"], "indexes": specs})
        progress("building indexes", number, len(wanted))
    if _found(db, {told["name"] for told in wanted}) != wanted:
        raise RestoreRefused(reason="collections or indexes in the store are not those of the file; run it again")


def _found(db: Database[dict[str, Any]], names: Container[str]) -> list[dict[str, Any]]:
    """Return the catalogue without the marker's collection where the file has none."""
    return [told for told in catalogue(db) if told["name"] in names or told["name"] != COLLECTION]
