"""From raw rows to checked values: which header is which column, and every mistake with its row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.errors import Unprocessable
from backend.sheets import columns, values
from backend.sheets.columns import Sheet
from backend.sheets.reading import Row
from backend.sheets.values import CellWrong

MOST_TOLD = 200
_SHOWN = 40


class HeadersWrong(Unprocessable):
    """422: a needed column is missing, or one is there twice."""

    code = "sheet_headers_wrong"
    zh = "表头与模板不符:{problem}。请下载模板核对,或指定各列的对应关系。"
    en = "The headers do not fit the template: {problem}. Compare them or send a mapping."

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)
        self.fields = {"mapping": [self.message()]}


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell, or with a whole row when it names no column."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Headers:
    """Which position of the file is which column, and the headers that nobody knows."""

    positions: Mapping[int, str]
    unknown: tuple[str, ...]


@dataclass
class Result:
    """The rows that are right, as values, and what is wrong with the others; at most `MOST_TOLD` errors are told."""

    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    wrong: int = 0

    def refuse(self, found: list[RowError]) -> None:
        """Count a row as wrong; who took it for right takes it out of `rows`."""
        self.wrong += 1
        self.errors += found[: max(0, MOST_TOLD - len(self.errors))]


def mapped(sheet: Sheet, header: Row, given: Mapping[str, str]) -> Headers:
    """Find the column of each header by its name or alias; `given` says it for headers that are named otherwise.

    A header that `given` maps to nothing is left out.

    Raises:
        HeadersWrong: a required column is missing, a column comes twice, or `given` names no column.
    """
    known, keys = columns.known_as(sheet), {one.key for one in sheet.columns}
    if strange := sorted(set(given.values()) - keys - {""}):
        raise HeadersWrong(f"没有“{strange[0]}”这一列")
    positions: dict[int, str] = {}
    unknown: list[str] = []
    for position, raw in sorted(header[1].items()):
        told = raw.strip() if isinstance(raw, str) else str(raw)
        key = given[told] if told in given else known.get(columns.normal(told))
        if key in positions.values():
            raise HeadersWrong(f"“{sheet.column(str(key)).zh}”出现了两次")
        if key:
            positions[position] = key
        elif key is None:
            unknown.append(told[:_SHOWN])
    lacking = [one.zh for one in sheet.columns if one.required and one.key not in positions.values()]
    if lacking:
        raise HeadersWrong(f"缺少“{'”“'.join(lacking)}”")
    return Headers(positions, tuple(unknown))


def checked(sheet: Sheet, found: list[Row], mapping: Headers) -> Result:
    """Check every cell of every row below the header, and that no row comes twice."""
    result, seen = Result(), dict[tuple[Any, ...], int]()
    for number, cells in found:
        told, errors = _row(
            sheet, number, {mapping.positions[p]: raw for p, raw in cells.items() if p in mapping.positions}
        )
        if sheet.unique and not errors:
            first = seen.setdefault(tuple(_comparable(told[key]) for key in sheet.unique), number)
            if first != number:
                errors.append(RowError(number, "", "", f"与第 {first} 行重复。"))
        if errors:
            result.refuse(errors)
        else:
            result.rows.append((number, told))
    return result


def _comparable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _row(sheet: Sheet, number: int, cells: Mapping[str, Any]) -> tuple[dict[str, Any], list[RowError]]:
    told: dict[str, Any] = {}
    errors = []
    for column in sheet.columns:
        raw = cells.get(column.key)
        try:
            told[column.key] = columns.value_of(column, raw)
        except CellWrong as wrong:
            errors.append(RowError(number, column.zh, shown(raw, personal=column.personal), str(wrong)))
    return told, errors


def shown(raw: Any, *, personal: bool) -> str:
    """Return a cell as it may be shown back: personal ones masked, all of them short."""
    text = "公式" if raw is values.Formula else "" if raw is None or isinstance(raw, list | dict) else str(raw).strip()
    if personal and text:
        return text[0] + "*" * min(len(text) - 1, 8)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
