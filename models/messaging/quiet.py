"""Quiet hours (免打扰时段): when nobody is woken by what can wait until the morning."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend import clock

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True)
class QuietHours:
    """Minutes of the civil day, the end excluded; a span may lie across midnight. Equal ends are no span."""

    begins: int
    ends: int

    def until(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours end that a moment lies in, None where it lies in none."""
        civil = clock.civil(moment)
        minute, day = civil.hour * 60 + civil.minute, civil.date()
        if self.begins < self.ends:
            return _at(day, self.ends) if self.begins <= minute < self.ends else None
        if self.begins == self.ends or self.ends <= minute < self.begins:
            return None
        return _at(day + timedelta(days=1) if minute >= self.begins else day, self.ends)


def _at(day: date, minute: int) -> datetime:
    return clock.at(day, minute)


def read(begins: object, ends: object) -> QuietHours | None:
    """Return the hours between two texts like `22:00`, None where either is no time of day."""
    told = [_TIME.fullmatch(one) if isinstance(one, str) else None for one in (begins, ends)]
    if told[0] is None or told[1] is None:
        return None
    return QuietHours(*(int(one[1]) * 60 + int(one[2]) for one in told if one))
