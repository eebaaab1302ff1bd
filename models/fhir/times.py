"""Dates and times of FHIR: of any precision, as the span from the first moment to the first one after.

What has a time has an offset; days, months and years are those of the county's civil time.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from backend import clock

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?P<seconds>:\d{2}(?P<part>\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:\d{2})\Z", re.ASCII
)
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Outside of them a date is a slip of the pen, and no moment that the store could compare."""
DECEMBER = 12


@dataclass(frozen=True)
class Span:
    """From `start` on, before `end`, both in UTC."""

    start: datetime
    end: datetime


def read(text: str) -> Span:
    """Return the span that a date or time of FHIR covers.

    Raises:
        ValueError: it is none, or has a time without an offset.
    """
    if found := _DAY.match(text):
        return _days(*(int(part) if part else 0 for part in found.groups()))
    moment = _MOMENT.match(text)
    if moment is None:
        raise ValueError(text)
    _require_year(int(text[:4]))
    start = datetime.fromisoformat(text).astimezone(UTC)
    step = timedelta(milliseconds=1) if moment["part"] else timedelta(seconds=1 if moment["seconds"] else 60)
    start = start.replace(microsecond=start.microsecond // 1000 * 1000)
    return Span(start, start + step)


def _days(year: int, month: int, day: int) -> Span:
    _require_year(year)
    first = date(year, month or 1, day or 1)
    if day:
        after = first + timedelta(days=1)
    elif month:
        after = date(year + month // DECEMBER, month % DECEMBER + 1, 1)
    else:
        after = date(year + 1, 1, 1)
    return Span(clock.at(first, 0), clock.at(after, 0))


def _require_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(year)


def has_time(text: str) -> bool:
    """Tell whether a date is as precise as a time of day."""
    return "T" in text


def told(moment: datetime) -> str:
    """Return an instant as FHIR tells it, in the county's civil time."""
    civil = clock.civil(moment)
    return civil.isoformat(timespec="milliseconds" if civil.microsecond else "seconds")


def instant(moment: datetime) -> str:
    """Return an instant to the millisecond."""
    return clock.civil(moment).isoformat(timespec="milliseconds")
