"""An office that prepares something over HTTP before a run: two of its members, and the patience to see it done."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import requests

from bench import clerks

PATIENCE_SECONDS = 120
Seat = tuple[str, str]
"""A role and the unit where it is held."""


class Bureau:
    """Two members: what one may not do alone, the other agrees to."""

    def __init__(self, base: str, first: Seat, second: Seat) -> None:
        self.base = base
        self.first, self.second = (clerks.seat(1, role, unit)[0].token for role, unit in (first, second))

    def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """Return what is answered.

        Raises:
            HTTPError: it was refused.
        """
        headers = {"Authorization": f"Bearer {token or self.first}", "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.request(method, f"{self.base}{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def agreed(self, path: str, body: Any) -> None:
        """Ask for something, and let the other one agree."""
        asked = self.call("POST", path, body)["approval_id"]
        self.call("POST", f"/office/v1/approvals/{asked}/approve", token=self.second)


def soon(condition: Callable[[], Any], what: str) -> Any:
    """Wait until a condition is true, and return it.

    Raises:
        TimeoutError: it takes too long.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.2)
    return value
