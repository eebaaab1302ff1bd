"""Plans of slots: what a place or one of its resources sells on a day.

A plan is a list of lines `{start, end, quota}`; each may also say on which weekdays (`mon` … `sun`) or kind of day
(`workday`, `rest`: announced working days count) it holds, from which day to which, what share of its quota goes to
whom (`shares`), which ticket types it sells, and at which prices (`prices`, 分 by type).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from backend import metrics
from backend.calendar import CalendarYearMissing, WorkCalendar
from models.booking import slot
from models.places.opening import WEEKDAYS

Record = dict[str, Any]
SHARES = tuple(slot.SHARES_ZH)


def lines_on(plan: list[Record], day: date, days: WorkCalendar) -> list[Record]:
    """Return the lines of a plan that hold on a day."""
    return [line for line in plan if _holds(line, day, days)]


def _holds(line: Record, day: date, days: WorkCalendar) -> bool:
    if (weekdays := line.get("weekdays")) and WEEKDAYS[day.weekday()] not in weekdays:
        return False
    if (kind := line.get("day_kind")) and (kind == "workday") != _works(days, day):
        return False
    first, last = line.get("valid_from") or "", line.get("valid_to") or "9999-12-31"
    return bool(first <= day.isoformat() <= last)


def _works(days: WorkCalendar, day: date) -> bool:
    try:
        return days.is_workday(day)
    except CalendarYearMissing:
        metrics.ALARMS.labels("calendar_year_missing").inc()
        return day.weekday() < 5  # noqa: PLR2004 - Saturday


def record(
    place: str, line: Record, day: str, classes: list[Record], terms: Record, *, resource: str = slot.WHOLE
) -> Record:
    """Return the slot that a line of a plan makes on a day, with the ticket types that it sells at its prices."""
    start, end = minute(line["start"]), minute(line["end"])
    made: Record = {
        "_id": slot.slot_id(place, day, start, resource),
        "place": place,
        "resource": resource,
        "day": day,
        "start": start,
        "end": end,
        "quota": line["quota"],
        "classes": _sold(line, classes),
        "terms": terms,
    }
    return made | ({"shares": dict(line["shares"])} if line.get("shares") else {})


def _sold(line: Record, classes: list[Record]) -> list[Record]:
    chosen, prices = line.get("ticket_types"), line.get("prices") or {}
    return [
        {**one, "price_fen": prices.get(one["code"], one["price_fen"])}
        for one in classes
        if chosen is None or one["code"] in chosen
    ]


def minute(text: str) -> int:
    """Return the minute of the civil day that `HH:MM` names."""
    return int(text[:2]) * 60 + int(text[3:])


def day_record(place: str, day: str, most: int) -> Record:
    """Return the slot that counts a whole day of a place, for its daily limit."""
    return {
        "_id": slot.day_id(place, day),
        "place": place,
        "resource": slot.WHOLE,
        "kind": "day",
        "day": day,
        "start": -1,
        "end": 24 * 60,
        "quota": most,
        "classes": [],
        "terms": {},
    }


def in_force(versions: Sequence[Mapping[str, Any]], day: str) -> Mapping[str, Any] | None:
    """Return the last of dated versions (`valid_from`, `valid_to`) that holds on a day, None when none does."""
    holding = (
        one
        for one in reversed(versions)
        if (one.get("valid_from") or "") <= day <= (one.get("valid_to") or "9999-12-31")
    )
    return next(holding, None)
