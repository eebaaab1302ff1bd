"""What the bank holds: accounts that it was told of, files that it accepted, and what it says came of them."""

import json
import threading
from pathlib import Path
from typing import Any

from seed.simulators.registers import time_of_day

EMPTY: dict[str, Any] = {"accounts": {}, "files": {}, "auto": True, "serial": 0}


class State:
    """`lock` guards every change. An account that nobody told of exists and takes every name."""

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        self._file = folder / "state.json"
        there = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        self.told: dict[str, Any] = {**json.loads(json.dumps(EMPTY)), **there}

    @property
    def accounts(self) -> dict[str, Any]:
        """Return the accounts by number."""
        return self.told["accounts"]

    @property
    def files(self) -> dict[str, Any]:
        """Return the accepted files by number."""
        return self.told["files"]

    def keep(self) -> None:
        """Write everything down."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self.told, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._file)

    def forget(self) -> None:
        """Forget accounts and files."""
        with self.lock:
            self.told = json.loads(json.dumps(EMPTY))
            self.keep()

    def settle(self, line: dict[str, Any]) -> dict[str, Any]:
        """Pay one line or say why not; return the line as a return file has it."""
        account = self.accounts.get(line["account"], {})
        code = account.get("fails", "")
        if not code and account.get("name") and account["name"] != line["name"]:
            code = "name_mismatch"
        if not code and account.get("most_fen") is not None and line["fen"] > account["most_fen"]:
            code = "limit"
        serial = ""
        if not code:
            self.told["serial"] += 1
            serial = f"{time_of_day.today().replace('-', '')}{self.told['serial']:010d}"
            account.setdefault("balance_fen", 0)
            account["balance_fen"] += line["fen"]
            self.accounts[line["account"]] = account
        kept = {name: line[name] for name in ("seq", "account", "fen")}
        return kept | {"state": "F" if code else "S", "code": code, "serial": serial}

    def reverse(self, result: dict[str, Any]) -> dict[str, Any]:
        """Take a payment back (冲正)."""
        account = self.accounts[result["account"]]
        account["balance_fen"] -= result["fen"]
        return result | {"state": "R", "code": "reversed"}
