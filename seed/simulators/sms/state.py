"""What the SMS service holds: messages with their receipts, what it was told of numbers, and its limits."""

import json
import threading
from pathlib import Path
from typing import Any

EMPTY: dict[str, Any] = {
    "messages": [],
    "numbers": {},
    "templates": {},
    "callback": "",
    "auto": True,
    "day_cap": 50,
    "thirty_seconds": 0,
    "serial": 0,
}


class State:
    """`lock` guards every change. A template that nobody told of is approved with any parameters."""

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        self._file = folder / "state.json"
        there = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        self.told: dict[str, Any] = {**json.loads(json.dumps(EMPTY)), **there}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return all accepted messages, oldest first."""
        return self.told["messages"]

    def of(self, serial: str) -> dict[str, Any] | None:
        """Return a message by its serial number."""
        return next((one for one in self.messages if one["serial"] == serial), None)

    def keep(self) -> None:
        """Write everything down."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self.told, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._file)

    def forget(self) -> None:
        """Forget messages, numbers, templates and limits; the callback stays."""
        with self.lock:
            self.told = {**json.loads(json.dumps(EMPTY)), "callback": self.told["callback"]}
            self.keep()
