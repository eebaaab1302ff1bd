"""Sheets of labels on A4 and labels on a roll, with their measures.

Label sizes and pitches of the punched sheets are those of the Avery numbers named, which most makers copy. Margins are
not taken from lists, which differ by up to 1 mm: a punched grid lies in the middle of its sheet, and what a printer
adds to that is measured (`printer.py`).
"""

import re
from dataclasses import dataclass

from backend.labels.label import LayoutUnknown, SizeOutside

A4_WIDTH, A4_HEIGHT = 210.0, 297.0
ROLL_LEAST, ROLL_MOST = 15.0, 300.0
ROLL_NAME = re.compile(r"roll_([0-9]{1,3}(?:\.[0-9])?)x([0-9]{1,3}(?:\.[0-9])?)")


@dataclass(frozen=True)
class Layout:
    """A grid of labels on a page; millimetres."""

    name: str
    zh: str
    width: float
    height: float
    columns: int
    rows: int
    pitch_across: float
    pitch_down: float
    page_width: float
    page_height: float
    source: str

    @property
    def per_page(self) -> int:
        """Return how many labels a page has."""
        return self.columns * self.rows

    @property
    def margin_left(self) -> float:
        """Return the blank left of the first column: the grid lies in the middle."""
        return (self.page_width - (self.columns - 1) * self.pitch_across - self.width) / 2

    @property
    def margin_top(self) -> float:
        """Return the blank above the first row."""
        return (self.page_height - (self.rows - 1) * self.pitch_down - self.height) / 2

    def place(self, position: int) -> tuple[float, float]:
        """Return the upper left corner of the label at a position, counted from 0 along the rows."""
        row, column = divmod(position, self.columns)
        return self.margin_left + column * self.pitch_across, self.margin_top + row * self.pitch_down


def _a4(name: str, size: tuple[float, float], grid: tuple[int, int], source: str, pitch_across: float = 0) -> Layout:
    (width, height), (columns, rows) = size, grid
    zh = f"A4 {columns * rows} 格({width:g}×{height:g} 毫米)"
    across = pitch_across or width
    return Layout(name, zh, width, height, columns, rows, across, height, A4_WIDTH, A4_HEIGHT, source)


SHEETS: dict[str, Layout] = {
    one.name: one
    for one in (
        _a4("a4_65", (38.1, 21.2), (5, 13), "Avery L7651 / J8651", 40.6),
        _a4("a4_40", (45.7, 25.4), (4, 10), "Avery L7654 / L4770", 48.5),
        _a4("a4_40_full", (52.5, 29.7), (4, 10), "A4 divided evenly, to be cut"),
        _a4("a4_24", (63.5, 33.9), (3, 8), "Avery L7159", 66.0),
        _a4("a4_24_full", (70.0, 37.0), (3, 8), "70 x 37 mm sheets without gaps, e.g. Herma 4459"),
        _a4("a4_21", (63.5, 38.1), (3, 7), "Avery L7160 / J8160", 66.0),
        _a4("a4_14", (99.1, 38.1), (2, 7), "Avery L7163", 101.6),
        _a4("a4_12", (63.5, 72.0), (3, 4), "Avery L7164 / J8164", 66.0),
        _a4("a4_8", (99.1, 67.7), (2, 4), "Avery L7165 / J8165", 101.6),
    )
}


def sheet(name: str) -> Layout:
    """Return a sheet by its name.

    Raises:
        LayoutUnknown: there is none.
    """
    if name not in SHEETS:
        raise LayoutUnknown
    return SHEETS[name]


def named(name: str) -> Layout:
    """Return a sheet by its name, or the labels of a roll by theirs, like `roll_50x30`: millimetres.

    Raises:
        LayoutUnknown: there is no such sheet.
        SizeOutside: no label is that small or large.
    """
    if found := ROLL_NAME.fullmatch(name):
        return roll(float(found[1]), float(found[2]))
    return sheet(name)


def roll(width: float, height: float) -> Layout:
    """Return labels on a roll: each label is a page of its size.

    Raises:
        SizeOutside: no label is that small or large.
    """
    if not (ROLL_LEAST <= width <= ROLL_MOST and ROLL_LEAST <= height <= ROLL_MOST):
        raise SizeOutside(what="标签宽和高(毫米)", least=f"{ROLL_LEAST:g}", most=f"{ROLL_MOST:g}")
    name, zh = f"roll_{width:g}x{height:g}", f"卷筒标签({width:g}×{height:g} 毫米)"
    return Layout(name, zh, width, height, 1, 1, width, height, width, height, "measured by who prints")
