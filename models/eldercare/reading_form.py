"""Reading one measurement as a kiosk sent it: what is wrong with one never stops the others.

    {key, code, at, values: {quantity: {value, unit}}, context?}

A unit that is not understood, or a quantity that is not of the code, is kept as it was told, for a person to look at.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from backend.errors import BadInput
from models.eldercare import codes

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_UNIT = re.compile(r"[\x21-\x7e]{1,20}", re.ASCII)
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_NAMES = {"key", "code", "at", "values", "context"}
LARGEST = 1_000_000
MOST_VALUES = 4
CONTEXT: dict[str, tuple[Any, ...]] = {
    "oxygen": (True, False),
    "spo2_scale": (1, 2),
    "consciousness": ("alert", "confusion", "voice", "pain", "unresponsive"),
    "position": ("sitting", "lying", "standing"),
    "arm": ("left", "right"),
}
"""How something was measured: each word with what it may be."""


class ReadingMalformed(BadInput):
    """The reading cannot be read; `reason` says which part is wrong."""

    code = "health_reading_malformed"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


def read(raw: Any, offset: timedelta, now: datetime) -> dict[str, Any]:
    """Return a reading as a session holds it, its time corrected by the device's `offset` and never later than `now`.

    Raises:
        ReadingMalformed: the first part that is wrong.
    """
    if not isinstance(raw, dict) or set(raw) - _NAMES:
        raise ReadingMalformed("form")
    told_at = moment(raw)
    numbers, units = _values(raw)
    made = {
        "key": key_of(raw),
        "code": _code(raw),
        "numbers": numbers,
        "units": units,
        "at": min(told_at + offset, now),
        "received_at": now,
        "digest": hashlib.blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=16).digest(),
        "flags": [],
    }
    context = _context(raw.get("context"))
    return made | ({"context": context} if context else {}) | _in_own_units(made)


def _in_own_units(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers in the quantities' own units and what was told; or why a person has to look first."""
    numbers, units = made["numbers"], made["units"]
    if set(numbers) - set(codes.components(made["code"])):
        return {"held": "quantity_unknown"}
    own = {name: codes.QUANTITIES[name].unit for name in numbers}
    if own == units:
        return {}
    values = {name: codes.in_own_unit(name, value, units[name]) for name, value in numbers.items()}
    if None in values.values():
        return {"held": "unit_unknown"}
    told = {name: [value, units[name]] for name, value in numbers.items()}
    return {"numbers": values, "units": own, "told": told, "flags": ["unit_converted"]}


def key_of(raw: Any) -> str:
    """Return the device's own name of a reading or an entry.

    Raises:
        ReadingMalformed: there is none.
    """
    told = raw.get("key") if isinstance(raw, dict) else None
    if not isinstance(told, str) or not KEY.fullmatch(told):
        raise ReadingMalformed("key")
    return told


def moment(raw: Mapping[str, Any]) -> datetime:
    """Return when something was, in UTC.

    Raises:
        ReadingMalformed: it is no moment with a zone, or of another century.
    """
    try:
        told = datetime.fromisoformat(raw["at"])
        if told.tzinfo is None or not _FIRST <= told <= _LAST:
            raise ReadingMalformed("at")
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ReadingMalformed("at") from None
    told = told.astimezone(UTC)
    return told.replace(microsecond=told.microsecond // 1000 * 1000)


def _code(raw: Mapping[str, Any]) -> str:
    told = raw.get("code")
    if not isinstance(told, str) or told not in codes.NAMES:
        raise ReadingMalformed("code")
    return told


def _values(raw: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    told = raw.get("values")
    if not isinstance(told, dict) or not 0 < len(told) <= MOST_VALUES or not set(told) <= set(codes.QUANTITIES):
        raise ReadingMalformed("values")
    for one in told.values():
        if not isinstance(one, dict) or set(one) != {"value", "unit"} or not _is_number(one["value"]):
            raise ReadingMalformed("values")
        if not isinstance(one["unit"], str) or not _UNIT.fullmatch(one["unit"]):
            raise ReadingMalformed("values")
    numbers = {name: float(one["value"]) for name, one in told.items()}
    return numbers, {name: one["unit"] for name, one in told.items()}


def _is_number(told: Any) -> bool:
    return type(told) in {int, float} and math.isfinite(told) and abs(told) <= LARGEST


def _context(told: Any) -> dict[str, Any]:
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise ReadingMalformed("context")
    for name, value in told.items():
        allowed = CONTEXT.get(name, ())
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise ReadingMalformed("context")
    return dict(told)
