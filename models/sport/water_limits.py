"""What pool water must be like: indicators, and the limits of each as dated parameters of rules with their source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from backend.errors import NotFound
from models.rules import facts, parameters

MILLI = 1_000
"""Readings are kept as whole thousandths of their unit."""
TO_PAUSE, PAUSE_DAYS = "pool_bad_readings_to_pause", "pool_pause_days"


@dataclass(frozen=True)
class Indicator:
    """What is measured, in which unit, and between which figures a sensor can have measured it at all."""

    zh: str
    unit: str
    least: int
    most: int


INDICATORS = {
    "free_chlorine": Indicator("游离性余氯", "mg/L", 0, 100),
    "combined_chlorine": Indicator("化合性余氯", "mg/L", 0, 100),
    "ph": Indicator("pH", "", 0, 14),
    "turbidity": Indicator("浑浊度", "NTU", 0, 1_000),
    "temperature": Indicator("水温", "℃", -10, 60),
    "orp": Indicator("氧化还原电位", "mV", -2_000, 2_000),
    "urea": Indicator("尿素", "mg/L", 0, 1_000),
    "cyanuric_acid": Indicator("氰尿酸", "mg/L", 0, 10_000),
}


@dataclass(frozen=True)
class Limit:
    """Between which thousandths an indicator is right (None: no bound on that side), and by which standard."""

    least: int | None
    most: int | None
    source: Mapping[str, Any]

    def holds(self, milli: int) -> bool:
        """Tell whether a reading is within the limit; the bounds themselves are."""
        return (self.least is None or milli >= self.least) and (self.most is None or milli <= self.most)


@dataclass(frozen=True)
class Figures:
    """The limits of a day, how many bad readings in a row stop sales, and for how many days from today."""

    limits: Mapping[str, Limit]
    to_pause: int
    pause_days: int

    def wrong(self, values: Mapping[str, int]) -> list[str]:
        """Return which of the values are outside their limits."""
        return sorted(
            code for code, milli in values.items() if code in self.limits and not self.limits[code].holds(milli)
        )


def on(day: date) -> Figures:
    """Return the figures of a day; an indicator without a limit on that day is only shown.

    Raises:
        NotFound: how many bad readings stop sales is not told; `seed county` puts it.
    """
    bounds = [f"pool_{code}_{side}" for code in INDICATORS for side in ("least", "most")]
    found = parameters.in_force([*bounds, TO_PAUSE, PAUSE_DAYS], day)
    if missing := [code for code in (TO_PAUSE, PAUSE_DAYS) if code not in found]:
        raise NotFound(fields={code: ["缺少该参数。"] for code in missing})
    limits = {code: _limit(found, code) for code in INDICATORS}
    figures = {code: int(facts.decode(found[code]["value"])) for code in (TO_PAUSE, PAUSE_DAYS)}
    return Figures({code: one for code, one in limits.items() if one}, figures[TO_PAUSE], figures[PAUSE_DAYS])


def _limit(found: Mapping[str, Any], code: str) -> Limit | None:
    sides = [found.get(f"pool_{code}_{side}") for side in ("least", "most")]
    if not any(sides):
        return None
    least, most = (int(Fraction(facts.decode(one["value"])) * MILLI) if one else None for one in sides)
    return Limit(least, most, next(one["source"] for one in sides if one))
