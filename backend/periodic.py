"""Periodic work as outbox entries that never end: the lease elects who runs it, however many workers there are."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from mongoengine import Document, ListField, StringField

from backend import clock, metrics, outbox
from backend.errors import CityError

log = structlog.get_logger()

COLLECTION = "periodic_work"
outbox.carried_by(COLLECTION)
SOON = 300.0
"""After a failure the work is tried again this many seconds later, or earlier where it is due earlier."""
Work = Callable[[], None]
_schedules: dict[str, tuple[str, Callable[[], float]]] = {}


class PeriodicWork(Document):
    """One line of the schedule."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [outbox.INDEX]}
    id = StringField(primary_key=True)
    outbox = ListField()


def every(name: str, *, queue: str, seconds: float) -> Callable[[Work], Work]:
    """Run the function every `seconds`."""
    return _register(name, queue, lambda: seconds)


def daily(name: str, *, queue: str, hour: int, minute: int) -> Callable[[Work], Work]:
    """Run the function once a civil day at a time."""
    return _register(name, queue, lambda: _until(hour, minute))


def _until(hour: int, minute: int) -> float:
    now = clock.now()
    due = clock.at(clock.today(), hour * 60 + minute)
    return ((due if due > now else due + timedelta(days=1)) - now).total_seconds()


def _register(name: str, queue: str, pause: Callable[[], float]) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        def again() -> None:
            try:
                work()
            except outbox.Later:
                raise
            except Exception as error:
                # An entry that fails is given up some day; the schedule must not end.
                metrics.TASKS.labels(task=name, result="failed").inc()
                log.warning("periodic_failed", error=type(error).__name__, exc_info=not isinstance(error, CityError))
                raise outbox.Later(min(pause(), SOON)) from None
            raise outbox.Later(pause())

        _schedules[name] = (queue, pause)
        outbox.function(name)(again)
        return work

    return register


def install() -> None:
    """Put the schedule into the store; lines that are there stay as they are."""
    for name, (queue, pause) in _schedules.items():
        due = clock.now() + timedelta(seconds=pause())
        line = {"outbox": [outbox.entry(queue, name, due=due)]}
        PeriodicWork._get_collection().update_one({"_id": name}, {"$setOnInsert": line}, upsert=True)
