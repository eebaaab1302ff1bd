"""All that a print shop gets, as one ZIP that is made while it is sent: the sheets, a list, and a manifest.

The manifest stands last, because it names the digest of every file before it.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from backend import clock
from backend.documents import font
from backend.labels.label import Label, PartChanged
from backend.labels.sheets import Part, Plan
from backend.sheets.writing import neutral

LIST, MANIFEST = "labels.csv", "manifest.json"
_ROWS = 500
_MARK = "\ufeff".encode()


def rows(labels: Iterable[Label]) -> Iterator[bytes]:
    """Yield the list as CSV (UTF-8 with mark, so that Excel reads it); no cell can act as a formula."""
    yield _MARK + _encoded([["序列号", "二维码内容", "文字"]])
    pending: list[list[str]] = []
    for label in labels:
        pending.append([_cell(label.serial), _cell(label.payload), _cell(" / ".join(label.lines))])
        if len(pending) == _ROWS:
            yield _encoded(pending)
            pending = []
    if pending:
        yield _encoded(pending)


def _cell(text: str) -> str:
    told: str = neutral(font.clean(text).strip())
    return told


def _encoded(lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


def stream(
    plan: Plan, parts: Sequence[Part], read: Callable[[Part], Iterable[bytes]], labels: Iterable[Label]
) -> Iterator[bytes]:
    """Yield the ZIP: every part by `read`, the list of `labels`, the manifest.

    Raises:
        PartChanged: a stored part is not what was written, seen at its end; the ZIP then has no end either.
    """
    sink = _Sink()
    written: list[dict[str, Any]] = []
    with zipfile.ZipFile(sink, "w") as archive:
        for part in parts:
            told = yield from _copy(archive, sink, _entry(part.name, plan.created, zipfile.ZIP_STORED), read(part))
            if told["sha256"] != part.sha256:
                raise PartChanged(name=part.name)
            written.append(told)
        listed = _entry(LIST, plan.created, zipfile.ZIP_DEFLATED)
        written.append((yield from _copy(archive, sink, listed, rows(labels))))
        last = _entry(MANIFEST, plan.created, zipfile.ZIP_DEFLATED)
        yield from _copy(archive, sink, last, [_bytes(manifest(plan, parts, written))])
    yield sink.take()


def manifest(plan: Plan, parts: Sequence[Part], written: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the bundle says about itself: counts, serials, digests, printed measures."""
    known = {part.name: part for part in parts}
    files = []
    for one in written:
        part = known.get(one["name"])
        more = {"labels": part.labels, "pages": part.pages, **_serials([part])} if part else {}
        files.append({**one, **more})
    layout, printer = plan.layout, plan.printer
    return {
        "title": plan.title,
        "created": clock.civil(plan.created).isoformat(timespec="seconds"),
        "labels": sum(part.labels for part in parts),
        "pages": sum(part.pages for part in parts),
        **_serials(parts),
        "layout": {"name": layout.name, "label_mm": [layout.width, layout.height], "per_page": layout.per_page},
        "start": plan.start,
        "error_correction": plan.correction,
        "printed_module_mm": {
            "least": min((part.least_module_mm for part in parts), default=None),
            "most": max((part.most_module_mm for part in parts), default=None),
        },
        "printer": {
            "right_mm": printer.right_mm,
            "down_mm": printer.down_mm,
            "across": round(printer.across, 6),
            "along": round(printer.along, 6),
            "dpi": printer.dpi,
        },
        "files": files,
    }


def _serials(parts: Sequence[Part]) -> dict[str, str]:
    if not parts:
        return {}
    return {"first_serial": parts[0].first_serial, "last_serial": parts[-1].last_serial}


def _bytes(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _entry(name: str, created: datetime, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, clock.civil(created).timetuple()[:6])
    entry.compress_type, entry.create_system, entry.external_attr = how, 3, 0o644 << 16
    return entry


def _copy(
    archive: zipfile.ZipFile, sink: "_Sink", entry: zipfile.ZipInfo, chunks: Iterable[bytes]
) -> Generator[bytes, None, dict[str, Any]]:
    digest, size = hashlib.sha256(), 0
    with archive.open(entry, "w") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            yield sink.take()
    return {"name": entry.filename, "bytes": size, "sha256": digest.hexdigest()}


class _Sink(io.RawIOBase):
    """What the ZIP writes to: keeps only what was not taken yet; it cannot be sought in."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._pending += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._pending)
        self._pending.clear()
        return taken
