"""Tables of a document: cells wrap, the head stands again on every page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backend.documents import fitting, font

if TYPE_CHECKING:
    from backend.documents.document import Document

_LEADING = 1.4
_PAD = 1.2
_LEAST_LINES = 2
"""A row is only divided where at least so many lines stand on either page."""


@dataclass(frozen=True)
class Column:
    """A column: its head, its share of the width, where its texts stand."""

    head: str
    share: float = 1.0
    align: Literal["left", "center", "right"] = "left"


Cells = list[list[str]]


class _Grid:
    def __init__(self, page: "Document", columns: Sequence[Column], size: float) -> None:
        self.page, self.columns, self.size = page, columns, size
        whole = sum(column.share for column in columns)
        self.widths = [page.width * column.share / whole for column in columns]
        self.leading = size * font.MM_A_POINT * _LEADING
        self.head = self.cells([column.head for column in columns])

    def cells(self, texts: Sequence[str]) -> Cells:
        if len(texts) != len(self.columns):
            raise ValueError(f"a row of {len(texts)} cells in a table of {len(self.columns)} columns")
        pairs = zip(texts, self.widths, strict=True)
        return [fitting.wrap(text, width - 2 * _PAD, self.size) for text, width in pairs]

    def high(self, lines: int) -> float:
        return lines * self.leading + 2 * _PAD

    def fitting_lines(self) -> int:
        return int((self.page.room - 2 * _PAD) / self.leading + 1e-6)

    def begin_page(self) -> None:
        self.page.new_page()
        self.put(self.head, head=True)

    def put(self, cells: Cells, *, head: bool = False) -> None:
        lines = max(map(len, cells))
        x, high = self.page.left, self.high(lines)
        for column, width, cell in zip(self.columns, self.widths, cells, strict=True):
            if head:
                self.page.canvas.box(x, self.page.y, width, high, "grey")
            self.page.canvas.box(x, self.page.y, width, high)
            for number, line in enumerate(cell):
                free = width - 2 * _PAD - font.width(line, self.size)
                aside = _PAD + {"left": 0.0, "center": free / 2, "right": free}[column.align]
                baseline = self.page.y + _PAD + (number + 0.75) * self.leading
                self.page.canvas.text(x + aside, baseline, line, self.size, bold=head)
            x += width
        self.page.y += high


def draw(page: "Document", columns: Sequence[Column], rows: Iterable[Sequence[str]], size: float) -> None:
    """Draw a table, taking rows one by one.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """
    grid = _Grid(page, columns, size)
    page.need(grid.high(max(map(len, grid.head))) + grid.high(_LEAST_LINES))
    grid.put(grid.head, head=True)
    for row in rows:
        _row(grid, grid.cells(row))


def _row(grid: _Grid, cells: Cells) -> None:
    fresh = False
    while (lines := max(map(len, cells))) > 0:
        fits = grid.fitting_lines()
        if lines > fits and not fresh and not _divisible(grid, lines, fits):
            grid.begin_page()
            fresh = True
            continue
        take = max(1, min(lines, fits))
        grid.put([cell[:take] for cell in cells])
        cells = [cell[take:] for cell in cells]
        if any(cells):
            grid.begin_page()
            fresh = True


def _divisible(grid: _Grid, lines: int, fits: int) -> bool:
    """Tell whether a row that does not fit begins here: only one that no page could hold does."""
    whole = (grid.page.page_height - 2 * grid.page.left - grid.high(max(map(len, grid.head)))) / grid.leading
    return lines > whole and fits >= _LEAST_LINES
