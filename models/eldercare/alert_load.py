"""What alerts ask of people (负荷): for each shift how many a unit got, and what each member did and how fast.

Counted in the transaction of the deed, so that the figures are the deeds. A line is a shift of a unit, or of one member
at it. A shift begins at the times of day that the parameter `health_shift_begins` names.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import Document, IntField, ListField, ObjectIdField, StringField
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding
from models.eldercare import duty_roster
from models.rules import facts, parameters

COLLECTION = "health_alert_loads"
BEGINS = "health_shift_begins"
MIDNIGHT = "00:00"
MOST_LINES = 2000
MOST_TIMES = 1000
COUNTS = ("raised", "acknowledged", "acted", "closed")


class HealthAlertLoad(Document):
    """The id reads day, shift, unit and member; `seconds` are from raised to acknowledged, one for each."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["unit", "day", "_id"]}, {"fields": ["day", "_id"]}],
    }
    id = StringField(primary_key=True)
    day = StringField(required=True)
    shift = StringField(required=True)
    unit = StringField(required=True)
    staff = ObjectIdField()
    raised = IntField()
    acknowledged = IntField()
    acted = IntField()
    closed = IntField()
    seconds = ListField(IntField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康提醒处置负荷",
        staff=("staff",),
        at_deletion="keep",
        because="网络安全法第二十一条: 只有编号和次数",
    )
)


def shift_of(moment: datetime) -> tuple[str, str]:
    """Return the civil day on which the shift of a moment began, and the time of day at which it did."""
    civil = clock.civil(moment)
    begins, told = _begins(civil.date()), civil.strftime("%H:%M")
    earlier = [one for one in begins if one <= told]
    day = civil.date() if earlier else civil.date() - timedelta(days=1)
    return day.isoformat(), (earlier or begins)[-1]


def _begins(day: date) -> list[str]:
    found = parameters.in_force([BEGINS], day).get(BEGINS)
    return sorted(facts.decode(found["value"])) if found else [MIDNIGHT]


def lines_raised(units: Sequence[str], at: datetime) -> list[str]:
    """Make the lines of the units that an alert asks; return their ids."""
    return ready(units, None, at)


def ready(units: Iterable[str], member: ObjectId | None, at: datetime) -> list[str]:
    """Make the lines of a shift outside of any transaction, of a member where one is named; return their ids."""
    day, shift = shift_of(at)
    records = [{"_id": f"{day}:{shift}:{one}:{member or ''}", "unit": one} for one in sorted(set(units))]
    about = {"day": day, "shift": shift} | ({"staff": member} if member else {})
    updates = [
        UpdateOne({"_id": one["_id"]}, {"$setOnInsert": {"unit": one["unit"], **about}}, upsert=True) for one in records
    ]
    if updates:
        HealthAlertLoad._get_collection().bulk_write(updates, ordered=False)
    return [str(one["_id"]) for one in records]


def add(
    lines: Sequence[str], counts: Mapping[str, int], session: ClientSession, *, seconds: float | None = None
) -> None:
    """Count a deed, within its transaction; `seconds` is how long the alert waited for who acknowledged it."""
    change: dict[str, Any] = {"$inc": dict(counts)}
    if seconds is not None:
        change["$push"] = {"seconds": {"$each": [int(seconds)], "$slice": -MOST_TIMES}}
    if lines:
        HealthAlertLoad._get_collection().update_many({"_id": {"$in": list(lines)}}, change, session=session)


def of_unit(unit_code: str, first: date, last: date) -> list[dict[str, Any]]:
    """Return the shifts of a unit between two days (inclusive), each with its members and how many were on duty."""
    query = {"unit": unit_code, "day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
    found = HealthAlertLoad._get_collection().find(query).sort([("day", 1), ("_id", 1)]).limit(MOST_LINES)
    shifts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found:
        shifts.setdefault((one["day"], one["shift"]), []).append(one)
    duties = duty_roster.between(unit_code, clock.at(first, 0), clock.at(last + timedelta(days=2), 0))
    return [_shift(day, shift, lines, duties) for (day, shift), lines in sorted(shifts.items())]


def _shift(
    day: str, shift: str, lines: Sequence[Mapping[str, Any]], duties: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    begins, until = _span(day, shift)
    on_duty = {one["staff"] for one in duties if one["begins"] < until and one["until"] > begins}
    raised = sum(one.get("raised", 0) for one in lines)
    times = [second for one in lines for second in one.get("seconds", ())]
    members = [_counted(one) | {"staff_id": str(one["staff"])} for one in lines if "staff" in one]
    return {
        "day": day,
        "shift": shift,
        "raised": raised,
        "on_duty": len(on_duty),
        "raised_per_person": round(raised / len(on_duty), 1) if on_duty else None,
        "median_seconds": _median(times),
        "members": members,
    }


def _span(day: str, shift: str) -> tuple[datetime, datetime]:
    begun = date.fromisoformat(day)
    hours, minutes = (int(part) for part in shift.split(":"))
    begins = clock.at(begun, hours * 60 + minutes)
    others = _begins(begun)
    later = [one for one in others if one > shift]
    ends = later[0] if later else others[0]
    hours, minutes = (int(part) for part in ends.split(":"))
    return begins, clock.at(begun if later else begun + timedelta(days=1), hours * 60 + minutes)


def _counted(line: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: line.get(name, 0) for name in COUNTS if name != "raised"}
    return told | {"median_seconds": _median(line.get("seconds", ()))}


def _median(times: Sequence[int]) -> int | None:
    return int(statistics.median(times)) if times else None
