"""Facts that rules read, and how a value stands in JSON.

Numbers are exact: integers, else fractions (`{"decimal": "0.45"}` or `{"decimal": "1/3"}` in JSON), never floats. Days
are `{"date": "2026-11-23"}`. Money is an integer of 分. A value of another kind than the rule declares counts as
missing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

KINDS = {"number": "数值", "text": "文字", "flag": "是否", "date": "日期", "list": "清单"}
KIND_ZH = {**KINDS, "texts": "文字清单"}
"""With the kind that only parameters have."""
MOST = 10**15
"""Numbers are smaller than this, so that every store and client holds them."""
MOST_DIGITS = 30
FINEST = 10**12
LONGEST_TEXT = 200
LONGEST_LIST = 1000
DECIMAL = r"-?[0-9]{1,15}(\.[0-9]{1,12}|/[1-9][0-9]{0,11})?"


@dataclass(frozen=True)
class Known:
    """A fact with where it is from (`source`) and of which day (`as_of`)."""

    value: Any
    source: str = ""
    as_of: str = ""


@dataclass(frozen=True)
class Missing:
    """A fact that is not there: why, and who would have it (a unit, or the person)."""

    reason: str = ""
    whose: str = ""


@dataclass(frozen=True)
class NotKept(Missing):
    """A fact of which an old record does not speak: nobody can tell whether it was known or missing then."""


Fact = Known | Missing
Facts = Mapping[str, Fact]
NOT_TOLD = Missing("未取得")
NOT_KEPT = NotKept("当时没有留存")
WRONG_KIND = "数据类型不符"


def _number(value: Any) -> int | Fraction | None:
    kind = value.__class__
    if kind is int:
        return value if -MOST < value < MOST else None
    if kind is Decimal and value.is_finite() and abs(value.adjusted()) < MOST_DIGITS:
        value = Fraction(value)
    elif kind is not Fraction:
        return None
    fits = -MOST < value.numerator < MOST and value.denominator < FINEST
    return _plain(value) if fits else None


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _text(value: Any) -> str | None:
    return value if value.__class__ is str and len(value) <= LONGEST_TEXT else None


def _flag(value: Any) -> bool | None:
    return value if value.__class__ is bool else None


def _date(value: Any) -> date | None:
    if value.__class__ is date:
        return value
    if value.__class__ is not str or len(value) != len("2026-11-23"):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _list(value: Any) -> list[Any] | tuple[Any, ...] | None:
    fits = value.__class__ in {list, tuple} and len(value) <= LONGEST_LIST
    return value if fits and all(isinstance(one, Mapping) for one in value) else None


READERS: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "text": _text,
    "flag": _flag,
    "date": _date,
    "list": _list,
}
"""How a value of each kind is taken; None is one that does not fit."""


def encode(value: Any) -> Any:
    """Return a value as it stands in JSON, None for one that no rule can read; list elements leave those out."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal | Fraction):
        whole = _plain(Fraction(value))
        return whole if isinstance(whole, int) else {"decimal": _decimal(whole)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, list | tuple):
        return [encode(one) for one in value]
    if isinstance(value, Mapping):
        told = {name: encode(one) for name, one in value.items()}
        return {name: one for name, one in told.items() if readable(one)}
    return None


def readable(value: Any) -> bool:
    """Tell whether a JSON value stands for a value of rules."""
    try:
        decode(value)
    except ValueError:
        return False
    return True


def _decimal(value: Fraction) -> str:
    if FINEST % value.denominator == 0:
        return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return f"{value.numerator}/{value.denominator}"


def decode(value: Any) -> Any:
    """Return the value that a JSON value stands for.

    Raises:
        ValueError: it stands for none.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, int) and abs(value) < MOST:
        return value
    if isinstance(value, list) and len(value) <= LONGEST_LIST:
        return [_row(one) for one in value]
    if isinstance(value, dict) and len(value) == 1:
        return _marked(*next(iter(value.items())))
    raise ValueError


def _marked(mark: str, text: Any) -> Any:
    if mark == "date" and isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return date.fromisoformat(text)
    if mark == "decimal" and isinstance(text, str) and re.fullmatch(DECIMAL, text, re.ASCII):
        return _plain(Fraction(text))
    raise ValueError


def _row(row: Any) -> Any:
    if isinstance(row, str):
        return decode(row)
    if not isinstance(row, dict) or any(isinstance(one, list) for one in row.values()):
        raise ValueError
    return {str(name): decode(one) for name, one in row.items()}


def told(fact: Fact) -> dict[str, Any]:
    """Return a fact as a record keeps it."""
    if isinstance(fact, Known):
        return {"value": encode(fact.value), "source": fact.source, "as_of": fact.as_of}
    return {"missing": fact.reason, "whose": fact.whose}


def retold(kept: Mapping[str, Any]) -> Fact:
    """Return the fact that `told` wrote down.

    Raises:
        ValueError: it cannot be read.
    """
    if "missing" in kept:
        return Missing(kept["missing"], kept["whose"])
    return Known(decode(kept["value"]), kept["source"], kept["as_of"])
