"""Rotation of field keys over N records on a real store while others read and write: read errors, duration, speed.

    python -m bench.rotation [N]

The workers, readers and writers are threads of one process, and the store is the embedded one: what is measured is the
engine, not how it spreads over machines. The wait until every process seals with the new key is told apart.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Self, cast

from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import jobs, outbox, runtime
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.identity_documents import IdentityDocument
from backend.keys import data_key, rotation
from backend.keys.service import EnvironmentKeys
from backend.sealing import Sealer, head_of
from backend.store import connection, indexes
from bench.report import Figure, console, keep, show
from bench.stand import FOLDER, clear
from models.identity import person
from models.identity.person import Person
from tasks import keys as _  # noqa: F401 - registers the function

RECORDS, BATCH, READERS, WRITERS = 100_000, 5_000, 2, 1
NAME = "李小明"


class Others:
    """Readers that open every record they meet, and writers that seal records anew, until they are told to stop."""

    def __init__(self, ids: list[ObjectId]) -> None:
        self._ids, self._over = ids, threading.Event()
        self.reads, self.writes, self.errors = Counter[int](), Counter[int](), Counter[str]()
        starts: list[tuple[Callable[[int], None], int]] = [(self._read, n) for n in range(READERS)]
        starts += [(self._write, n) for n in range(WRITERS)]
        self._threads = [threading.Thread(target=work, args=(n,)) for work, n in starts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _read(self, number: int) -> None:
        for place in range(number, 1 << 62, 7919):
            if self._over.is_set():
                return
            try:
                assert person.read(self._ids[place % len(self._ids)]).name == NAME
            except Exception as error:  # noqa: BLE001 - each kind is counted
                self.errors[type(error).__name__] += 1
            self.reads[number] += 1

    def _write(self, number: int) -> None:
        for place in range(number, 1 << 62, 104_729):
            if self._over.is_set():
                return
            one = self._ids[place % len(self._ids)]
            text = f'{{"name":"{NAME}","birth":null,"sex":null}}'
            sealed = runtime.current().sealer.seal("persons.profile", one, text)
            Person._get_collection().update_one({"_id": one}, {"$set": {"profile": sealed}})
            self.writes[number] += 1


def main(arguments: list[str]) -> int:
    """Fill a store, rotate, look at every record; return 1 when anything was lost or could not be read."""
    count = int(arguments[0]) if arguments else RECORDS
    folder = FOLDER / "rotation"
    clear(folder)
    server = Mongod(folder, free_port(), options=["--setParameter", "notablescan=true"]).start()
    try:
        server.initiate()
        connection.connect(server.uri("rotation"))
        _compose()
        ids = _fill(count)
        figures = _rotate(ids)
    finally:
        server.stop()
        clear(folder)
    keep(figures)
    show(figures, f"rotation of {count:,} records")
    return 0 if all(one.met is not False for one in figures) else 1


def _compose() -> None:
    service = EnvironmentKeys({1: bytes(range(32))})
    indexes.ensure()
    data_key.ensure(service, "aes-256-gcm")
    sealer = Sealer({}, {1: bytes(range(32, 64))}, lambda: data_key.opened(service))
    settings = SimpleNamespace(field_algorithm="sm4-gcm", blind_index_keys={1: b""})
    runtime.install(cast("runtime.Runtime", SimpleNamespace(sealer=sealer, keys=service, settings=settings)))


def _fill(count: int) -> list[ObjectId]:
    ids: list[ObjectId] = []
    while len(ids) < count:
        made = [_person(len(ids) + n) for n in range(min(BATCH, count - len(ids)))]
        Person._get_collection().insert_many(made, ordered=False)
        ids += [one["_id"] for one in made]
    return ids


def _person(number: int) -> dict[str, Any]:
    document = IdentityDocument("passport", f"E{number:08d}", None, None)
    return person._declared(document, NAME, person._indexes(document))


def _rotate(ids: list[ObjectId]) -> list[Figure]:
    job = rotation.start("field_key", started_by="bench", along=lambda _session: None)["_id"]
    with Others(ids) as others:
        waited = _until_it_moves(job)
        began = time.monotonic()
        while jobs.read(job)["state"] != "done":
            outbox.drain("reports")
        seconds = time.monotonic() - began
    found, head = rotation.latest() or {}, runtime.current().sealer.head
    old = sum(head_of(one[name]) != head for one in Person._get_collection().find() for name in ("document", "profile"))
    reads, wrong = sum(others.reads.values()), sum(others.errors.values())
    during = (
        f"{reads:,} reads, {sum(others.writes.values()):,} writes meanwhile; {dict(others.errors) or 'none failed'}"
    )
    passes = f"{found['number']} passes, {found['moved']:,} values moved from AES-256-GCM to SM4-GCM"
    return [
        Figure("rotation.read_errors", wrong, "errors", during, target=0, better="lower"),
        Figure("rotation.left", old, "values under the old key", f"ended clean: {found['ended_clean']}", 0, "lower"),
        Figure("rotation.seconds", seconds, "s", f"{passes}; and {waited:.0f} s until every process seals anew"),
        Figure("rotation.speed", len(ids) / seconds, "records/s", "moved once and looked at once more"),
    ]


def _until_it_moves(job: ObjectId) -> float:
    began = time.monotonic()
    while jobs.read(job)["done"] == 0:
        outbox.drain("reports", most=1)
        time.sleep(0.2)
    return time.monotonic() - began


if __name__ == "__main__":
    console.print("filling the store")
    sys.exit(main(sys.argv[1:]))
