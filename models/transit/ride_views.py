"""Rides as lists: a person's, and a line's without its persons."""

from datetime import UTC, date
from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.audit import access_line
from models.identity import purposes
from models.identity.actors import Resident, Staff
from models.transit import bus_line, ride
from models.transit.bus_line import BusLine
from models.transit.ride import STATE_ZH, Ride

FIELDS = ("rides",)


def of_resident(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one's rides, or of whom one acts for, after the access line is stored."""
    assert resident.subject_id is not None
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[resident.subject_id], fields=FIELDS)
    return of_person(resident.subject_id, cursor=cursor, limit=limit)


def of_person(person_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a person's rides, newest first."""
    fields = dict.fromkeys(("line", "at", "fare_fen", "state", "concession", "late"), 1)
    found, following = paging.page(
        Ride._get_collection(),
        {"person": person_id},
        sort=("at", -1),
        cursor=cursor,
        limit=limit,
        projection=fields,
    )
    lines = {"_id": {"$in": sorted({one["line"] for one in found})}}
    names = {one["_id"]: one["name"] for one in BusLine._get_collection().find(lines, {"name": 1})}
    return [shown(one, names.get(one["line"], one["line"])) for one in found], following


def shown(found: dict[str, Any], line_name: str) -> dict[str, Any]:
    """Return a ride as its person sees it."""
    told = {
        "id": found["_id"],
        "line": found["line"],
        "line_name": line_name,
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
        "fare_fen": found["fare_fen"],
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "late": bool(found.get("late")),
    }
    return told | ({"concession_zh": ride.concession_words(found)[0]} if found.get("concession") else {})


def of_line(actor: Staff, line_id: str, day: date, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return a page of a line's rides of a day, newest first, with the day's sums; nobody is named.

    Raises:
        LineUnknown: there is no such line in the actor's scope.
    """
    actor.require("transit.read")
    line = bus_line.read(line_id)
    if not actor.covers("transit.read", unit=line["unit"], area=""):
        raise bus_line.LineUnknown
    query = {"line": line_id, "at": {"$gte": clock.at(day, 0), "$lt": clock.at(day, 24 * 60).astimezone(UTC)}}
    fields = dict.fromkeys(("at", "fare_fen", "state", "late"), 1)
    found, following = paging.page(
        Ride._get_collection(), query, sort=("at", -1), cursor=cursor, limit=limit, projection=fields
    )
    return {"day": day.isoformat(), "sums": _sums(query), "items": [_of_line(one) for one in found], "next": following}


def _sums(query: dict[str, Any]) -> dict[str, int]:
    group = {"_id": "$state", "count": {"$sum": 1}, "fen": {"$sum": "$fare_fen"}}
    found = Ride._get_collection().aggregate([{"$match": query}, {"$group": group}])
    by_state = {one["_id"]: one for one in found}
    none = {"count": 0, "fen": 0}
    told = {f"{state}_rides": by_state.get(state, none)["count"] for state in STATE_ZH}
    return told | {f"{state}_fen": by_state.get(state, none)["fen"] for state in ("paid", "owed")}


def _of_line(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["_id"],
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
        "fare_fen": found["fare_fen"],
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "late": bool(found.get("late")),
    }
