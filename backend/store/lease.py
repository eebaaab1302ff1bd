"""One process at a time does what must not be done twice at once: a lease on a document, renewed while it works.

The lease ends by the store's own clock, so that machines whose clocks differ agree on it. A process that was killed
holds up the next one for `LEASE` at most; one that stood still longer notices before it writes on.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from backend.errors import CityError

LEASE = timedelta(seconds=15)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseHeld(CityError):
    """Somebody else is at work; the sentence says who."""

    code = "lease_held"
    zh = "{owner} 正在执行,请等它结束后再试。"
    en = "{owner} is at work; try again when it has ended"

    def __str__(self) -> str:
        return self.message("en")


class LeaseLost(CityError):
    """This process stood still for too long and another one took over."""

    code = "lease_lost"
    zh = "本进程中断过久,已由其他进程接手。"
    en = "This process stood still for too long; another one may have taken over. Run it again"

    def __str__(self) -> str:
        return self.message("en")


class Lease:
    """The right to work on what one document stands for; the document keeps it under `lock`."""

    def __init__(self, collection: Collection[dict[str, Any]], record: str, *, lasts: timedelta = LEASE) -> None:
        self._collection, self._record, self._lasts = collection, record, lasts
        self._mine = {"_id": record, "lock.token": secrets.token_hex(12)}
        self._good_until = 0.0
        self._end = threading.Event()

    @contextmanager
    def held(self, *, wait_seconds: float, waiting: Callable[[str], None] = lambda _owner: None) -> Iterator["Lease"]:
        """Take the lease, keep it while the body runs, give it back. `waiting` hears who holds it meanwhile.

        Raises:
            LeaseHeld: somebody else holds it for longer than `wait_seconds`.
        """
        deadline = time.monotonic() + wait_seconds
        while not self._take():
            owner = self._owner()
            if time.monotonic() > deadline:
                raise LeaseHeld(owner=owner)
            waiting(owner)
            time.sleep(0.2)
        keeper = threading.Thread(target=self._keep, name="lease", daemon=True)
        keeper.start()
        try:
            yield self
        finally:
            self._end.set()
            keeper.join()
            self._collection.update_one(self._mine, {"$unset": {"lock": ""}})

    def check(self) -> None:
        """Make sure that the lease is still ours; asks nobody.

        Raises:
            LeaseLost: it may have ended.
        """
        if time.monotonic() > self._good_until:
            raise LeaseLost

    def write(self, change: Mapping[str, Any]) -> None:
        """Change the document of the lease, if the lease is still ours.

        Raises:
            LeaseLost: it is not.
        """
        if not self._collection.update_one(self._mine, change).matched_count:
            raise LeaseLost

    def _until(self) -> dict[str, Any]:
        return {"$add": ["$$NOW", self._lasts // timedelta(milliseconds=1)]}

    def _take(self) -> bool:
        try:
            self._collection.update_one({"_id": self._record}, {"$setOnInsert": {"_id": self._record}}, upsert=True)
        except DuplicateKeyError:
            return False  # made by another at this moment
        asked = time.monotonic()
        free = {"$lt": [{"$ifNull": ["$lock.until", _LONG_AGO]}, "$$NOW"]}
        told = f"{socket.gethostname()}, process {os.getpid()}"
        lock = {"token": self._mine["lock.token"], "owner": {"$literal": told}, "until": self._until()}
        took = self._collection.update_one({"_id": self._record, "$expr": free}, [{"$set": {"lock": lock}}])
        if took.matched_count:
            self._good_until = asked + self._lasts.total_seconds()
        return bool(took.matched_count)

    def _owner(self) -> str:
        found = self._collection.find_one({"_id": self._record}, {"lock.owner": 1}) or {}
        return str(found.get("lock", {}).get("owner", "another process"))

    def _keep(self) -> None:
        while not self._end.wait(self._lasts.total_seconds() / 4):
            asked = time.monotonic()
            try:
                kept = self._collection.update_one(self._mine, [{"$set": {"lock.until": self._until()}}])
            except PyMongoError:
                continue  # the lease runs on until it ends; `check` knows when
            if not kept.matched_count:
                self._good_until = 0.0
                return
            self._good_until = asked + self._lasts.total_seconds()
