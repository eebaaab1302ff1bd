"""The simple event query: each parameter of the standard becomes a condition on `things`, `words` or a time.

    EQ_bizStep=shipping|receiving      any of the values, divided by `|`, or the parameter several times
    MATCH_epc=urn:epc:idpat:sgtin:4012345.*.*      a pattern is the beginning of identifiers

Every condition lies on the two lists of texts that an index leads with, or on a time.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.store import paging
from models.epcis import keys, vocabulary
from models.epcis.checks import moment
from models.epcis.errors import QueryWrong, TooManyFound
from models.epcis.event import DECLARED, Event
from models.epcis.readers import Reader
from models.epcis.schema import EVENTS

MOST_VALUES = 100
MOST_LENGTH = 2048
PER_PAGE, MOST_PER_PAGE = 30, paging.MOST
ACTIONS = ("ADD", "OBSERVE", "DELETE")
Values = list[str]
_IDPAT = re.compile(r"urn:epc:idpat:([a-z]+):((?:[^*\s:]+\.)*)\*(?:\.\*)*\Z")


@dataclass
class Asked:
    """A query that was understood."""

    conditions: list[dict[str, Any]] = field(default_factory=list)
    times: dict[str, dict[str, datetime]] = field(default_factory=dict)
    order_by: str = "event_time"
    direction: int = -1
    most: int | None = None
    first: int | None = None
    per_page: int = PER_PAGE
    cursor: str | None = None


def read(given: Iterable[tuple[str, str]], only: frozenset[str] | None = None) -> Asked:
    """Return what the parameters of a query ask for; with `only` no others are known.

    Raises:
        QueryWrong: one is unknown, or its value has a wrong form.
    """
    asked, told = Asked(), dict[str, Values]()
    for name, value in given:
        told.setdefault(name, []).append(value)
    for name, values in told.items():
        if any(len(one) > MOST_LENGTH or "\x00" in one for one in values):
            raise QueryWrong(name, "取值太长或含有控制字符")
        if only is not None and name not in only:
            raise QueryWrong(name, "不支持这个参数")
        _take(asked, name, values)
    if asked.most is not None and asked.first is not None:
        raise QueryWrong("maxEventCount", "不能与 eventCountLimit 同时使用")
    if asked.first is not None and "orderBy" not in told:
        raise QueryWrong("eventCountLimit", "须与 orderBy 同时使用")
    return asked


def _take(asked: Asked, name: str, values: Values) -> None:
    if name in _CONTROLS:
        _CONTROLS[name](asked, name, _single(name, values))
    elif name in _TIMES:
        column, comparison = _TIMES[name]
        asked.times.setdefault(column, {})[comparison] = _moment(name, _single(name, values))
    elif name in _FLAGS:
        if _flag(name, _single(name, values)):
            asked.conditions.append({"words": _FLAGS[name]})
    elif name in _IN_WORDS:
        asked.conditions.append({"words": {"$in": [_IN_WORDS[name](one) for one in _many(name, values)]}})
    elif name in _IN_THINGS:
        asked.conditions.append(_any_of(_IN_THINGS[name], _many(name, values), name))
    elif (made := _of_a_type(name, values)) is not None:
        asked.conditions.append(made)
    elif name == "EQ_eventID":
        ids = _many(name, values)
        asked.conditions.append({"_id": {"$in": [*ids, *(one + DECLARED for one in ids)]}})
    else:
        raise QueryWrong(name, "不支持这个参数")


def _single(name: str, values: Values) -> str:
    if len(values) != 1:
        raise QueryWrong(name, "只能有一个取值")
    return values[0]


def _many(name: str, values: Values) -> Values:
    found = [one for value in values for one in value.split("|") if one]
    if not 0 < len(found) <= MOST_VALUES:
        raise QueryWrong(name, f"取值须为 1 至 {MOST_VALUES} 个")
    return found


def _moment(name: str, value: str) -> datetime:
    at = moment(value.replace(" ", "+")) if "T" in value.upper() else None  # an unescaped `+` arrives as a space
    if at is None:
        raise QueryWrong(name, "须为带时区的日期时间")
    return at


def _flag(name: str, value: str) -> bool:
    if value.lower() not in {"", "true", "false"}:
        raise QueryWrong(name, "须为 true 或 false")
    return value.lower() != "false"


def _number(name: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and 0 < int(value) <= most):  # noqa: PLR2004
        raise QueryWrong(name, f"须为 1 至 {most} 的整数")
    return int(value)


def _any_of(parts: tuple[str, ...], values: Values, name: str) -> dict[str, Any]:
    """Return the condition that one of the values plays one of these parts."""
    found: list[Any] = []
    for value in values:
        if "*" not in value:
            found += [part + value for part in parts]
        elif pattern := _IDPAT.match(value):
            before = re.escape(f"urn:epc:id:{pattern[1]}:{pattern[2]}")
            found += [re.compile(f"^{re.escape(part)}{before}") for part in parts]
        else:
            raise QueryWrong(name, "不支持这种匹配模式")
    return {"things": {"$in": found}}


def _of_a_type(name: str, values: Values) -> dict[str, Any] | None:
    """Return the condition of a parameter whose name ends in a type: transactions, sources, destinations."""
    for before in ("EQ_bizTransaction", "EQ_source", "EQ_destination"):
        if name != before and not name.startswith(f"{before}_"):
            continue
        kind = name[len(before) + 1 :]
        if name == "EQ_bizTransaction":  # of whatever type
            return {"things": {"$in": [f"bt={one}" for one in _many(name, values)]}}
        if before == "EQ_bizTransaction":
            return {"things": {"$in": [keys.transaction(kind, one) for one in _many(name, values)]}}
        if (
            vocabulary.bare(vocabulary.SOURCE_DEST_TYPES, kind) not in vocabulary.SOURCE_DEST_TYPES.words
            and ":" not in kind
        ):
            raise QueryWrong(name, "不认识的类型")
        end = before.removeprefix("EQ_")
        return {"words": {"$in": [keys.end(end, kind, one) for one in _many(name, values)]}}
    return None


def _event_type(value: str) -> str:
    if value not in EVENTS:
        raise QueryWrong("eventType", "不认识的事件类型")
    return f"type={value}"


def _action(value: str) -> str:
    if value not in ACTIONS:
        raise QueryWrong("EQ_action", "须为 ADD、OBSERVE 或 DELETE")
    return f"action={value}"


def _plain(word: str) -> Callable[[str], str]:
    return lambda value: f"{word}={value}"


_IN_WORDS: dict[str, Callable[[str], str]] = {
    "eventType": _event_type,
    "EQ_action": _action,
    "EQ_bizStep": keys.step,
    "EQ_disposition": keys.disposition,
    "EQ_persistentDisposition_set": lambda value: keys.disposition(value, "set"),
    "EQ_persistentDisposition_unset": lambda value: keys.disposition(value, "unset"),
    "EQ_readPoint": _plain("read"),
    "EQ_bizLocation": _plain("at"),
    "EQ_errorReason": keys.error,
    "EQ_type": keys.measured,
    **{
        f"EQ_{name}": _plain(name)
        for name in ("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue")
    },
}
_FLAGS = {"EXISTS_errorDeclaration": "error", "EXISTS_sensorElementList": "sensor"}
_IN_THINGS = {
    "MATCH_epc": (keys.LISTED, keys.CHILD),
    "MATCH_parentID": (keys.PARENT, keys.TRANSACTION_PARENT),
    "MATCH_inputEPC": (keys.INPUT,),
    "MATCH_outputEPC": (keys.OUTPUT,),
    "MATCH_anyEPC": (keys.LISTED, keys.CHILD, keys.PARENT, keys.TRANSACTION_PARENT, keys.INPUT, keys.OUTPUT),
    "MATCH_epcClass": (keys.LISTED_CLASS, keys.CHILD_CLASS),
    "MATCH_inputEPCClass": (keys.INPUT_CLASS,),
    "MATCH_outputEPCClass": (keys.OUTPUT_CLASS,),
    "MATCH_anyEPCClass": (keys.LISTED_CLASS, keys.CHILD_CLASS, keys.INPUT_CLASS, keys.OUTPUT_CLASS),
    "EQ_transformationID": (keys.TRANSFORMATION,),
    "EQ_correctiveEventID": ("corrective=",),
}
ANY_THING = (*_IN_THINGS["MATCH_anyEPC"], *_IN_THINGS["MATCH_anyEPCClass"])
_TIMES = {
    f"{before}_{name}": (column, comparison)
    for name, column in (("eventTime", "event_time"), ("recordTime", "recorded_at"))
    for before, comparison in (("GE", "$gte"), ("LT", "$lt"))
}
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_ORDERS = {"eventTime": "event_time", "recordTime": "recorded_at"}
_MOST_COUNTED = 10_000


def _order_by(asked: Asked, name: str, value: str) -> None:
    if value not in _ORDERS:
        raise QueryWrong(name, "须为 eventTime 或 recordTime")
    asked.order_by = _ORDERS[value]


def _order_direction(asked: Asked, name: str, value: str) -> None:
    if value not in {"ASC", "DESC"}:
        raise QueryWrong(name, "须为 ASC 或 DESC")
    asked.direction = 1 if value == "ASC" else -1


def _per_page(asked: Asked, name: str, value: str) -> None:
    asked.per_page = min(_number(name, value, 10**6), MOST_PER_PAGE)


def _cursor(asked: Asked, _name: str, value: str) -> None:
    asked.cursor = value


def _most(asked: Asked, name: str, value: str) -> None:
    asked.most = _number(name, value, _MOST_COUNTED)


def _first(asked: Asked, name: str, value: str) -> None:
    asked.first = _number(name, value, MOST_PER_PAGE)


_CONTROLS: dict[str, Callable[[Asked, str, str], None]] = {
    "orderBy": _order_by,
    "orderDirection": _order_direction,
    "perPage": _per_page,
    "nextPageToken": _cursor,
    "maxEventCount": _most,
    "eventCountLimit": _first,
}
PAGING = frozenset({"perPage", "nextPageToken"})
PARAMETERS = (*_IN_WORDS, *_FLAGS, *_IN_THINGS, *_TIMES, *_CONTROLS, "EQ_eventID")
TYPED_PARAMETERS = ("EQ_bizTransaction_{type}", "EQ_source_{type}", "EQ_destination_{type}")


def run(asked: Asked, reader: Reader, more: Mapping[str, Any] | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """Return one page of what a party may read, and the cursor of the next one.

    Raises:
        TooManyFound: more match than `maxEventCount`.
        BadCursor: the page's token cannot be read.
    """
    query = _query(asked, reader, more)
    collection = Event._get_collection()
    if asked.most is not None and len(list(collection.find(query, {"_id": 1}).limit(asked.most + 1))) > asked.most:
        raise TooManyFound
    limit = asked.per_page if asked.first is None else min(asked.first, asked.per_page)
    sort = (asked.order_by, asked.direction)
    columns = {"raw": 1, "context": 1, "recorded_at": 1, "event_time": 1}
    found, after = paging.page(collection, query, sort=sort, cursor=asked.cursor, limit=limit, projection=columns)
    return found, (after if asked.first is None else None)


def _query(asked: Asked, reader: Reader, more: Mapping[str, Any] | None) -> dict[str, Any]:
    conditions = [*asked.conditions, *([dict(more)] if more else []), *([reader.scope()] if not reader.all else [])]
    conditions += [{column: bounds} for column, bounds in asked.times.items()]
    if not conditions:
        return {asked.order_by: {"$gte": _BEGINNING}}
    return {"$and": conditions}


def any_thing(uri: str) -> dict[str, Any]:
    """Return the condition that an event is about an identifier, in whatever part."""
    return {"things": {"$in": [part + uri for part in ANY_THING]}}


def one(event_id: str, reader: Reader) -> list[dict[str, Any]]:
    """Return an event and the declaration about it, as far as the reader may read them."""
    query = {"_id": {"$in": [event_id, event_id + DECLARED]}, **reader.scope()}
    return list(Event._get_collection().find(query).sort("_id", 1))
