"""How long each step of an alert may take, by severity: parameters of rules, dated and with their source.

An alert keeps the minutes that it began with. Where no value is in force the step is due at once: an alert that
nobody gave a clock stands on top of the list and goes up the ladder, and never waits unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from backend import clock
from models.eldercare import alert_terms
from models.rules import facts, parameters

NAMES = ("acknowledge", "act", "outcome", "escalate")
BETWEEN_RUNGS = 5
"""Minutes between two rungs where no value is in force."""


@dataclass(frozen=True)
class Clocks:
    """Minutes to acknowledge, to act, to enter the outcome, and between two rungs of the ladder."""

    acknowledge: float = 0
    act: float = 0
    outcome: float = 0
    escalate: float = BETWEEN_RUNGS

    def stored(self) -> dict[str, float]:
        """Return the clocks as an alert keeps them."""
        return {name: getattr(self, name) for name in NAMES}


def of_severity(severity: str) -> Clocks:
    """Return the clocks of a severity that are in force today."""
    found = _numbers([f"health_alert_{name}_{severity}" for name in NAMES], clock.today())
    told = {name: found.get(f"health_alert_{name}_{severity}") for name in NAMES}
    return Clocks(**{name: value for name, value in told.items() if value is not None})


def kept(found: Mapping[str, Any]) -> Clocks:
    """Return the clocks that an alert began with."""
    return Clocks(**found["clocks"])


def due(clocks: Clocks, state: str, since: datetime) -> datetime:
    """Return when the step is due that a state waits for."""
    return since + timedelta(minutes=getattr(clocks, alert_terms.STEPS[state]))


def between_rungs(clocks: Clocks) -> timedelta:
    """Return how long a rung is waited for before the next one."""
    return timedelta(minutes=max(clocks.escalate, 1))


def days(parameter: str) -> int:
    """Return a number of days that is in force today, 0 (at once) where none is."""
    return int(_numbers([parameter], clock.today()).get(parameter, 0))


def _numbers(codes: list[str], day: date) -> dict[str, float]:
    return {code: float(facts.decode(one["value"])) for code, one in parameters.in_force(codes, day).items()}
