"""The dated figures by which crowds are judged: each is a rule parameter with its source, changed by two persons."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.errors import NotFound
from models.rules import facts, parameters

CODES = (
    "crowd_amber_percent",
    "crowd_red_percent",
    "crowd_amber_back_percent",
    "crowd_red_back_percent",
    "crowd_stop_sales_level",
    "crowd_gate_stale_minutes",
    "crowd_camera_stale_minutes",
    "crowd_parking_stale_minutes",
    "crowd_drift_percent",
    "crowd_alarm_percent",
    "crowd_alarm_minutes",
    "crowd_tolerance_people",
    "crowd_people_per_car",
    "crowd_reset_grace_minutes",
    "crowd_reset_hour",
    "crowd_history_days",
)


@dataclass(frozen=True)
class Thresholds:
    """The figures in force on a day.

    Percentages are of a limit (`amber` … `red_back`) or of the higher of two counts (`drift`, `alarm`).
    `stop_level` is the level from which on today's sales stop.
    """

    amber: float
    red: float
    amber_back: float
    red_back: float
    stop_level: str
    gate_stale: timedelta
    camera_stale: timedelta
    parking_stale: timedelta
    drift: float
    alarm: float
    alarm_after: timedelta
    tolerance: int
    people_per_car: float
    reset_grace: timedelta
    reset_hour: int
    history_days: int


def on(day: date) -> Thresholds:
    """Return the figures of a day.

    Raises:
        NotFound: one of them has no value on that day; `seed county` puts them.
    """
    found = parameters.in_force(CODES, day)
    if missing := [code for code in CODES if code not in found]:
        raise NotFound(fields={code: ["缺少该参数。"] for code in missing})
    return _read({code: facts.decode(found[code]["value"]) for code in CODES})


def _read(told: dict[str, Any]) -> Thresholds:
    number = {code: float(value) for code, value in told.items() if code != "crowd_stop_sales_level"}

    def minutes(code: str) -> timedelta:
        return timedelta(minutes=number[code])

    return Thresholds(
        amber=number["crowd_amber_percent"],
        red=number["crowd_red_percent"],
        amber_back=number["crowd_amber_back_percent"],
        red_back=number["crowd_red_back_percent"],
        stop_level=str(told["crowd_stop_sales_level"]),
        gate_stale=minutes("crowd_gate_stale_minutes"),
        camera_stale=minutes("crowd_camera_stale_minutes"),
        parking_stale=minutes("crowd_parking_stale_minutes"),
        drift=number["crowd_drift_percent"],
        alarm=number["crowd_alarm_percent"],
        alarm_after=minutes("crowd_alarm_minutes"),
        tolerance=int(number["crowd_tolerance_people"]),
        people_per_car=number["crowd_people_per_car"],
        reset_grace=minutes("crowd_reset_grace_minutes"),
        reset_hour=int(number["crowd_reset_hour"]),
        history_days=int(number["crowd_history_days"]),
    )
