"""A month of a place by day, for planning: what is offered, how much of it is sold, how full it is. Slots only."""

from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.calendar import CalendarYearMissing, WorkCalendar
from models.booking import day_counter, slot
from models.booking.slot import Slot
from models.identity.actors import Staff
from models.places import opening, scope
from models.tourism.day_figures import OPERATION

Row = dict[str, Any]


def read(actor: Staff, place_id: str, first: date, resource: str = slot.WHOLE) -> list[Row]:
    """Return every day of the month that begins on `first`, with the load of a place or of one of its resources.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    found = scope.place(actor, OPERATION, place_id)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    rows = _rows(place_id, resource, first.isoformat(), last.isoformat())
    days, work = [first + timedelta(days=n) for n in range(last.day)], opening.calendar()
    return [_day(found, day, rows.get(day.isoformat(), {}), work) for day in days]


def _rows(place_id: str, resource: str, first: str, last: str) -> dict[str, Row]:
    match = {"place": place_id, "resource": resource, "day": {"$gte": first, "$lte": last}}
    is_slot, is_open = {"$ne": ["$kind", "day"]}, {"$ne": ["$state", "closed"]}
    held = {"$subtract": ["$quota", {"$add": ["$left", {"$ifNull": ["$kept", 0]}]}]}

    def summed(value: Any, *conditions: Any) -> Row:
        return {"$sum": {"$cond": [{"$and": list(conditions)}, value, 0]}}

    group = {
        "_id": "$day",
        "slots": summed(1, is_slot, is_open),
        "closed_slots": summed(1, is_slot, {"$eq": ["$state", "closed"]}),
        "paused_slots": summed(1, is_slot, {"$eq": ["$state", "paused"]}),
        "quota": summed("$quota", is_slot, is_open),
        "sold": summed(held, is_slot),
        "waiting": summed({"$ifNull": ["$waiting", 0]}, is_slot),
        "cap": summed("$quota", {"$eq": ["$kind", "day"]}),
        "cap_sold": summed(held, {"$eq": ["$kind", "day"]}),
    }
    return {one.pop("_id"): one for one in Slot._get_collection().aggregate([{"$match": match}, {"$group": group}])}


def _day(found: Row, day: date, row: Row, work: WorkCalendar) -> Row:
    names = ("slots", "closed_slots", "paused_slots", "quota", "sold", "waiting")
    told: Row = {"day": day.isoformat(), **{name: row.get(name, 0) for name in names}}
    told["open"] = bool(opening.spans(found.get("opening") or {}, found.get("closing") or {}, day, work))
    told |= _kind(work, day)
    cap = row.get("cap", 0)
    most = told["quota"]
    if cap and cap < day_counter.NO_LIMIT:
        told |= {"cap": cap, "cap_left": max(0, cap - row["cap_sold"])}
        most = min(cap, most) if most else cap
    if most:
        told["load_percent"] = round(told["sold"] * 100 / most, 1)
    return told | ({"over": True} if day < clock.today() else {})


def _kind(work: WorkCalendar, day: date) -> Row:
    """Return whether people work on a day, and the name of its holiday; nothing for a year that was not imported."""
    try:
        name = work.name(day)
        return {"day_kind": "workday" if work.is_workday(day) else "rest"} | ({"holiday_zh": name} if name else {})
    except CalendarYearMissing:
        return {}
