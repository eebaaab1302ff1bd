"""People going in and out, counted once each: into the running count, the minute and the day in which they moved.

Everything here happens inside the transaction that takes the mark off the event (a scan of a gate, an interval of a
counting line), so that a kill counts an event wholly or not at all. An event that becomes known late lands in the
minute in which it happened.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock
from models.crowd import state
from models.crowd.spot import Spot, day_of, minute_of

KEPT = timedelta(days=35)
OLDEST = timedelta(days=30)
"""Older events are counted nowhere: the minutes that they belong to may be gone."""
PENDING = {"fields": ["pending"], "partialFilterExpression": {"pending": {"$exists": True}}, "name": "pending"}


class CrowdHour(Document):
    """The minutes of one hour of one kind of source: `minutes.<mm>.in|out`; `pending` lack in the history."""

    meta = {
        "collection": "crowd_hours",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["place", "zone", "hour"]},
            {"fields": ["hour"], "expireAfterSeconds": int(KEPT.total_seconds())},
            PENDING,
        ],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    zone = StringField()
    kind = StringField(required=True)
    hour = DateTimeField(required=True)
    minutes = DictField()
    revision = IntField(required=True)
    pending = ListField(IntField())


class CrowdDay(Document):
    """A day of a spot, for the regulator: `flows.<kind>.in|out`, and what the levels and readings made of it."""

    meta = {
        "collection": "crowd_days",
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "day", "_id"]}, {"fields": ["day", "_id"]}],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    zone = StringField()
    day = StringField(required=True)
    flows = DictField()
    late = IntField()
    peak = IntField()
    peak_at = DateTimeField()
    amber_at = DateTimeField()
    red_at = DateTimeField()
    stopped_at = DateTimeField()
    transitions = IntField()
    headcounts = IntField()
    alarms = IntField()


@dataclass(frozen=True)
class Move:
    """People who went `into` a spot or out of it at a moment, as one kind of source tells."""

    spot: Spot
    kind: str
    at: datetime
    into: int = 0
    out: int = 0
    late: bool = False


def count(moves: Iterable[Move], now: datetime, session: ClientSession) -> list[Spot]:
    """Count events inside the transaction that makes them counted; return the spots that changed."""
    by_spot: defaultdict[Spot, list[Move]] = defaultdict(list)
    for one in moves:
        if one.at > now - OLDEST:
            by_spot[one.spot].append(one)
    for spot in sorted(by_spot):
        _run(spot, by_spot[spot], session)
        CrowdHour._get_collection().bulk_write(_hours(spot, by_spot[spot]), session=session)
        CrowdDay._get_collection().bulk_write(_days(spot, by_spot[spot]), session=session)
    return sorted(by_spot)


def _run(spot: Spot, moves: list[Move], session: ClientSession) -> None:
    """Move the running counts by the events after their base; a kind's first event begins at a headcount before it."""
    state.ensure(spot, session)
    found = state.find(spot, session) or {}
    base_at, counts = found.get("base_at"), found.get("counts", {})
    counted = counts["headcount"]["inside"] if "headcount" in counts else 0
    for kind in sorted({one.kind for one in moves}):
        mine = [one for one in moves if one.kind == kind]
        people = sum(one.into - one.out for one in mine if base_at is None or one.at > base_at)
        begins = 0 if kind in counts else counted
        state.count(spot, kind, begins + people, max(one.at for one in mine), session)


def _hours(spot: Spot, moves: list[Move]) -> list[UpdateOne]:
    sums: defaultdict[tuple[str, datetime], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    touched: defaultdict[tuple[str, datetime], set[int]] = defaultdict(set)
    for one in moves:
        minute = minute_of(one.at)
        hour = (one.kind, minute.replace(minute=0))
        touched[hour].add(minute.minute)
        for direction, people in (("in", one.into), ("out", one.out)):
            sums[hour][f"minutes.{minute.minute:02d}.{direction}"] += people
    return [
        UpdateOne(
            {"_id": f"{spot.key}|{kind}|{hour:%Y%m%d%H}"},
            {
                "$inc": {**sums[kind, hour], "revision": 1},
                "$addToSet": {"pending": {"$each": sorted(touched[kind, hour])}},
                "$setOnInsert": {"place": spot.place, "zone": spot.zone, "kind": kind, "hour": hour},
            },
            upsert=True,
        )
        for kind, hour in sorted(sums)
    ]


def day_id(spot: Spot, day: str) -> str:
    """Return the id of a spot's day."""
    return f"{spot.key}-{day.replace('-', '')}"


def day_change(spot: Spot, day: str, change: dict[str, Any]) -> UpdateOne:
    """Return an update of a spot's day, which is made where there is none."""
    made = {"place": spot.place, "zone": spot.zone, "day": day}
    return UpdateOne({"_id": day_id(spot, day)}, {**change, "$setOnInsert": made}, upsert=True)


def _days(spot: Spot, moves: list[Move]) -> list[UpdateOne]:
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in moves:
        day = sums[day_of(one.at)]
        day[f"flows.{one.kind}.in"] += one.into
        day[f"flows.{one.kind}.out"] += one.out
        day["late"] += one.into + one.out if one.late else 0
    return [day_change(spot, day, {"$inc": dict(sums[day])}) for day in sorted(sums)]


def day(spot: Spot, day: str) -> dict[str, Any]:
    """Return the day of a spot, empty where nothing happened."""
    return CrowdDay._get_collection().find_one({"_id": day_id(spot, day)}) or {}


def note_peak(spot: Spot, number: int, at: datetime) -> None:
    """Note the most people that were shown inside on a day; a lower number changes nothing."""
    made = day_change(spot, day_of(at), {"$max": {"peak": 0}})
    higher = {"_id": day_id(spot, day_of(at)), "peak": {"$lt": number}}
    CrowdDay._get_collection().bulk_write([made, UpdateOne(higher, {"$set": {"peak": number, "peak_at": at}})])


def entries(found: dict[str, Any]) -> int:
    """Return how many people went in on a day: the highest of what the kinds of sources say."""
    return max((one.get("in", 0) for one in found.get("flows", {}).values()), default=0)


def net_since(spot: Spot, kind: str, since: datetime, session: ClientSession) -> int:
    """Return by how many people the minutes from `since` on changed a running count."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    ids = [f"{spot.key}|{kind}|{hour + timedelta(hours=n):%Y%m%d%H}" for n in range(_hours_until_now(hour))]
    total = 0
    for one in CrowdHour._get_collection().find({"_id": {"$in": ids}}, session=session):
        for minute, told in one["minutes"].items():
            if one["hour"] + timedelta(minutes=int(minute)) >= since:
                total += told.get("in", 0) - told.get("out", 0)
    return total


def _hours_until_now(hour: datetime) -> int:
    return int((clock.now() - hour).total_seconds() // 3600) + 2
