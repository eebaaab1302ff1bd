"""What must follow a write rides in the same write, as an entry in the document's `outbox` list.

    document.outbox = [{id, queue, task, args, due, tries}]

A task module registers a function under a name; `drain(queue)` claims due entries by lease, calls the function and
takes the entry out. The lease is the due time itself, moved into the future; the number of tries fences a worker that
was slow.
A lost wake-up is a delay until the next beat, never a loss. A function may run twice: it must be safe to repeat.
After `MOST_FAILURES` in a row there is an alarm; unless the cause passes by itself (another system is away), the entry
stays, marked `failed_at`, as work for a person (`make failed`).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from backend import clock, metrics
from backend.errors import CityError

log = structlog.get_logger()

QUEUES = ("checkout", "notify", "push", "bills", "reports", "affairs", "trust", "cards", "gates", "care")
LEASE = timedelta(seconds=60)
MOST_FAILURES = 48
INDEX = {"fields": ["outbox.queue", "outbox.due"], "sparse": True, "name": "outbox_due"}

Function = Callable[..., None]


class Later(Exception):
    """Raised by a function that is not done: ask again after `seconds`, without counting as a failure of ours."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass
class _Registry:
    functions: dict[str, Function] = field(default_factory=dict)
    carriers: list[str] = field(default_factory=list)
    waker: Callable[[str], None] = field(default=lambda _queue: None)


_registry = _Registry()


def entry(queue: str, task: str, *, due: datetime | None = None, **args: Any) -> dict[str, Any]:
    """Return an entry for a document's `outbox`; `args` are ids and plain values."""
    if queue not in QUEUES:
        raise ValueError(queue)
    bound = structlog.contextvars.get_contextvars().get("request_id", "")
    return {
        "id": ObjectId(),
        "request_id": bound,
        "failures": 0,
        "queue": queue,
        "task": task,
        "args": args,
        "due": due or clock.now(),
        "tries": 0,
    }


def carried_by(collection: str) -> None:
    """Declare that documents of `collection` carry an `outbox` and the index `INDEX`."""
    if collection not in _registry.carriers:
        _registry.carriers.append(collection)


def function(name: str) -> Callable[[Function], Function]:
    """Register the decorated function under `name`, the word that entries use."""

    def register(target: Function) -> Function:
        _registry.functions[name] = target
        return target

    return register


def registered() -> set[str]:
    """Return the names of all registered functions."""
    return set(_registry.functions)


def set_waker(waker: Callable[[str], None]) -> None:
    """Install what tells a worker that a queue has work; it must not raise and not wait."""
    _registry.waker = waker


def wake(queue: str) -> None:
    """Tell a worker that `queue` has work. Call it after the write; losing it is harmless."""
    _registry.waker(queue)


def drain(queue: str, *, most: int = 500) -> int:
    """Run the due entries of a queue, at most `most`; return how many were run."""
    ran = 0
    for carrier in _with_due(queue):
        while ran < most and (claim := _claim(carrier, queue)):
            _run(carrier, *claim)
            ran += 1
    return ran


def _with_due(queue: str) -> list[str]:
    """Return the collections that hold a due entry, asked in one command: most of them never do at the same time."""
    first, *others = [(name, _first_due(name, queue)) for name in _registry.carriers]
    unions = [{"$unionWith": {"coll": name, "pipeline": stages}} for name, stages in others]
    return [found["carrier"] for found in get_db()[first[0]].aggregate([*first[1], *unions])]


def _first_due(carrier: str, queue: str) -> list[dict[str, Any]]:
    return [
        {"$match": _due(queue, clock.now())},
        {"$limit": 1},
        {"$project": {"_id": 0, "carrier": {"$literal": carrier}}},
    ]


def _due(queue: str, now: datetime) -> dict[str, Any]:
    return {"outbox": {"$elemMatch": {"queue": queue, "due": {"$lte": now}}}}


