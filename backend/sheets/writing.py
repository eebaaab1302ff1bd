"""Workbooks going out: the template of a sheet, and tables of any length as a stream of rows.

A text that a spreadsheet would take for a formula gets an apostrophe before it and is written as text; an import takes
the apostrophe away again, so what was exported can be imported.
"""

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from backend.sheets.columns import Column, Sheet
from backend.sheets.reading import MOST_ROWS

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Full-width signs start formulas too.
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_CELL = 32_767
_WIDTH = 18
_BOLD, _GREY = Font(bold=True), PatternFill("solid", fgColor="FFDDDDDD")
_KIND_ZH = {
    "text": "文字",
    "code": "代码(请设为文本格式)",
    "int": "整数",
    "fen": "金额,单位元,如 12.50",
    "date": "日期,如 2026-11-24",
    "time": "时间,如 08:30",
    "choice": "从下拉列表中选择",
}


def neutral(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    told = _UNWRITABLE.sub("", value)[: _LONGEST_CELL - 1]
    return "'" + told if _DANGEROUS.match(told) else told


def table(headers: Sequence[str], lines: Iterable[Sequence[Any]], *, title: str = "Sheet1") -> bytes:
    """Return a workbook with one sheet, written row by row."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for position in range(1, len(headers) + 1):
        sheet.column_dimensions[get_column_letter(position)].width = _WIDTH
    sheet.freeze_panes = "A2"
    sheet.append([_head(sheet, header) for header in headers])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])
    return _saved(book)


def _head(sheet: Any, header: str) -> Any:
    cell = _cell(sheet, header)
    cell.font, cell.fill = _BOLD, _GREY
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    cell = WriteOnlyCell(sheet, neutral(value))
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", "@"
    return cell


def template(sheet: Sheet) -> bytes:
    """Return an empty workbook to fill in: headers with notes, lists to choose from, and a page that explains."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet.zh[:31]
    page.freeze_panes = "A2"
    for position, column in enumerate(sheet.columns, 1):
        cell = page.cell(1, position, column.zh + ("*" if column.required else ""))
        cell.font, cell.fill = _BOLD, _GREY
        cell.comment = Comment(_told(column), "template", height=120, width=280)
        letter = get_column_letter(position)
        page.column_dimensions[letter].width = _WIDTH
        if column.kind in {"text", "code", "date", "time"}:
            page.column_dimensions[letter].number_format = "@"
        if column.kind == "choice":
            _offer(page, letter, list(column.choices))
    _explain(book, sheet)
    return _saved(book)


def _told(column: Column) -> str:
    lines = ["必填" if column.required else "可不填", _KIND_ZH[column.kind], column.help]
    return "\n".join([*(one for one in lines if one), *([f"例:{column.example}"] if column.example else [])])


def _offer(page: Any, letter: str, words: list[str]) -> None:
    listed = ",".join(words)
    if len(listed) < 255:  # noqa: PLR2004 - Excel's own limit for a list that stands in the cell
        choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True)
        choice.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
        page.add_data_validation(choice)


def _explain(book: Any, sheet: Sheet) -> None:
    page = book.create_sheet("填写说明")
    page.append(["列", "必填", "格式", "可选值", "例", "说明"])
    for column in sheet.columns:
        must = "是" if column.required else ""
        words = "、".join(column.choices)
        page.append(
            [neutral(one) for one in (column.zh, must, _KIND_ZH[column.kind], words, column.example, column.help)]
        )


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
