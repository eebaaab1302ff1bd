"""What measuring goes by: repeats, lengths, sustained excursions. Dated parameters of `rules`, each with its source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.errors import Unavailable
from models.rules import facts, parameters

WATCHED = ("heart_rate", "oxygen_saturation", "temperature", "respiratory_rate")
"""What wearables measure without pause and may be wrong for minutes."""


class MeasuringRulesMissing(Unavailable):
    """503: the county's figures are not in the store."""

    code = "health_measuring_rules_missing"
    zh = "测量规则尚未配置,请联系县卫健委管理人员。"
    en = "The rules of measuring are not set. Ask the health commission's manager."


@dataclass(frozen=True)
class Repeats:
    """How often one quantity is measured: `readings`, and up to `most` where they differ by more than `difference`."""

    readings: int
    difference: float
    most: int
    seconds: int


ONCE = Repeats(1, 0.0, 1, 0)
"""What is not repeated."""


@dataclass(frozen=True)
class Bounds:
    """A value at or beyond a bound is out of it; None is no bound."""

    low: float | None = None
    high: float | None = None

    def side(self, value: float) -> str:
        """Return `low`, `high`, or nothing for a value within."""
        if self.low is not None and value <= self.low:
            return "low"
        return "high" if self.high is not None and value >= self.high else ""


@dataclass(frozen=True)
class Excursions:
    """When samples out of `bounds` are worth a person's look: for how long, how many, and what ends one."""

    bounds: Mapping[str, Bounds]
    length: timedelta
    samples: int
    gap: timedelta


def repeats(day: date) -> dict[str, Repeats]:
    """Return by code how what is measured more than once is repeated.

    Raises:
        MeasuringRulesMissing: a figure is not there.
    """
    told = _figures(["health_bp_repeats", "health_bp_repeat_difference", "health_bp_repeats_most"], day)
    seconds = _figures(["health_bp_repeat_seconds"], day)["health_bp_repeat_seconds"]
    readings, most = int(told["health_bp_repeats"]), int(told["health_bp_repeats_most"])
    return {"blood_pressure": Repeats(readings, told["health_bp_repeat_difference"], most, int(seconds))}


def session_length(day: date) -> timedelta:
    """Return for how long one is logged in at a kiosk."""
    return timedelta(minutes=_figures(["health_session_minutes"], day)["health_session_minutes"])


def late_after(day: date) -> timedelta:
    """Return after which time an upload is late."""
    return timedelta(minutes=_figures(["health_late_minutes"], day)["health_late_minutes"])


def excursions(day: date) -> Excursions:
    """Return when samples are worth a look; a quantity without bounds never is.

    Raises:
        MeasuringRulesMissing: length, number or gap is not there.
    """
    lengths = ["health_excursion_minutes", "health_excursion_samples", "health_excursion_gap_minutes"]
    names = [f"health_excursion_{one}_{side}" for one in WATCHED for side in ("low", "high")]
    told = _found([*lengths, *names], day)
    minutes, samples, gap = _all(told, lengths)
    bounds = {
        one: Bounds(told.get(f"health_excursion_{one}_low"), told.get(f"health_excursion_{one}_high"))
        for one in WATCHED
    }
    return Excursions(bounds, timedelta(minutes=minutes), int(samples), timedelta(minutes=gap))


def _figures(names: Iterable[str], day: date) -> dict[str, float]:
    names = list(names)
    return dict(zip(names, _all(_found(names, day), names), strict=True))


def _all(told: Mapping[str, float], names: Iterable[str]) -> list[float]:
    try:
        return [told[name] for name in names]
    except KeyError:
        raise MeasuringRulesMissing from None


def _found(names: Iterable[str], day: date) -> dict[str, float]:
    return {name: _number(one["value"]) for name, one in parameters.in_force(names, day).items()}


def _number(stored: Any) -> float:
    return float(facts.decode(stored))
