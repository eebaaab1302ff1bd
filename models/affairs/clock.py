"""Legal clocks: the nth working or calendar day after the start is over at the civil midnight that ends it.

A stop gives back each working (or calendar) day whose midnight it spans. A year whose holidays were not imported counts
Monday to Friday as worked and raises an alarm: the time that this gives is short rather than long, and what is due is
computed again before anything happens for it.
"""

from datetime import date, datetime, timedelta

from backend import clock, metrics
from backend.calendar import CalendarYearMissing, WorkCalendar
from backend.calendar_years import calendar
from models.affairs.kind import Limit

_DAY = timedelta(days=1)
_SATURDAY = 5
_MIDNIGHT = 24 * 60


def deadline(start: datetime, limit: Limit, *, given_back: int = 0) -> datetime:
    """Return when `limit`, and the days that stops gave back, is over."""
    return _after(clock.civil(start).date(), limit.days + given_back, limit)


def moved(due: datetime, working_days: int) -> datetime:
    """Return the instant so many working days after a due time, or before it when negative."""
    last = last_day(due)
    if working_days >= 0:
        return _after(last, working_days, Limit(working_days))
    days, left = calendar(), -working_days
    while left:
        left -= worked(days, last)
        last -= _DAY
    return clock.at(last, _MIDNIGHT)


def spanned(since: datetime, until: datetime, limit: Limit) -> int:
    """Return how many days of the limit's kind a stop gives back."""
    first, last = clock.civil(since).date(), clock.civil(until).date()
    if limit.counted == "calendar":
        return (last - first).days
    days = calendar()
    return sum(worked(days, first + _DAY * n) for n in range((last - first).days))


def to_working_day(due: datetime) -> datetime:
    """Return the end of the first working day from the last day of a term on (民法典第二百零三条)."""
    days, last = calendar(), last_day(due)
    while not worked(days, last):
        last += _DAY
    return clock.at(last, _MIDNIGHT)


def last_day(due: datetime) -> date:
    """Return the last civil day before a due time."""
    return (clock.civil(due) - timedelta(milliseconds=1)).date()


def _after(day: date, number: int, limit: Limit) -> datetime:
    if limit.counted == "calendar":
        return clock.at(day + _DAY * number, _MIDNIGHT)
    days = calendar()
    while number:
        day += _DAY
        number -= worked(days, day)
    return clock.at(day, _MIDNIGHT)


def worked(days: WorkCalendar, day: date) -> bool:
    """Tell whether a day is worked; in a year that was not imported, Monday to Friday."""
    try:
        return days.is_workday(day)
    except CalendarYearMissing:
        metrics.ALARMS.labels("calendar_year_missing").inc()
        return day.weekday() < _SATURDAY
