"""The grammar of searches: what a client asks for, read strictly; what is not understood is refused, never ignored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bson import ObjectId

from models.fhir import times
from models.fhir.errors import ParameterWrong

Kind = Literal["token", "date", "patient", "reference", "id"]
DEFAULT_COUNT, MOST_COUNT = 50, 100
MOST_LENGTH, MOST_VALUES = 500, 40
PAGING = {"_count", "_cursor", "_sort", "_format", "_pretty"}
COMMON: Mapping[str, Kind] = {"_id": "id", "_lastUpdated": "date"}
_PREFIXES = ("eq", "gt", "ge", "lt", "le", "sa", "eb")


@dataclass(frozen=True)
class Token:
    """A code; `system` is None where any will do, "" where there must be none."""

    system: str | None
    code: str


@dataclass(frozen=True)
class Range:
    """Not before `start`, before `end`; None is open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """A search: of the tokens of one parameter any, of all ranges and parameters each."""

    tokens: Mapping[str, tuple[Token, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: tuple[ObjectId, ...] | None = None
    patient: str | None = None
    count: int = DEFAULT_COUNT
    cursor: str | None = None
    newest_first: bool = True


def read(
    told: Iterable[tuple[str, str]], known: Mapping[str, Kind], *, sorted_by: str = "", only: Iterable[str] = ()
) -> Asked:
    """Return what is asked for; `known` are the parameters of the type, `sorted_by` the one by which pages go.

    With `only` there may be none but those of the common ones.

    Raises:
        ParameterWrong: a parameter is unknown, comes twice where it may not, or has a wrong value.
    """
    pairs = list(told)
    if len(pairs) > MOST_VALUES:
        raise ParameterWrong(pairs[MOST_VALUES][0][:MOST_LENGTH], f"至多 {MOST_VALUES} 个参数")
    kinds = {} if only else {**COMMON, **known}
    paging = set(only) or PAGING
    tokens: dict[str, tuple[Token, ...]] = {}
    ranges: dict[str, tuple[Range, ...]] = {}
    references: dict[str, tuple[str, ...]] = {}
    single: dict[str, str] = {}
    for name, text in pairs:
        if name not in kinds and name not in paging:
            raise ParameterWrong(name[:MOST_LENGTH], "不支持此参数")
        if not text or len(text) > MOST_LENGTH or "\0" in text:
            raise ParameterWrong(name, f"值须为 1 至 {MOST_LENGTH} 个字符")
        kind = kinds.get(name, "single")
        if kind == "date":
            ranges[name] = (*ranges.get(name, ()), _range(name, text))
            continue
        slot = "patient" if kind == "patient" else name
        if slot in tokens or slot in references or slot in single:
            raise ParameterWrong(name, "只能出现一次")
        if kind == "token":
            tokens[slot] = tuple(_token(one) for one in _split(name, text))
        elif kind == "reference":
            references[slot] = tuple(_split(name, text))
        else:
            single[slot] = text
    return Asked(
        tokens,
        ranges,
        references,
        ids=_ids(single.get("_id")),
        patient=_patient(single.get("patient")),
        count=_count(single.get("_count")),
        cursor=single.get("_cursor"),
        newest_first=_newest_first(single.get("_sort"), sorted_by),
    )


def _split(name: str, text: str) -> list[str]:
    parts = [one.replace("\\,", ",").replace("\\|", "|") for one in text.replace("\\,", "\0").split(",")]
    parts = [one.replace("\0", ",") for one in parts]
    if len(parts) > MOST_VALUES or not all(parts):
        raise ParameterWrong(name, f"至多 {MOST_VALUES} 个值,且不能为空")
    return parts


def _token(text: str) -> Token:
    system, bar, code = text.rpartition("|")
    return Token(system if bar else None, code)


def _range(name: str, text: str) -> Range:
    prefix, rest = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    if prefix not in _PREFIXES:
        raise ParameterWrong(name, f"前缀须为 {'/'.join(_PREFIXES)}")
    try:
        span = times.read(rest.replace(" ", "+"))  # a plus that was not encoded arrives as a blank
    except ValueError:
        raise ParameterWrong(name, "日期格式有误,时间须带时区") from None
    if prefix == "eq":
        return Range(span.start, span.end)
    if prefix in {"gt", "sa"}:
        return Range(start=span.end)
    if prefix == "ge":
        return Range(start=span.start)
    return Range(end=span.end if prefix == "le" else span.start)


def _ids(text: str | None) -> tuple[ObjectId, ...] | None:
    if text is None:
        return None
    return tuple(ObjectId(one) for one in _split("_id", text) if ObjectId.is_valid(one))


def _patient(text: str | None) -> str | None:
    return text if text is None else text.rpartition("Patient/")[2]


def _count(text: str | None) -> int:
    if text is None:
        return DEFAULT_COUNT
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not int(text):  # noqa: PLR2004 - a million is enough
        raise ParameterWrong("_count", "须为正整数")
    return min(int(text), MOST_COUNT)


def _newest_first(text: str | None, sorted_by: str) -> bool:
    if text is not None and text.lstrip("-") != sorted_by:
        raise ParameterWrong("_sort", f"须为 {sorted_by} 或 -{sorted_by}" if sorted_by else "不支持排序")
    return text is None or text.startswith("-")
