"""The cards, the commands that were carried out, and the death lists: one file under the folder."""

import json
import secrets
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from seed.simulators.registers import time_of_day

Record = dict[str, Any]
TABLES = ("cards", "requests", "deaths")
BANKS = ("农商银行", "农业银行", "邮储银行")
LIVE = ("issued", "active", "lost", "frozen")


class State:
    """`cards` by number, `requests` by their id with the answer that was given, `deaths` by day; `lock` guards all."""

    def __init__(self, folder: Path, *, made_in_days: int) -> None:
        self.lock = threading.RLock()
        self._made_in = timedelta(days=made_in_days)
        self._file = folder / "state.json"
        there = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        self.tables: dict[str, dict[str, Any]] = {name: there.get(name, {}) for name in TABLES}

    def keep(self) -> None:
        """Write everything down."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self.tables, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._file)

    def forget(self) -> None:
        """Empty all tables."""
        with self.lock:
            self.tables = {name: {} for name in TABLES}
            self.keep()

    def live_card_of(self, id_number: str) -> Record | None:
        """Return the card that a person holds."""
        held = (one for one in self.tables["cards"].values() if one["id_number"] == id_number)
        return next((one for one in held if one["status"] in LIVE), None)

    def make_card(self, id_number: str, name: str) -> Record:
        """Put a card with a number of nine places, an account at a bank, and a day on which it will be made."""
        number = f"D{secrets.randbelow(10**8):08d}"
        today = date.fromisoformat(time_of_day.today())
        self.tables["cards"][number] = {
            "number": number,
            "id_number": id_number,
            "name": name,
            "status": "issued",
            "electronic": "unsigned",
            "bank": BANKS[int(number[-1]) % len(BANKS)],
            "bank_tail": f"{secrets.randbelow(10**4):04d}",
            "ready_on": (today + self._made_in).isoformat(),
        }
        return dict(self.tables["cards"][number])
