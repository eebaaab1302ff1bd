"""Threads of one process that ask the store for the same kind of thing at the same moment share one command.

The first to come leads: it applies what is waiting, itself included, and hands the lead to one who came meanwhile.
Nobody waits for company: alone, a thread pays one uncontended lock. A command starts only after all of its members
asked, so nobody is answered from the past: this is no cache. A hot slot is written once for a whole group, not once for
each buyer, which is where a single document would otherwise burn its time in write conflicts.
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
    __slots__ = ("done", "item", "outcome", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Any = None
        self.done = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Combiner(Generic[Item]):
    """Groups calls by key. `apply(key, items)` returns an outcome for each item: a value, or an error to raise.

    If `apply` raises, all members of the group get that error.
    """

    def __init__(self, apply: Callable[[Any, Sequence[Item]], Sequence[Any]], *, most: int = 64) -> None:
        self._apply, self._most = apply, most
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Waiter[Item]]] = {}

    def run(self, key: Hashable, item: Item) -> Any:
        """Apply `item`, alone or in company; return its value or raise its error."""
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
        if isinstance(me.outcome, BaseException):
            raise me.outcome
        return me.outcome

    def _lead(self, key: Hashable, queue: deque[_Waiter[Item]]) -> None:
        with self._lock:
            group = [queue.popleft() for _ in range(min(len(queue), self._most))]
        try:
            outcomes = self._apply(key, [waiter.item for waiter in group])
        except BaseException as failure:  # noqa: BLE001 - every member of the group must hear of it
            outcomes = [failure] * len(group)
        for waiter, outcome in zip(group, outcomes, strict=True):
            waiter.outcome, waiter.done = outcome, True
            waiter.turn.release()
        with self._lock:
            if queue:
                queue[0].turn.release()
            else:
                del self._waiting[key]


class Reads:
    """Reads documents of one collection by their id, with one projection. They are shared: do not change them."""

    def __init__(self, collection: Callable[[], Collection[dict[str, Any]]], projection: dict[str, int]) -> None:
        self._collection, self._projection = collection, projection
        self._combiner: Combiner[Any] = Combiner(self._find)

    def find(self, record: Any) -> dict[str, Any] | None:
        """Return the document with this id, None when there is none."""
        found: dict[str, Any] | None = self._combiner.run(0, record)
        return found

    def _find(self, _key: Any, records: Sequence[Any]) -> list[dict[str, Any] | None]:
        wanted = set(records)
        if len(wanted) == 1:
            return [self._collection().find_one({"_id": records[0]}, self._projection)] * len(records)
        found = self._collection().find({"_id": {"$in": list(wanted)}}, self._projection)
        by_id = {document["_id"]: document for document in found}
        return [by_id.get(record) for record in records]


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
