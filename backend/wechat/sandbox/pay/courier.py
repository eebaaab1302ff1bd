"""Notices on their way to the merchant: when they go, how they are tried again, what may befall them."""

import secrets
import threading
from functools import partial
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.credentials import Keychain
from backend.wechat.sandbox.faults import Faults
from backend.wechat.sandbox.journal import Journal
from backend.wechat.sandbox.later import Later
from backend.wechat.sandbox.pay import envelope

RETRIES = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
WAITING = ("pending", "delayed", "reordered", "held")
REORDER_LIMIT = 5.0

Notice = dict[str, Any]


class Courier:
    """Delivers notices until the merchant answers 200 or 204, or the schedule ends."""

    def __init__(
        self,
        journal: Journal,
        keys: Keychain,
        faults: Faults,
        later: Later,
        *,
        lock: threading.RLock,
        retry_scale: float,
    ) -> None:
        self._journal, self._keys, self._faults, self._later, self._lock = journal, keys, faults, later, lock
        self._retry_scale = retry_scale
        self._reordered: list[Notice] = []
        for notice in journal.all("notices"):
            if notice["state"] in WAITING and notice["state"] != "held":
                self._schedule(notice, 0)

    def post(self, event_type: str, url: str, resource: dict[str, Any], *, hold: bool = False) -> str:
        """Take a notice; a held one waits for a flush."""
        notice: Notice = {
            "id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": clock.rfc3339(clock.now()),
            "url": url,
            "resource": resource,
            "state": "held" if hold else "pending",
            "turn": 0,
            "attempts": [],
        }
        delay = 0.0 if hold else self._fate(notice)
        self._journal.put("notices", notice["id"], notice)
        if notice["state"] in WAITING and not hold:
            self._schedule(notice, delay)
        return str(notice["id"])

    def flush(self) -> list[Notice]:
        """Try every waiting notice now, oldest first."""
        with self._lock:
            waiting = [notice for notice in self._journal.all("notices") if notice["state"] in WAITING]
        for notice in waiting:
            self._attempt(notice["id"], notice["turn"])
        return waiting

    def _fate(self, notice: Notice) -> float:
        path = envelope.path_of(notice["url"])
        if self._faults.strike("notice_lost", path):
            notice["state"] = "lost"
        elif fault := self._faults.strike("notice_delayed", path):
            notice["state"] = "delayed"
            return fault.seconds
        elif self._faults.strike("notice_reordered", path):
            notice["state"] = "reordered"
            self._reordered.append(notice)
            return REORDER_LIMIT
        return 0.0

    def _schedule(self, notice: Notice, seconds: float) -> None:
        self._later.call(seconds, partial(self._attempt, notice["id"], notice["turn"]))

    def _attempt(self, notice_id: str, turn: int) -> None:
        with self._lock:
            notice = self._journal.get("notices", notice_id)
            # A flush may have overtaken the schedule: only the holder of the current turn sends.
            if notice["state"] not in WAITING or notice["turn"] != turn:
                return
            notice["turn"] += 1
            reordered = notice["state"] == "reordered"
            notice["state"] = "sending"
        path = envelope.path_of(notice["url"])
        spoilt = next((name for name in envelope.SPOILERS if self._faults.strike(name, path)), None)
        copies = 2 if self._faults.strike("notice_duplicate", path) else 1
        attempts = [envelope.send(self._keys, notice, spoilt) for _ in range(copies)]
        with self._lock:
            notice["attempts"] += attempts
            self._conclude(notice, delivered=not spoilt and any(attempt["accepted"] for attempt in attempts))
            if notice["turn"] == 1 and not reordered:
                self._release_reordered()

    def _conclude(self, notice: Notice, *, delivered: bool) -> None:
        tried = notice["turn"] - 1
        if delivered:
            notice["state"] = "delivered"
        elif tried >= len(RETRIES):
            notice["state"] = "given_up"
        else:
            notice["state"] = "pending"
            self._schedule(notice, RETRIES[tried] * self._retry_scale)
        self._journal.put("notices", notice["id"], notice)

    def _release_reordered(self) -> None:
        overtaken, self._reordered = self._reordered, []
        for notice in overtaken:
            self._schedule(notice, 0)
