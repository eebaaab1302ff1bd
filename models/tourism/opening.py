"""Opening days: the week of a place, and the public holidays that overrule its closing day."""

from datetime import date
from typing import Any

from mongoengine import DictField, Document, IntField, ListField, StringField

from backend import clock, metrics
from backend.calendar import CalendarYearMissing, WorkCalendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CalendarYear(Document):
    """Public holidays and 调休 workdays of one year, imported yearly from the State Council's notice."""

    meta = {"collection": "calendar_years", "auto_create_index": False}
    id = IntField(primary_key=True)
    holidays = DictField()
    workdays = DictField()
    source = ListField()
    confidence = StringField()


def calendar() -> WorkCalendar:
    """Return the calendar of all years that were imported."""
    years = CalendarYear._get_collection().find({"_id": {"$gte": 2000}}, {"holidays": 1, "workdays": 1})
    return WorkCalendar({one["_id"]: one for one in years})


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
    return list(opening.get("weekly", {}).get(weekday, []))


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
