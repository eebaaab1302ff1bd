"""The three levels of a recall: how soon each must begin and be over. Parameters with a source, edited by staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import clock
from models.affairs import clock as legal_clock
from models.affairs.kind import Limit
from models.rules import facts, parameters

USUAL = {"one": (24, 10), "two": (48, 20), "three": (72, 30)}
"""Hours to begin in and working days to be over in, where nobody has set them (食品召回管理办法)."""


@dataclass(frozen=True)
class Terms:
    """The figures of a level."""

    hours: int
    working_days: int

    def start_by(self, known_at: datetime) -> datetime:
        """Return until when it must begin."""
        return known_at + timedelta(hours=self.hours)

    def done_by(self, started_at: datetime) -> datetime:
        """Return until when it must be over."""
        return legal_clock.deadline(started_at, Limit(self.working_days))


def terms(level: str) -> Terms:
    """Return the figures of a level that hold today."""
    names = (f"recall_{level}_hours", f"recall_{level}_working_days")
    found = parameters.in_force(names, clock.today())
    told = [
        int(facts.decode(found[name]["value"])) if name in found else usual
        for name, usual in zip(names, USUAL[level], strict=True)
    ]
    return Terms(*told)
