"""Reading one series of samples as a wearable sent it: columns, so that a thousand samples are read at once.

    {quantity, unit, start, seconds: [0, 5, 10, …], values: [72, 73, 71, …]}

`seconds` count from `start` and rise; both columns are as long as each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from backend.errors import BadInput
from models.eldercare import codes

SAMPLED = ("heart_rate", "respiratory_rate", "oxygen_saturation", "temperature", "systolic", "diastolic", "steps")
"""What wearables measure again and again."""
MOST_SAMPLES = 3_600
LONGEST_SECONDS = 86_400
LARGEST = 1_000_000
_NAMES = {"quantity", "unit", "start", "seconds", "values"}
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class SeriesMalformed(BadInput):
    """The series cannot be read; `reason` says which part is wrong."""

    code = "health_series_malformed"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Series:
    """Samples of one quantity in its own unit, by our clock; `start` is a whole second."""

    quantity: str
    start: datetime
    seconds: list[int]
    values: list[float]

    @property
    def first(self) -> datetime:
        """Return when the first sample was taken."""
        return self.start + timedelta(seconds=self.seconds[0])

    @property
    def last(self) -> datetime:
        """Return when the last sample was taken."""
        return self.start + timedelta(seconds=self.seconds[-1])


def read(raw: Any, offset: timedelta) -> Series:
    """Return a series, its times corrected by the device's `offset`.

    Raises:
        SeriesMalformed: the first part that is wrong; of a unit that is not understood too.
    """
    if not isinstance(raw, dict) or set(raw) != _NAMES:
        raise SeriesMalformed("form")
    quantity = raw["quantity"]
    if not isinstance(quantity, str) or quantity not in SAMPLED:
        raise SeriesMalformed("quantity")
    seconds, values = _columns(raw)
    return Series(quantity, _start(raw, offset), seconds, _in_own_unit(quantity, raw["unit"], values))


def _columns(raw: Mapping[str, Any]) -> tuple[list[int], list[float]]:
    seconds, values = raw["seconds"], raw["values"]
    if not isinstance(seconds, list) or not 0 < len(seconds) <= MOST_SAMPLES or set(map(type, seconds)) != {int}:
        raise SeriesMalformed("seconds")
    if not 0 <= seconds[0] <= seconds[-1] <= LONGEST_SECONDS or any(b <= a for a, b in pairwise(seconds)):
        raise SeriesMalformed("seconds")
    if not isinstance(values, list) or len(values) != len(seconds) or not set(map(type, values)) <= {int, float}:
        raise SeriesMalformed("values")
    if not (min(values) >= -LARGEST and max(values) <= LARGEST):
        raise SeriesMalformed("values")
    return seconds, values


def _start(raw: Mapping[str, Any], offset: timedelta) -> datetime:
    try:
        told = datetime.fromisoformat(raw["start"])
        if told.tzinfo is None or not _FIRST <= told <= _LAST:
            raise SeriesMalformed("start")
    except (TypeError, ValueError, OverflowError):
        raise SeriesMalformed("start") from None
    return (told.astimezone(UTC) + offset).replace(microsecond=0)


def _in_own_unit(quantity: str, unit: Any, values: list[float]) -> list[float]:
    if not isinstance(unit, str):
        raise SeriesMalformed("unit")
    if unit == codes.QUANTITIES[quantity].unit:
        return [float(one) for one in values]
    told = [codes.in_own_unit(quantity, one, unit) for one in values]
    if told[0] is None:
        raise SeriesMalformed("unit")
    return [one for one in told if one is not None]
