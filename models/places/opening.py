"""Opening days: the week of a place, and the public holidays that overrule its closing day."""

from datetime import date
from typing import Any

from backend import clock, metrics
from backend.calendar import CalendarYearMissing, WorkCalendar
from backend.calendar_years import calendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def spans(
    opening: dict[str, Any], closing: dict[str, Any], day: date, days: WorkCalendar | None = None
) -> list[dict[str, str]]:
    """Return the hours of a place on a day, empty when it is closed: `[{open, close}]`.

    The calendar is only asked on a closing day that public holidays overrule; without `days` it is read then.

    A year that was not imported raises an alarm and counts as having no public holidays: a closing day stays one.
    """
    weekday = WEEKDAYS[day.weekday()]
    if weekday in closing.get("weekdays", []) and not (
        closing.get("unless_public_holiday") and _holiday(days or calendar(), day)
    ):
        return []
    return list(_week(opening, day).get(weekday, []))


def _week(opening: dict[str, Any], day: date) -> dict[str, Any]:
    """Return the week that holds on a day: that of its season, or of the whole year."""
    at = f"{day:%m-%d}"
    for one in opening.get("seasons", []):
        begin, end = one["from"], one["to"]
        if (begin <= at <= end) if begin <= end else (at >= begin or at <= end):
            return dict(one["weekly"])
    return dict(opening.get("weekly", {}))


def _holiday(days: WorkCalendar, day: date) -> bool:
    try:
        return days.is_public_holiday(day)
    except CalendarYearMissing:
        metrics.ALARMS.labels("calendar_year_missing").inc()
        return False


def is_open_today(found: dict[str, Any]) -> bool | None:
    """Return whether a place is open today, None when its hours are unknown."""
    if not found.get("opening"):
        return None
    return bool(spans(found["opening"], found.get("closing") or {}, clock.today()))
