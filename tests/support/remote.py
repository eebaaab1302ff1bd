"""A service in processes of its own, called over real HTTP in the way of Flask's test client."""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.support.patience import until
from tests.support.registers import RegistersBox
from tests.support.sandbox import Sandbox


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: Any
    data: bytes

    @property
    def json(self):
        return json.loads(self.data) if self.data else None


class RemoteClient:
    def __init__(self, base: str):
        self.base = base

    def open(self, path: str, *, method: str = "GET", json: Any = None, headers: dict | None = None) -> Answer:
        data = None if json is None else _dump(json)
        given = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=given)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path: str, **options) -> Answer:
        return self.open(path, **options)

    def post(self, path: str, **options) -> Answer:
        return self.open(path, method="POST", **options)


class PatientClient(RemoteClient):
    """One that sends the same request, key and all, until the service answers; `broken` counts what had no answer."""

    def __init__(self, base: str, *, seconds: float = 45):
        super().__init__(base)
        self.seconds, self.broken = seconds, 0

    def open(self, path: str, **options) -> Answer:
        return until(lambda: self._answered(path, options), seconds=self.seconds, what=f"an answer of {path}")

    def _answered(self, path: str, options: dict) -> Answer | None:
        try:
            answer = super().open(path, **options)
        except (OSError, http.client.HTTPException):
            self.broken += 1
            return None
        running = answer.status_code == 409 and answer.json["code"] == "still_running"
        return None if running else answer


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def remote_sandbox(base: str, folder) -> Sandbox:
    """Return the control of a sandbox that somebody else started."""
    box = Sandbox(folder)
    box.base = base
    return box


def remote_registers(base: str, folder) -> RegistersBox:
    """Return the control of a simulator of the registers that somebody else started."""
    box = RegistersBox(folder)
    box.base = base
    return box
