"""Upgrading the store: numbered, repeatable migrations under a lease, then the indexes; what is done is written down.

`schema_state` holds one document `schema` with what was applied, and one named `restore` while a backup is put back.
Migrations widen what is stored, so that the previous release can read on; a migration that takes something away says by
`min_reader` which release must be gone before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from mongoengine.connection import get_db
from pymongo.collection import Collection
from pymongo.database import Database

from backend import clock
from backend.errors import CityError
from backend.store import indexes
from backend.store.lease import Lease

log = structlog.get_logger()

COLLECTION, SCHEMA, RESTORE = "schema_state", "schema", "restore"

Step = Callable[[int, int], None]
Progress = Callable[[str, int, int], None]


class UpgradePending(CityError):
    """The store is not as this release needs it; the sentence says what to do."""

    code = "upgrade_pending"
    zh = "数据库未就绪:{reason}"
    en = "The store is not ready: {reason}"

    def __str__(self) -> str:
        return self.message("en")


@dataclass(frozen=True)
class Migration:
    """One change of what is stored. `run(db, step)` may be killed anywhere and run again, also beside running servers.

    In an empty store it finds nothing to change. It calls `step(done, total)` between batches, which raises when
    another process took over. `min_reader` is the lowest number that a release must know to serve the store afterwards.
    """

    number: int
    name: str
    run: Callable[[Database[dict[str, Any]], Step], None]
    min_reader: int = 0


def quiet(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


class Phase:
    """One part of long work that is told as it advances."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total, self._done = progress, what, total, 0

    def advance(self, steps: int) -> None:
        """Tell that so many more are done."""
        self._done += steps
        self._progress(self._what, self._done, max(self._total, self._done))


def pending(migrations: Sequence[Migration]) -> list[str]:
    """Return what an upgrade would do: migrations in order, then indexes; empty when the store is as it should be."""
    applied = _applied(_state())
    return [
        *(_title(one) for one in migrations if one.number not in applied),
        *(f"index {one}" for one in indexes.missing()),
    ]


def require_current(migrations: Sequence[Migration]) -> None:
    """Refuse a store that this release must not serve.

    Raises:
        UpgradePending: a migration or an index is due, a restore was not finished, or a newer release took over.
    """
    refuse_half_restored()
    lowest = _state().get("min_reader", 0)
    if lowest > _highest(migrations):
        raise UpgradePending(reason=f"a newer release changed it (it needs migration {lowest}); start that release")
    if due := pending(migrations):
        more = f" and {len(due) - 1} more" if len(due) > 1 else ""
        raise UpgradePending(reason=f"{due[0]}{more} pending; run `make upgrade`")


def upgrade(
    migrations: Sequence[Migration],
    progress: Progress = quiet,
    *,
    wait_seconds: float = 600,
    waiting: Callable[[str], None] = lambda _owner: None,
) -> list[str]:
    """Bring the store to this release; return what was done. Safe to repeat, to kill, and to start twice at once.

    Raises:
        LeaseHeld: another upgrade runs for longer than `wait_seconds`.
        UpgradePending: a restore was not finished.
    """
    refuse_half_restored()
    ordered = _ordered(migrations)
    if not pending(ordered):
        return []
    with Lease(_collection(), SCHEMA).held(wait_seconds=wait_seconds, waiting=waiting) as lease:
        done = _migrate(ordered, lease, progress)
        lacking = indexes.missing()
        indexes.ensure(lambda name, number, total: _report(lease, progress, f"indexes of {name}", number, total))
        return [*done, *(f"index {one}" for one in lacking)]


def _migrate(migrations: Sequence[Migration], lease: Lease, progress: Progress) -> list[str]:
    applied = _applied(_state())
    due = [one for one in migrations if one.number not in applied]
    for one in due:
        log.info("migration", number=one.number, name=one.name)
        one.run(get_db(), partial(_report, lease, progress, _title(one)))
        line = {"number": one.number, "name": one.name, "at": clock.now()}
        lease.write({"$push": {"applied": line}, "$max": {"min_reader": one.min_reader}})
        progress(_title(one), 1, 1)
    return [_title(one) for one in due]


def _report(lease: Lease, progress: Progress, what: str, done: int, total: int) -> None:
    lease.check()
    progress(what, done, total)


def _ordered(migrations: Sequence[Migration]) -> list[Migration]:
    numbers = [one.number for one in migrations]
    if numbers != sorted(set(numbers)) or any(number < 1 for number in numbers):
        raise ValueError(f"migrations are listed once each, in order: {numbers}")
    if wrong := [one.number for one in migrations if one.min_reader >= one.number]:
        raise ValueError(f"migrations {wrong} would lock out the previous release at once")
    return list(migrations)


def half_restored(db: Database[dict[str, Any]]) -> bool:
    """Tell whether a restore wrote into the store and did not end; one that only holds its lease wrote nothing."""
    return db[COLLECTION].find_one({"_id": RESTORE, "collections": {"$exists": True}}, {"_id": 1}) is not None


def refuse_half_restored() -> None:
    """Refuse a store into which a backup was not put back to its end.

    Raises:
        UpgradePending: it is one.
    """
    if half_restored(get_db()):
        raise UpgradePending(reason="a restore was not finished; run the same `make restore FILE=…` again")


def _state() -> dict[str, Any]:
    return _collection().find_one({"_id": SCHEMA}) or {}


def _applied(state: dict[str, Any]) -> set[int]:
    return {line["number"] for line in state.get("applied", [])}


def _highest(migrations: Sequence[Migration]) -> int:
    return max((one.number for one in migrations), default=0)


def _title(one: Migration) -> str:
    return f"migration {one.number} ({one.name})"


def _collection() -> Collection[dict[str, Any]]:
    return get_db()[COLLECTION]
