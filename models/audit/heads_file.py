"""The file of signed heads outside of the store (AUDIT_HEADS_FILE), one JSON object a line, only ever added to.

Whoever can cut the whole store, heads included, does not reach it when it lies on another machine or on media that
cannot be rewritten. A line that a kill tore is written again whole below it. The same line twice means nothing.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import orjson

from backend import runtime

_TAIL = 8192
"""Bytes at the end of the file that hold a whole line for certain, and a torn one."""


def path() -> Path | None:
    """Return where the file is, None when none was asked for."""
    told = runtime.current().settings.audit_heads_file
    return Path(told) if told else None


def last() -> dict[str, Any] | None:
    """Return the last whole line; None without one."""
    file = path()
    if file is None or not file.exists():
        return None
    with file.open("rb") as tail:
        tail.seek(max(0, file.stat().st_size - _TAIL))
        lines = tail.read().splitlines(keepends=True)
    return next((told for told in map(_parsed, reversed(lines)) if told), None)


def append(heads: Iterable[dict[str, Any]]) -> None:
    """Add heads to the file, and have them on the disk."""
    file, lines = path(), b"".join(orjson.dumps(head) + b"\n" for head in heads)
    if file is None or not lines:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as target:
        if size := target.seek(0, os.SEEK_END):
            target.seek(size - 1)
            if target.read(1) != b"\n":
                lines = b"\n" + lines
        target.write(lines)
        target.flush()
        os.fsync(target.fileno())


def lines() -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield each line by its number, None for one that cannot be read and was not just torn by a kill."""
    file = path()
    if file is None or not file.exists():
        return
    with file.open("rb") as source:
        for number, (line, following) in enumerate(pairwise(chain(source, [b""])), 1):
            told = _parsed(line)
            torn = not line.endswith(b"\n") or following.startswith(line.rstrip(b"\n"))
            if told or not torn:
                yield number, told


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None
