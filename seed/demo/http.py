"""The two programs that a story plays: the service under test, and the sandbox that plays WeChat's user."""

import uuid
from typing import Any

import requests

TIMEOUT = 30


class StoryFailed(RuntimeError):
    """A check of a story did not hold; the sentence says which."""


class Caller:
    """One client of the service: a phone, a clerk's browser or a gate."""

    def __init__(self, base: str, token: str = "") -> None:
        self.base, self.token = base.rstrip("/"), token
        self._session = requests.Session()

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """Call the service and return its JSON.

        Raises:
            StoryFailed: the answer has another status than `expect`.
        """
        given = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        answer = self._session.request(
            method, self.base + path, json=body, headers={**given, **headers}, timeout=TIMEOUT
        )
        if answer.status_code != expect:
            raise StoryFailed(f"{method} {path}: {answer.status_code} instead of {expect}: {answer.text[:300]}")
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else answer.content

    def get(self, path: str, *, expect: int = 200, **headers: str) -> Any:
        """Read."""
        return self.call("GET", path, expect=expect, **headers)

    def post(self, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """Write."""
        return self.call("POST", path, {} if body is None else body, expect=expect, **headers)


def check(holds: bool, what: str) -> None:
    """Check a step of a story.

    Raises:
        StoryFailed: it does not hold.
    """
    if not holds:
        raise StoryFailed(what)
