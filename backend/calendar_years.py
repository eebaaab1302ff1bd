"""The announced years in the store, and the calendar that is made of them."""

from mongoengine import DictField, Document, IntField, ListField, StringField

from backend.calendar import WorkCalendar


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
