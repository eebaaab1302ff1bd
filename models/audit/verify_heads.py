"""The check of the signed heads: signatures, numbers, sizes, and that the file outside of the store has the same."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from models.audit import heads_file, tree_head
from models.audit.finding import Finding, Kind
from models.audit.tree_head import Head, TreeHead

_BATCH = 1000


class HeadCheck:
    """Reads the heads once: `sound` yields those whose signature holds, in order; `findings` gathers what is wrong."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.newest: Head | None = None

    def sound(self) -> Iterator[Head]:
        """Yield the heads of the store that are signed and follow the one before."""
        number = size = 0
        for found in TreeHead._get_collection().find().sort("_id", 1).hint("_id_"):
            head = _read(found)
            where = f"head {found['_id']}"
            if head is None or not head.valid:
                self._find("edited", where, "its signature does not hold")
            elif head.size < size:
                self._find("reordered", where, "it is smaller than the one before it")
            else:
                size, self.newest = head.size, head
                yield head
            if found["_id"] != number:
                self._find("deleted", f"head {number}", "its number is missing")
            number = found["_id"] + 1 if isinstance(found["_id"], int) else number

    def compare_file(self) -> None:
        """Compare the file outside of the store with the store."""
        newest = self.newest.number if self.newest else -1
        for lines in _chunks(heads_file.lines()):
            told = [(number, _published(line)) for number, line in lines]
            wanted = [head.number for _, head in told if head]
            stored = {one["_id"]: _read(one) for one in TreeHead._get_collection().find({"_id": {"$in": wanted}})}
            for number, head in told:
                if head is None or not head.valid:
                    self._find("edited", f"line {number} of the file of heads", "no signed head stands there")
                elif head.number not in stored:
                    kind: Kind = "cut" if head.number > newest else "deleted"
                    self.findings.append(Finding(kind, f"head {head.number}", "it was published with this number"))
                elif stored[head.number] != head:
                    self._find("edited", f"head {head.number}", "it was published with another content")

    def _find(self, kind: Kind, where: str, because: str) -> None:
        self.findings.append(Finding(kind, where, because))


def _chunks(lines: Iterator[tuple[int, dict[str, Any] | None]]) -> Iterator[list[tuple[int, dict[str, Any] | None]]]:
    while chunk := list(islice(lines, _BATCH)):
        yield chunk


def _read(found: dict[str, Any]) -> Head | None:
    try:
        return tree_head.of_store(found)
    except (KeyError, TypeError, struct.error):
        return None


def _published(line: dict[str, Any] | None) -> Head | None:
    try:
        return tree_head.of_wire(line) if line else None
    except (KeyError, TypeError, ValueError):
        return None
