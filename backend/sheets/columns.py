"""A sheet as data: its columns, and how a cell of each becomes a value or a sentence that says what is wrong."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from backend.sheets import values
from backend.sheets.values import CellWrong

ColumnKind = Literal["text", "code", "int", "fen", "date", "time", "choice"]
LONGEST_TEXT = 500
_LONGEST_HEADER = 200


@dataclass(frozen=True)
class Column:
    """One column. `zh` is its header, `aliases` other headers that offices use for it.

    `most` is the longest text or the greatest number; `pattern` binds a text or code; `choices` maps Chinese words to
    values; `read` turns the text into a value of the domain's own and raises CellWrong; `personal` values are masked
    wherever they are shown back.
    """

    key: str
    zh: str
    kind: ColumnKind = "text"
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    most: int = LONGEST_TEXT
    pattern: str = ""
    pattern_zh: str = ""
    read: Callable[[str], Any] | None = None
    personal: bool = False
    example: str = ""
    help: str = ""


@dataclass(frozen=True)
class Sheet:
    """A described sheet; `unique` are the columns that together name a row."""

    name: str
    zh: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()

    def column(self, key: str) -> Column:
        """Return a column by its key."""
        return next(one for one in self.columns if one.key == key)


def value_of(column: Column, raw: Any) -> Any:
    """Return the value of a cell, None when it is empty.

    Raises:
        CellWrong: it has none; the sentence says what to do.
    """
    told = values.plain(raw)
    if told in {None, ""}:
        if column.required:
            raise CellWrong("此列必填。")
        return None
    return _READERS[column.kind](column, told)


def _text(column: Column, told: Any) -> Any:
    text = values.text(told)
    if len(text) > column.most:
        raise CellWrong(f"最多 {column.most} 个字。")
    if column.pattern and not re.fullmatch(column.pattern, text):
        raise CellWrong(column.pattern_zh or "格式不对。")
    return column.read(text) if column.read else text


def _code(column: Column, told: Any) -> Any:
    return _text(column, unicodedata.normalize("NFKC", values.text(told)))


def _int(column: Column, told: Any) -> int:
    number = values.integer(told)
    if not 0 <= number <= column.most:
        raise CellWrong(f"应为 0 到 {column.most} 的整数。")
    return number


def _fen(column: Column, told: Any) -> int:
    fen = values.fen(told)
    if not 0 <= fen <= column.most:
        raise CellWrong(f"金额应在 0 到 {column.most // 100} 元之间。")
    return fen


def _choice(column: Column, told: Any) -> str:
    word = unicodedata.normalize("NFKC", values.text(told))
    if word in column.choices:
        return column.choices[word]
    if word in column.choices.values():
        return word
    raise CellWrong(f"只能填:{'、'.join(column.choices)}。")


_READERS: dict[str, Callable[[Column, Any], Any]] = {
    "text": _text,
    "code": _code,
    "int": _int,
    "fen": _fen,
    "date": lambda _column, told: values.day(told),
    "time": lambda _column, told: values.minute_of_day(told),
    "choice": _choice,
}


def normal(header: str) -> str:
    """Return a header as headers are compared: no spaces, marks or remarks in brackets."""
    # Cut first: a header of nothing but open brackets would cost the square of its length.
    plain = re.sub(r"[(\[【].*?[)\]】]", "", unicodedata.normalize("NFKC", header[:_LONGEST_HEADER]))
    return re.sub(r"[\s*:]", "", plain).lower()


def known_as(sheet: Sheet) -> dict[str, str]:
    """Return the key of every header that the sheet knows, by its normal form."""
    return {normal(word): one.key for one in sheet.columns for word in (*one.aliases, one.key, one.zh)}
