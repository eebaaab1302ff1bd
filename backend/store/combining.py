"""Threads of one process that want the same kind of write at the same moment share one command.

The first to come leads: it applies what is waiting, itself included, and hands the lead to one who came meanwhile.
Nobody waits for company: alone, a thread pays one uncontended lock. A hot slot is written once for a whole group, not
once for each buyer, which is where a single document would otherwise burn its time in write conflicts.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

Item = TypeVar("Item")
DUPLICATE_KEY = 11000


class _Waiter(Generic[Item]):
    __slots__ = ("done", "error", "item", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.error: BaseException | None = None
        self.done = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Combiner(Generic[Item]):
    """Groups calls by key. `apply(key, items)` returns one error or None for each item; if it raises, all get that."""

    def __init__(
        self, apply: Callable[[Hashable, Sequence[Item]], Sequence[BaseException | None]], *, most: int = 64
    ) -> None:
        self._apply, self._most = apply, most
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Waiter[Item]]] = {}

    def run(self, key: Hashable, item: Item) -> None:
        """Apply `item`, alone or in company; raise its error."""
        me = _Waiter(item)
        with self._lock:
            queue = self._waiting.get(key)
            leads = queue is None
            if queue is None:
                queue = self._waiting[key] = deque()
            queue.append(me)
        if not leads:
            me.turn.acquire()
        if not me.done:
            self._lead(key, queue)
        if me.error is not None:
            raise me.error

    def _lead(self, key: Hashable, queue: deque[_Waiter[Item]]) -> None:
        with self._lock:
            group = [queue.popleft() for _ in range(min(len(queue), self._most))]
        try:
            errors = self._apply(key, [waiter.item for waiter in group])
        except BaseException as failure:  # noqa: BLE001 - every member of the group must hear of it
            errors = [failure] * len(group)
        for waiter, own in zip(group, errors, strict=True):
            waiter.error, waiter.done = own, True
            waiter.turn.release()
        with self._lock:
            if queue:
                queue[0].turn.release()
            else:
                del self._waiting[key]


def insert_all(collection: Collection[dict[str, Any]], records: Sequence[dict[str, Any]]) -> list[BaseException | None]:
    """Insert records independently of each other; return DuplicateKeyError for those that met a unique index."""
    if len(records) == 1:
        collection.insert_one(records[0])
        return [None]
    errors: list[BaseException | None] = [None] * len(records)
    try:
        collection.insert_many(records, ordered=False)
    except BulkWriteError as refused:
        found = refused.details
        if found.get("writeConcernErrors"):
            raise
        for error in found["writeErrors"]:
            if error["code"] != DUPLICATE_KEY:
                raise
            errors[error["index"]] = DuplicateKeyError(error["errmsg"], error["code"], error)
    return errors
