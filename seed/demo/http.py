"""The two programs that a story plays: the service under test, and the sandbox that plays WeChat's user."""

import time
import uuid
from http import HTTPStatus
from typing import Any

import requests

from backend.sheets import writing

TIMEOUT = 30
LIMIT_SECONDS = 60
"""How long a client waits that is told to come back later."""


class StoryFailed(RuntimeError):
    """A check of a story did not hold; the sentence says which."""


class Caller:
    """One client of the service: a phone, a clerk's browser or a gate."""

    def __init__(self, base: str, token: str = "") -> None:
        self.base, self.token = base.rstrip("/"), token
        self._session = requests.Session()

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """Call the service and return its JSON; a `body` that is a function is asked at each try.

        Raises:
            StoryFailed: the answer has another status than `expect`.
        """
        return self._sent(method, path, expect, headers, json=body)

    def status(self, path: str) -> int:
        """Return the status of what one may read or not."""
        return self._answer("GET", path, {}).status_code

    def answer(self, path: str, body: Any) -> requests.Response:
        """Write where the service may say no, and return what it says."""
        return self._answer("POST", path, {}, json=body)

    def _sent(self, method: str, path: str, expect: int, headers: dict[str, str], **content: Any) -> Any:
        answer = self._answer(method, path, headers, **content)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS != expect:
            time.sleep(float(answer.headers.get("Retry-After", LIMIT_SECONDS)))
            answer = self._answer(method, path, headers, **content)
        if answer.status_code != expect:
            raise StoryFailed(f"{method} {path}: {answer.status_code} instead of {expect}: {answer.text[:300]}")
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.json() if answer.content and is_json else answer.content

    def _answer(self, method: str, path: str, headers: dict[str, str], **content: Any) -> requests.Response:
        given = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        sent, told = {**given, **headers}, {name: one() if callable(one) else one for name, one in content.items()}
        return self._session.request(method, self.base + path, headers=sent, timeout=TIMEOUT, **told)

    def get(self, path: str, *, expect: int = 200, **headers: str) -> Any:
        """Read."""
        return self.call("GET", path, expect=expect, **headers)

    def post(self, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """Write."""
        return self.call("POST", path, {} if body is None else body, expect=expect, **headers)

    def send_sheet(self, path: str, content: bytes, *, expect: int = 200) -> Any:
        """Send a workbook as a form does."""
        return self._sent("POST", path, expect, {}, files={"file": ("sheet.xlsx", content, writing.MEDIA_TYPE)})


def check(holds: bool, what: str) -> None:
    """Check a step of a story.

    Raises:
        StoryFailed: it does not hold.
    """
    if not holds:
        raise StoryFailed(what)
