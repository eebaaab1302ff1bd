"""Labels on A4: 1,000 against the usual path, all of them decoded; and 100,000 in parts, with the memory they take."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from statistics import median

import psutil
import pypdfium2
import zxingcpp

from backend.documents import fitting, font
from backend.labels import sheets
from backend.labels.label import Label
from backend.labels.layout import sheet
from backend.labels.sheets import Plan
from bench.floors import labels_usual
from bench.machine import BenchFailed
from bench.report import Figure

LABELS, ROUNDS, MANY = 1_000, 5, 100_000
WANTED = 12
DPI = 200
PLAN = Plan(sheet("a4_40"), "labels", datetime(2026, 11, 20, 1, 30, tzinfo=UTC))


def bench() -> list[Figure]:
    """Measure both."""
    return [*_against_the_usual(), *_many()]


def _labels(numbers: range) -> Iterator[Label]:
    for number in numbers:
        code = f"{number * 2654435761 % 2**40:010X}"
        lines = ("脐橙 一级果", "净含量 5 千克", "产地:某镇某村合作社")
        yield Label(f"https://t.example.org/01/06901234567892/21/K{code}TAG99", lines, f"K{code[:5]}-{code[5:]}")


def _against_the_usual() -> list[Figure]:
    labels, pairs, content = list(_labels(range(LABELS))), [], b""
    for _ in range(ROUNDS):
        began = time.process_time()
        usual = labels_usual.write(PLAN.layout, labels)
        between = time.process_time()
        content = _ours(labels)
        pairs.append((LABELS / (between - began), LABELS / (time.process_time() - between)))
    found = _decoded(content)
    if found != {label.payload for label in labels}:
        raise BenchFailed(f"{len(found)} of {LABELS} labels were read at {DPI} dpi")
    ratios = sorted(ours / theirs for theirs, ours in pairs)
    sizes = f"{len(content) // 1024} KiB with an embedded font, {len(usual) // 1024} KiB without"
    path = f"qrcode, PIL, reportlab: {median(theirs for theirs, _ in pairs):,.0f}/s; {ROUNDS} rounds, CPU time"
    return [
        Figure("labels.rate", median(ours for _, ours in pairs), "labels/s a core", f"{path}; {sizes}"),
        Figure(
            "labels.ratio",
            median(ratios),
            "× the usual path",
            f"{ratios[0]:.1f} to {ratios[-1]:.1f}; all {LABELS} read at {DPI} dpi",
            target=WANTED,
        ),
    ]


def _ours(labels: list[Label]) -> bytes:
    # What an earlier round left would make this one faster than a job's first part.
    for kept in (font.subset, fitting.fit):
        kept.cache_clear()
    out = BytesIO()
    sheets.write(PLAN, 0, LABELS, labels, out)
    return out.getvalue()


def _decoded(content: bytes) -> set[str]:
    document = pypdfium2.PdfDocument(content)
    pictures = (page.render(scale=DPI / 72).to_pil() for page in document)
    # Bars of an EAN may be seen across a column of codes, where that is looked for too.
    kind = zxingcpp.BarcodeFormat.QRCode
    return {code.text for picture in pictures for code in zxingcpp.read_barcodes(picture, formats=kind)}


def _many() -> list[Figure]:
    process, taken, written = psutil.Process(), [], 0
    began = time.process_time()
    for part in range(PLAN.parts(MANY)):
        out = BytesIO()
        written += sheets.write(PLAN, part, MANY, _labels(PLAN.span(part, MANY)), out).labels
        taken.append(process.memory_info().rss)
    spent = time.process_time() - began
    if written != MANY:
        raise BenchFailed(f"{written} of {MANY} labels were written")
    grown = (max(taken) - taken[0]) / 1024 / 1024
    return [
        Figure("labels.hundred_thousand", spent, "s of CPU", f"{PLAN.parts(MANY)} parts, one core", better="lower"),
        Figure("labels.memory", grown, "MiB more after the first part", "informs only", better="lower"),
    ]
