"""A consistent backup of a running store: every collection as it was at one moment, sealed into one file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from backend import clock
from backend.errors import CityError
from backend.store.backup_file import Tally, Writer, batches
from backend.store.migrations import COLLECTION, SCHEMA, Phase, Progress, half_restored, quiet

HISTORY = "minSnapshotHistoryWindowInSeconds"
HISTORY_SECONDS = 24 * 3600
"""How long the store keeps the moment of the backup readable while one runs; its default is five minutes."""
_SNAPSHOT_TOO_OLD, _SNAPSHOT_UNAVAILABLE = 239, 246
BUCKETS = "system.buckets."


class BackupFailed(CityError):
    """No backup was made; nothing was left behind."""

    code = "backup_failed"
    zh = "备份失败:{reason}"
    en = "No backup was made: {reason}"

    def __str__(self) -> str:
        return self.message("en")


def back_up(db: Database[dict[str, Any]], path: Path, key: bytes, progress: Progress = quiet) -> dict[str, Any]:
    """Write a backup of the whole database to a file that does not exist yet; return the tallies by collection.

    Raises:
        BackupFailed: the file is there, the store changed its collections meanwhile, or its history was too short.
    """
    if path.exists():
        raise BackupFailed(reason=f"{path} is there already; choose another name")
    if half_restored(db):
        raise BackupFailed(reason="this store was not restored to its end")
    with _new_file(path) as file, _long_history(db.client):
        return _write(db, Writer(file, key), progress)


def catalogue(db: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return name, type, options and indexes of every collection; time series before the buckets that they lie in."""
    found = []
    for told in sorted(db.list_collections(), key=lambda one: (one["name"].startswith("system."), one["name"])):
        name, options = told["name"], told.get("options", {})
        if not name.startswith("system.") or name.startswith(BUCKETS):
            kept = told["type"] != "view" and not name.startswith(BUCKETS)
            indexes = [dict(index) for index in db[name].list_indexes()] if kept else []
            indexes.sort(key=lambda index: str(index["name"]))
            found.append({"name": name, "type": told["type"], "options": options, "indexes": indexes})
    return found


def holds_documents(told: dict[str, Any]) -> bool:
    """Tell whether documents lie in what the catalogue tells of; those of a time series lie in its buckets."""
    return told["type"] == "collection"


def selection(name: str) -> dict[str, Any]:
    """Return which documents of a collection a backup holds: all, but of the schema's state only what lasts."""
    return {"filter": {"_id": SCHEMA}, "projection": {"lock": 0}} if name == COLLECTION else {"filter": {}}


def _write(db: Database[dict[str, Any]], writer: Writer, progress: Progress) -> dict[str, Any]:
    collections = catalogue(db)
    server = db.client.server_info()["version"]
    moment = db.client.admin.command("ping").get("operationTime")
    writer.head({"at": clock.now(), "after": moment, "server": server, "collections": collections})
    full = [told["name"] for told in collections if holds_documents(told)]
    phase = Phase(progress, "documents", sum(db[name].estimated_document_count() for name in full))
    tallies = {}
    with db.client.start_session(snapshot=True) as session:
        for told in collections:
            name = told["name"]
            tally = _documents(db[name], session, writer, phase) if name in full else Tally()
            writer.tally(name, tally)
            tallies[name] = tally.told()
    if catalogue(db) != collections:
        raise BackupFailed(reason="collections or indexes changed meanwhile; run it again")
    writer.close()
    return tallies


def _documents(collection: Collection[dict[str, Any]], session: ClientSession, writer: Writer, phase: Phase) -> Tally:
    tally = Tally()
    try:
        for batch in batches(collection, session=session, **selection(collection.name)):
            writer.batch(batch)
            phase.advance(tally.add(batch))
    except OperationFailure as error:
        if error.code == _SNAPSHOT_TOO_OLD:
            reason = f"the store forgot the moment at which the backup began; raise {HISTORY} on all members"
        elif error.code == _SNAPSHOT_UNAVAILABLE:
            reason = (
                f"{collection.name} changed its form just now, run it again; or it is capped, which no backup can hold"
            )
        else:
            raise
        raise BackupFailed(reason=reason) from error
    return tally


@contextmanager
def _long_history(client: MongoClient[dict[str, Any]]) -> Iterator[None]:
    """Let the store keep the moment of the backup until it is read; a store that does not let us keeps its own time."""
    try:
        before = client.admin.command({"getParameter": 1, HISTORY: 1})[HISTORY]
        client.admin.command({"setParameter": 1, HISTORY: max(before, HISTORY_SECONDS)})
    except OperationFailure:
        yield
        return
    try:
        yield
    finally:
        client.admin.command({"setParameter": 1, HISTORY: before})


@contextmanager
def _new_file(path: Path) -> Iterator[Any]:
    """Open a file that appears under its name only when it is whole and on the disk, readable by its owner alone."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    opened: Callable[[str, int], int] = lambda name, flags: os.open(name, flags, 0o600)  # noqa: E731
    try:
        with open(part, "xb", opener=opened) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        part.unlink(missing_ok=True)
