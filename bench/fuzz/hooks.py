"""What schemathesis loads: who sends each request."""

import json
import os
from pathlib import Path
from typing import Any

import schemathesis

from bench.fuzz import cast

_cast = json.loads(Path(os.environ["FUZZ_CAST"]).read_text())


@schemathesis.auth(refresh_interval=None)
class Actors:
    """The token of somebody who may call the operation."""

    def get(self, _case: Any, context: Any) -> str | None:
        """Choose the token."""
        operation = context.operation
        return cast.token_for(_cast, operation.definition.raw.get("x-access", {}), operation.path)

    def set(self, case: Any, data: str | None, _context: Any) -> None:
        """Send it."""
        if data:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