def _claim(carrier: str, queue: str) -> tuple[Any, dict[str, Any]] | None:
    now = clock.now()
    claim = ObjectId()
    document = get_db()[carrier].find_one_and_update(
        _due(queue, now),
        {"$set": {"outbox.$.due": now + LEASE, "outbox.$.claim": claim}, "$inc": {"outbox.$.tries": 1}},
        projection={"outbox": 1},
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        return None
    # Not by the due time: two workers may claim two entries of one document in the same millisecond.
    return document["_id"], next(e for e in document["outbox"] if e.get("claim") == claim)


def _run(carrier: str, record: Any, taken: dict[str, Any]) -> None:
    task = taken["task"]
    cause = {"request_id": taken.get("request_id", ""), "task": task, "record": str(record), "tries": taken["tries"]}
    with structlog.contextvars.bound_contextvars(**cause):
        try:
            _registry.functions[task](**taken["args"])
        except Later as later:
            _reschedule(carrier, record, taken, later.seconds, failures=0)
        except Exception as error:  # noqa: BLE001 - whatever a function raises, the entry must not be lost
            _fail(carrier, record, taken, error)
        else:
            _settle(carrier, record, taken, {"$pull": {"outbox": {"id": taken["id"]}}})
            metrics.TASKS.labels(task=task, result="done").inc()


def _fail(carrier: str, record: Any, taken: dict[str, Any], error: Exception) -> None:
    task = taken["task"]
    metrics.TASKS.labels(task=task, result="failed").inc()
    failures = taken.get("failures", 0) + 1
    if failures >= MOST_FAILURES:
        metrics.ALARMS.labels("outbox_failing").inc()
    if failures >= MOST_FAILURES and not _passing(error):
        log.error("outbox_given_up", error=type(error).__name__)
        reason = error.code if isinstance(error, CityError) else type(error).__name__
        change = {
            "$set": {"outbox.$.failed_at": clock.now(), "outbox.$.reason": reason},
            "$unset": {"outbox.$.due": ""},
        }
        _settle(carrier, record, taken, change)
        return
    log.warning("outbox_failed", error=type(error).__name__, exc_info=not isinstance(error, CityError))
    _reschedule(carrier, record, taken, backoff(failures), failures=failures)


def _passing(error: Exception) -> bool:
    return error.passing if isinstance(error, CityError) else isinstance(error, PyMongoError | RedisError)


def backoff(failures: int) -> float:
    """Return the seconds to wait after `failures` in a row: 1, 2, 4 … at most five minutes."""
    return float(min(2 ** min(failures - 1, 16), 300))


def _reschedule(carrier: str, record: Any, taken: dict[str, Any], seconds: float, *, failures: int) -> None:
    due = clock.now() + timedelta(seconds=seconds)
    _settle(carrier, record, taken, {"$set": {"outbox.$.due": due, "outbox.$.failures": failures}})


def _settle(carrier: str, record: Any, taken: dict[str, Any], change: dict[str, Any]) -> None:
    mine = {"_id": record, "outbox": {"$elemMatch": {"id": taken["id"], "tries": taken["tries"]}}}
    if not get_db()[carrier].update_one(mine, change).matched_count:
        log.info("outbox_lease_lost")


def given_up(carrier: str, *, most: int = 100) -> list[dict[str, Any]]:
    """Return entries of a carrier that a person must look at, newest first."""
    query = {"outbox.queue": {"$in": list(QUEUES)}, "outbox.failed_at": {"$exists": True}}
    return list(get_db()[carrier].find(query, {"outbox": 1}).sort("_id", -1).limit(most))


def carriers() -> list[str]:
    """Return the collections whose documents carry an outbox."""
    return list(_registry.carriers)


def try_again(carrier: str, record: Any) -> None:
    """Make the given-up entries of a document due again."""
    entries = "outbox.$[stuck]"
    change = {
        "$set": {f"{entries}.due": clock.now(), f"{entries}.failures": 0},
        "$unset": {f"{entries}.failed_at": "", f"{entries}.reason": ""},
    }
    filters = [{"stuck.failed_at": {"$exists": True}}]
    get_db()[carrier].update_one({"_id": record}, change, array_filters=filters)


class CoalescingWaker:
    """Sends wake-ups from one background thread, so that a request never waits for the broker.

    The first one goes at once; what follows within `PAUSE` goes together, so that a job that writes a thousand things
    wakes a queue some tens of times.
    """

    PAUSE = 0.05

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._pending: set[str] = set()
        self._condition = threading.Condition()
        threading.Thread(target=self._loop, name="outbox-waker", daemon=True).start()

    def __call__(self, queue: str) -> None:
        """Note that `queue` has work; returns at once."""
        with self._condition:
            self._pending.add(queue)
            self._condition.notify()

    def _loop(self) -> None:
        while True:
            with self._condition:
                while not self._pending:
                    self._condition.wait()
                queues, self._pending = self._pending, set()
            for queue in queues:
                try:
                    self._send(queue)
                except Exception as error:  # noqa: BLE001 - beat drains the queue when the broker is away
                    log.warning("wake_lost", queue=queue, error=type(error).__name__)
            time.sleep(self.PAUSE)
