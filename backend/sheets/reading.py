"""The cells of an uploaded sheet, as raw values with their row numbers.

openpyxl's row iterator fills every gap that a file claims, so a single cell in the last row would cost minutes: its
parser is read directly, and rows cost what they hold.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.worksheet._reader import WorkSheetParser

from backend.errors import Unprocessable
from backend.sheets.values import Formula
from backend.uploads import text
from backend.uploads.errors import FileBroken

MOST_ROWS = 20_000
MOST_COLUMNS = 50
MOST_CELLS = 200_000
"""A cell costs 20 to 30 µs to read, and the client waits for the checks."""
_MOST_EMPTY = 400_000
_ZEROS = re.compile(r"0{1,30}")
Row = tuple[int, dict[int, Any]]
"""The row's number as Excel shows it, and the raw cells that are not empty by column, from 0."""


class SheetTooLong(Unprocessable):
    """422: more rows or columns than one import takes."""

    code = "sheet_too_long"
    zh = "表格过大:一次最多 {rows} 行、{columns} 列、{cells} 个单元格,请拆分或删去空白格式后分批导入。"
    en = "The sheet is too large: at most {rows} rows, {columns} columns and {cells} cells at once. Split it."

    def __init__(self) -> None:
        super().__init__(rows=MOST_ROWS, columns=MOST_COLUMNS, cells=MOST_CELLS)


class SheetEmpty(Unprocessable):
    """422: nothing in it."""

    code = "sheet_empty"
    zh = "表格中没有数据,请在第一个工作表中按模板填写后再导入。"
    en = "The sheet holds no rows. Fill in the first sheet of the template."


def rows(content: bytes, kind: str) -> list[Row]:
    """Return the rows of a checked file that hold anything, the header first.

    Raises:
        FileBroken: it cannot be read.
        SheetTooLong: it holds more than one import takes.
        SheetEmpty: it holds nothing.
    """
    found: list[Row] = []
    cells = 0
    for row in _csv(content) if kind == "csv" else _xlsx(content):
        cells += len(row[1])
        if len(found) > MOST_ROWS or max(row[1]) >= MOST_COLUMNS or cells > MOST_CELLS:
            raise SheetTooLong
        found.append(row)
    if len(found) < 2:  # noqa: PLR2004 - the header and one row
        raise SheetEmpty
    return found


def _csv(content: bytes) -> Iterator[Row]:
    told = text.decode(content)
    delimiter = "\t" if "\t" in told.partition("\n")[0] else ","
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(told, newline=""), delimiter=delimiter), 1):
            filled = {column: _typed(cell) for column, cell in enumerate(cells) if cell.strip()}
            if filled:
                yield number, filled
    except csv.Error:
        raise FileBroken from None


def _typed(cell: str) -> Any:
    # In a CSV nothing tells a text from a formula but its first sign; numbers with a sign are numbers.
    signed = re.fullmatch(r"[+-][\d.,]+", cell.strip())
    return Formula if cell.strip()[0] in "=+-@" and not signed else cell


def _xlsx(content: bytes) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        with sheet._get_source() as source:
            shared = sheet._shared_strings
            parser = WorkSheetParser(
                source, shared, epoch=book.epoch, date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )  # fmt: skip
            parsed = 0
            for number, cells in parser.parse():
                parsed += len(cells)
                if parsed > _MOST_EMPTY:
                    raise SheetTooLong  # noqa: TRY301 - the guard below lets it through
                filled = {cell["column"] - 1: _raw(book, cell) for cell in cells if cell["value"] not in {None, ""}}
                if filled := {column: raw for column, raw in filled.items() if raw not in {None, ""}}:
                    yield number, filled
    except (GeneratorExit, SheetTooLong):
        raise
    except Exception:  # noqa: BLE001 - a damaged part breaks the reader anywhere; none of it may become a 500
        raise FileBroken from None


def _raw(book: Any, cell: dict[str, Any]) -> Any:
    if cell["data_type"] in {"f", "e"}:
        return Formula
    raw = cell["value"]
    if isinstance(raw, str):
        return raw if raw.strip() else None
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _padded(book, cell, raw)
    return raw


def _padded(book: Any, cell: dict[str, Any], number: int) -> Any:
    """Keep the leading zeros that a format of zeros shows, as in 007."""
    style = cell.get("style_id") or 0
    form = book._number_formats
    number_format = book._cell_styles[style].numFmtId if style < len(book._cell_styles) else 0
    shown = form[number_format - 164] if number_format >= 164 and number_format - 164 < len(form) else ""  # noqa: PLR2004
    return str(number).zfill(len(shown)) if _ZEROS.fullmatch(shown) else number
