"""The resident's side of the wire: every answer is ok, failed or unknown, and unknown means: the same request again."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

PATIENCE = 120.0
TIMEOUT = (2.0, 20.0)
AGAIN = frozenset({"still_running", "hold_lost", "slot_busy", "order_just_paid"})
"""Refusals that tell the client to send the same request again."""


@dataclass(frozen=True)
class Answer:
    """`kind` is ok (2xx), failed (4xx) or unknown: no answer, 5xx, or a refusal that says "again"."""

    kind: str
    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


@dataclass
class Tally:
    """What all clients saw, each single answer counted."""

    answers: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, answer: Answer, seconds: float) -> None:
        with self.lock:
            self.answers[answer.kind] += 1
            self.waits.append(seconds)
            if answer.kind == "unknown":
                self.unknown[answer.code or f"HTTP {answer.status}"] += 1


class Client:
    """One thread's connection."""

    def __init__(self, base: str, tally: Tally, give_up: threading.Event) -> None:
        self._base, self._tally, self._give_up = base, tally, give_up
        self._session = requests.Session()
        self._session.trust_env = False

    def settle(self, method: str, path: str, token: str, body: Any = None, key: str = "") -> tuple[Answer, int]:
        """Send a request until it is answered for certain; return the last answer and how many came before it."""
        deadline, sent = time.monotonic() + PATIENCE, 0
        while True:
            answer = self.once(method, path, token, body, key)
            if answer.kind != "unknown" or time.monotonic() > deadline or self._give_up.is_set():
                return answer, sent
            sent += 1
            time.sleep(min(0.1 * 2 ** min(sent, 4), 1.0))

    def once(self, method: str, path: str, token: str, body: Any = None, key: str = "") -> Answer:
        """Send a request once and class its answer."""
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        begun = time.monotonic()
        try:
            got = self._session.request(method, self._base + path, json=body, headers=headers, timeout=TIMEOUT)
            answer = _classed(got.status_code, got.json())
        except (requests.RequestException, ValueError) as error:
            answer = Answer("unknown", 0, {"code": type(error).__name__})
        self._tally.count(answer, time.monotonic() - begun)
        return answer


def _classed(status: int, body: dict[str, Any]) -> Answer:
    if status >= 500 or status == 429 or body.get("code") in AGAIN:
        return Answer("unknown", status, body)
    return Answer("ok" if status < 400 else "failed", status, body)
