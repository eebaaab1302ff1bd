"""Labels as PDF in parts: a part is a file of whole pages, so that a killed job goes on at the part it was in.

The same plan and labels give the same bytes. One page and the list of pages are in memory, never the labels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from backend.documents import font
from backend.documents.canvas import Canvas
from backend.documents.pdf import Writer
from backend.labels import drawing, symbol
from backend.labels.label import Label, StartOutside
from backend.labels.layout import Layout
from backend.labels.printer import RULER_ACROSS, RULER_DOWN, Printer

LABELS_A_PART = 1000


@dataclass(frozen=True)
class Plan:
    """How labels are printed; `start` is the first free label of a sheet that was begun.

    Raises:
        StartOutside: the sheet has no such label.
    """

    layout: Layout
    title: str
    created: datetime
    printer: Printer = field(default_factory=Printer)
    start: int = 1
    pages_a_part: int = 0
    correction: str = "M"
    outlines: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.layout.per_page:
            raise StartOutside(per_page=self.layout.per_page)

    @property
    def room(self) -> int:
        """Return how many places a part has."""
        return (self.pages_a_part or max(1, LABELS_A_PART // self.layout.per_page)) * self.layout.per_page

    def parts(self, total: int) -> int:
        """Return how many parts so many labels need."""
        return -(-(total + self.start - 1) // self.room) if total else 0

    def span(self, part: int, total: int) -> range:
        """Return which labels, counted from 0, stand in a part, counted from 0."""
        first = max(0, part * self.room - self.start + 1)
        return range(min(first, total), min(total, (part + 1) * self.room - self.start + 1))


@dataclass(frozen=True)
class Part:
    """A file that was written: what a job keeps of it, and what the manifest says; millimetres are as printed."""

    name: str
    number: int
    labels: int
    pages: int
    first_serial: str
    last_serial: str
    bytes: int
    sha256: str
    least_module_mm: float
    most_module_mm: float

    def record(self) -> dict[str, Any]:
        """Return it as plain values; `Part(**record)` reads them."""
        return asdict(self)


def write(plan: Plan, part: int, total: int, labels: Iterable[Label], out: BinaryIO) -> Part:
    """Write part number `part` (from 0) of `total` labels: `labels` are those of `plan.span(part, total)`, in order.

    Raises:
        ValueError: they are more or fewer than the part has.
        PayloadNotPlain, QrTooLarge, CodeTooDense, SerialTooLong: a label cannot be printed so.
    """
    expected = len(plan.span(part, total))
    writer = Writer(out, title=plan.title, created=plan.created)
    pages = _Pages(plan, writer, skipped=plan.start - 1 if part == 0 else 0)
    for label in labels:
        pages.put(label)
    pages.end()
    if pages.count != expected:
        raise ValueError(f"part {part} has {expected} labels, but {pages.count} came")
    writer.close()
    name = f"labels-{part + 1:04d}.pdf"
    sizes = (round(pages.least, 4), round(pages.most, 4))
    return Part(name, part, pages.count, writer.pages, pages.first, pages.last, writer.size, writer.sha256, *sizes)


def write_all(plan: Plan, total: int, labels: Iterable[Label], opened: Iterator[BinaryIO]) -> Iterator[Part]:
    """Write all parts one after the other, each into the next of the `opened` files."""
    coming = iter(labels)
    for part in range(plan.parts(total)):
        yield write(plan, part, total, islice(coming, len(plan.span(part, total))), next(opened))


class _Pages:
    def __init__(self, plan: Plan, writer: Writer, skipped: int) -> None:
        self._plan, self._writer, self._position = plan, writer, skipped
        self._frame = (drawing.frame(plan.layout), plan.printer)
        self._canvas: Canvas | None = None
        self.count, self.first, self.last = 0, "", ""
        self.least, self.most = float("inf"), 0.0

    def put(self, label: Label) -> None:
        canvas = self._canvas = self._canvas or begin(self._plan, self._writer)
        bitmap = symbol.encode(label.payload, self._plan.correction)
        at = self._plan.layout.place(self._position)
        if self._plan.outlines:
            canvas.box(*at, self._plan.layout.width, self._plan.layout.height)
        module = drawing.draw(canvas, at, label, bitmap, self._frame)
        self.least, self.most = min(self.least, module), max(self.most, module)
        self.first = self.first if self.count else label.serial
        self.last, self.count, self._position = label.serial, self.count + 1, self._position + 1
        if self._position == self._plan.layout.per_page:
            self.end()

    def end(self) -> None:
        if self._canvas is not None:
            layout = self._plan.layout
            body = self._writer.stream(self._canvas.data())
            self._writer.page(layout.page_width, layout.page_height, [body])
        self._canvas, self._position = None, 0


def begin(plan: Plan, writer: Writer) -> Canvas:
    """Return an empty page as this plan's printer needs it."""
    canvas, printer = Canvas(plan.layout.page_height, writer.chars), plan.printer
    if not printer.plain:
        canvas.shift(printer.right_mm, printer.down_mm, printer.across, printer.along)
    return canvas


def ruler(plan: Plan, out: BinaryIO) -> None:
    """Write a page to be measured: the outlines of the labels, and on A4 two lines of known length."""
    writer, layout = Writer(out, title=plan.title, created=plan.created), plan.layout
    canvas = begin(plan, writer)
    for position in range(layout.per_page):
        canvas.box(*layout.place(position), layout.width, layout.height)
    if layout.page_width > RULER_ACROSS and layout.page_height > RULER_DOWN:
        left, top = (layout.page_width - RULER_ACROSS) / 2, (layout.page_height - RULER_DOWN) / 2
        canvas.line(left, top, left + RULER_ACROSS, top, 0.2)
        canvas.line(left, top, left, top + RULER_DOWN, 0.2)
        told = f"横线应为 {RULER_ACROSS:g} 毫米,竖线应为 {RULER_DOWN:g} 毫米;打印时请选“实际大小”。"
        canvas.text(left + 3, top + 6, font.clean(told), 10)
    writer.page(layout.page_width, layout.page_height, [writer.stream(canvas.data())])
    writer.close()
