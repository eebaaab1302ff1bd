"""Judging a spot: its counts become one number, the number a level, and a change of level happens once.

Display fields are written by whoever judged last. A change of level is a transaction guarded by `changes` (nobody
changed the level meanwhile) and `version` (no event came meanwhile), with its record and what must follow.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.crowd import alarm, fuse, history, level, limit, movement, record, source, state
from models.crowd.fuse import Count, Fused, Kind
from models.crowd.level import Level
from models.crowd.spot import WHOLE, Spot, day_of, minute_of
from models.crowd.state import CrowdState
from models.crowd.thresholds import Thresholds

TRIES = 5


@dataclass(frozen=True)
class Seen:
    """What a judgement rests on and comes to. `load` holds percentages of the limits, empty where there are none."""

    state: dict[str, Any]
    fused: Fused
    load: dict[str, float]
    day: dict[str, Any]
    level: Level
    because: str


def judge(spot: Spot, figures: Thresholds) -> bool:
    """Judge a spot as it is; return whether its level changed."""
    for _ in range(TRIES):
        now = clock.now()
        seen = look(spot, now, figures)
        if seen is None:
            return False
        _show(spot, seen, now)
        alarm.follow(spot, seen.state, seen.fused, now, figures)
        if seen.level == seen.state["level"]:
            return False
        if _change(spot, seen, now):
            outbox.wake("gates")
            return True
    return False


def look(spot: Spot, now: datetime, figures: Thresholds) -> Seen | None:
    """Return what a spot comes to, None where nobody counts."""
    found = state.find(spot)
    if found is None:
        return None
    fused = fuse.decide(_counts(found, source.of(spot), figures), now, figures)
    day = day_of(now)
    of_day = movement.day(spot, day)
    load = _load(limit.of(spot, day), fused, movement.entries(of_day))
    wanted, because = _level(found, load, figures)
    return Seen(found, fused, load, of_day, wanted, because)


def _counts(found: dict[str, Any], sources: list[dict[str, Any]], figures: Thresholds) -> dict[Kind, Count]:
    """Return the count of each kind. Cameras and car parks count only together, as old as the oldest of them."""
    counts: dict[Kind, Count] = {}
    for kind, one in found.get("counts", {}).items():
        counts[kind] = Count(one["inside"], one["at"])
    active = [one for one in sources if one["state"] == "active"]
    for kind, told, figure, people in (
        ("camera", "inside", "inside", 1.0),
        ("parking", "parking", "taken", figures.people_per_car),
    ):
        if mine := [one for one in active if one["kind"] == told]:
            inside = sum(one["figures"][figure] for one in mine) * people
            counts[kind] = Count(inside, min(one["at"] for one in mine))  # type: ignore[index]
    return counts


def _load(held: dict[str, Any] | None, fused: Fused, entries: int) -> dict[str, float]:
    if held is None:
        return {}
    load = {"daily": round(level.percent(entries, held["daily"]), 1)}
    if fused.number is not None:
        load["instantaneous"] = round(level.percent(fused.number, held["instantaneous"]), 1)
    return load


def _level(found: dict[str, Any], load: dict[str, float], figures: Thresholds) -> tuple[Level, str]:
    """Return the level that a load means and which limit it is about; while nobody knows who is inside it stays."""
    by_day = level.day_level(load.get("daily", 0.0), figures)
    current: Level = "green" if found.get("because") == "daily" else found["level"]
    if "instantaneous" in load:
        at_once = level.next_level(current, load["instantaneous"], figures)
    else:
        at_once = current if load else "green"
    wanted = level.higher(at_once, by_day)
    return wanted, "daily" if by_day == wanted and by_day != at_once else "instantaneous"


def _show(spot: Spot, seen: Seen, now: datetime) -> None:
    """Write what is shown; a judgement of before does not overwrite a later one. Once a minute it is history."""
    told = {"basis": seen.fused.basis, "kinds": list(seen.fused.kinds), "load": seen.load, "apart": seen.fused.apart}
    change: dict[str, Any] = {"$set": {**told, "checked_at": now}}
    known = {"number": seen.fused.number, "at": seen.fused.at}
    if seen.fused.number is None:
        change["$unset"] = dict.fromkeys(known, "")
    else:
        change["$set"] |= known
    guard = {"_id": spot.key, "$or": [{"checked_at": None}, {"checked_at": {"$lte": now}}]}
    shown = CrowdState._get_collection().update_one(guard, change).matched_count
    minute = minute_of(now)
    if shown and seen.state.get("sampled") != minute:
        told_level = seen.level if seen.fused.number is not None else "unknown"
        history.show(spot, now, number=seen.fused.number, level=told_level)
        CrowdState._get_collection().update_one({"_id": spot.key}, {"$set": {"sampled": minute}})
    if shown and (seen.fused.number or 0) > seen.day.get("peak", 0):
        movement.note_peak(spot, seen.fused.number or 0, now)


def _change(spot: Spot, seen: Seen, now: datetime) -> bool:
    """Change the level, once; return whether this call did."""
    before = seen.state
    guard = {"_id": spot.key, "changes": before["changes"], "version": before["version"]}
    details = {
        "from": before["level"],
        "to": seen.level,
        "because": seen.because,
        "number": seen.fused.number,
        "entries": movement.entries(seen.day),
        "load": seen.load,
    }

    following = outbox.entry("gates", "crowd.follow", due=now)

    def change(session: ClientSession) -> bool:
        told = {"$set": {"level": seen.level, "level_at": now, "because": seen.because}, "$inc": {"changes": 1}}
        if not CrowdState._get_collection().update_one(guard, told, session=session).matched_count:
            return False
        made = record.write(spot, "level", now, details, session)
        movement.CrowdDay._get_collection().bulk_write([_of_day(spot, seen.level, now)], session=session)
        if spot.zone == WHOLE:
            follow = {"$push": {"outbox": {**following, "args": {"record": made}}}}
            CrowdState._get_collection().update_one({"_id": spot.key}, follow, session=session)
        return True

    return transactions.run(change)


def _of_day(spot: Spot, reached: Level, now: datetime) -> Any:
    first = {} if reached == "green" else {"$min": {f"{reached}_at": now}}
    return movement.day_change(spot, day_of(now), {"$inc": {"transitions": 1}, **first})
