"""Who calls: nobody, residents of each level, helpers and guardians, each role of the staff, a gate."""

import json
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from tests.matrix.spec import JSON, Operation
from tests.support.gate import Gate

UNIT, AREA = "changzhengyuan", "360731105"
"""Where the staff of the matrix sit: the unit and the town of the place `tantou`."""


@dataclass(frozen=True)
class Caller:
    """Somebody with a proof. `kind` is what a declaration calls them; `scope` what acting for another allows."""

    name: str
    kind: str
    client: Any = field(repr=False)
    token: str = field(default="", repr=False)
    level: str = ""
    role: str = ""
    acting_for: str = ""
    organisation: str = ""
    scope: frozenset[str] = frozenset()
    gate: Gate | None = field(default=None, repr=False)

    def send(self, operation: Operation, path: str, body: Any = None, **headers: str):
        """Send an operation; a `body` that is None is an empty one."""
        told = {"Idempotency-Key": uuid.uuid4().hex, "X-Request-Id": uuid.uuid4().hex} | headers
        if self.token:
            told["Authorization"] = f"Bearer {self.token}"
        if self.acting_for:
            told["Acting-For"] = self.acting_for
        if self.organisation:
            told["X-Organisation-Id"] = self.organisation
        if operation.media_type == "multipart/form-data":
            return self.client.open(path, method=operation.method, data=body or {}, headers=told)
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        raw = raw if operation.media_type else b""
        if self.gate:
            told["Authorization"] = self.gate.signed(raw, method=operation.method, path=path)
        if operation.media_type:
            told["Content-Type"] = operation.media_type or JSON
        return self.client.open(path, method=operation.method, data=raw, headers=told)

    def acting(self, name: str, relation_id: str, *scope: str) -> "Caller":
        """Return the same resident acting for another."""
        return replace(self, name=name, acting_for=relation_id, scope=frozenset(scope))
