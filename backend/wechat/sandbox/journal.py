"""The sandbox's memory: tables of JSON documents, kept by a journal of whole documents, one a line.

A line without a key stands for a table that was forgotten.
"""

import json
from pathlib import Path
from typing import Any


class Journal:
    """Documents by table and key. What was put survives the end of the process, not of the machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: dict[str, dict[str, Any]] = {}
        self._replay()
        self._compact()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def put(self, table: str, key: str, document: Any) -> None:
        """Keep a document, new or changed."""
        self._tables.setdefault(table, {})[key] = document
        self._file.write(_line(table, key, document))

    def get(self, table: str, key: str) -> Any:
        """The document, or None. A caller that changes it puts it back."""
        return self._tables.get(table, {}).get(key)

    def all(self, table: str) -> list[Any]:
        """All documents of a table, oldest first."""
        return list(self._tables.get(table, {}).values())

    def forget(self, table: str) -> None:
        """Forget every document of a table."""
        self._tables.pop(table, None)
        self._file.write(_line(table, None, None))

    def _replay(self) -> None:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                # A process killed in the middle of a write leaves half a line, which stands for nothing.
                if line.endswith("\n"):
                    table, key, document = json.loads(line)
                    if key is None:
                        self._tables.pop(table, None)
                    else:
                        self._tables.setdefault(table, {})[key] = document

    def _compact(self) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            for table, documents in self._tables.items():
                file.writelines(_line(table, key, document) for key, document in documents.items())
        fresh.replace(self._path)


def _line(table: str, key: str | None, document: Any) -> str:
    return json.dumps([table, key, document], ensure_ascii=False, separators=(",", ":")) + "\n"
