"""How a source is: up, or away after failures in a row. One document a source, with counts of the last hour.

    up ──failures in a row──▶ away ──one answer──▶ up

While a source is away it is asked by one probe every `PROBE`, so that a screen does not wait for what will not come.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

import structlog
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo import ReturnDocument

from backend import clock, metrics
from models.registers.catalogue import EVERY_SOURCE

log = structlog.get_logger()
FAILURES_TO_AWAY = 5
PROBE = timedelta(seconds=30)
WINDOW = timedelta(minutes=5)
WINDOWS = 12
STATE_ZH = {"up": "正常", "away": "中断", "never_asked": "尚未使用"}
Result = Literal["found", "no_record", "failed"]


class SourceState(Document):
    """The id is the source's code. `windows` counts the results of each five minutes, the last hour of them."""

    meta = {"collection": "register_sources", "auto_create_index": False}
    id = StringField(primary_key=True)
    state = StringField(choices=("up", "away"), required=True)
    failures = IntField()
    failing_since = DateTimeField()
    away_since = DateTimeField()
    probe_at = DateTimeField()
    last_success = DateTimeField()
    last_failure = DateTimeField()
    reason = StringField()
    windows = ListField(DictField())


def may_ask(source: str) -> bool:
    """Tell whether a source is to be asked now: when it is away, one probe at a time gets through."""
    states, now = SourceState._get_collection(), clock.now()
    found = states.find_one({"_id": source}, {"state": 1})
    if found is None or found.get("state") != "away":
        return True
    probe = {"_id": source, "state": "away", "probe_at": {"$lte": now}}
    return bool(states.update_one(probe, {"$set": {"probe_at": now + PROBE}}).matched_count)


def away(sources: Iterable[str]) -> set[str]:
    """Return which of some sources are away."""
    query = {"_id": {"$in": sorted(sources)}, "state": "away"}
    return {one["_id"] for one in SourceState._get_collection().find(query, {"_id": 1})}


def answered(source: str, result: Result, *, times: int = 1) -> None:
    """Note an answer, or some: the source is up."""
    well = {"state": "up", "failures": 0}
    if _add(source, result, times, guard=well, told={"last_success": clock.now()}):
        metrics.REGISTER_ANSWERS.labels(source=source, result=result).inc(times)
        return
    _count(source, result, times)
    change = {
        "$set": {"state": "up", "failures": 0, "last_success": clock.now()},
        "$unset": {"failing_since": "", "away_since": "", "probe_at": "", "reason": ""},
    }
    before = SourceState._get_collection().find_one_and_update({"_id": source}, change, upsert=True)
    if before and before.get("state") == "away":
        log.info("register_back", source=source)


def failed(source: str, reason: str) -> None:
    """Note a failure; the fifth in a row is an alarm, and the source is away."""
    _count(source, "failed")
    states, now = SourceState._get_collection(), clock.now()
    change: dict[str, Any] = {
        "$set": {"last_failure": now, "reason": reason},
        "$inc": {"failures": 1},
        "$min": {"failing_since": now},
        "$setOnInsert": {"state": "up"},
    }
    found = states.find_one_and_update({"_id": source}, change, upsert=True, return_document=ReturnDocument.AFTER)
    if found["failures"] < FAILURES_TO_AWAY:
        return
    away = {"state": "away", "away_since": found["failing_since"], "probe_at": now + PROBE}
    guard = {"_id": source, "state": {"$ne": "away"}, "failures": {"$gte": FAILURES_TO_AWAY}}
    if states.update_one(guard, {"$set": away}).matched_count:
        metrics.ALARMS.labels("register_away").inc()
        log.error("register_away", source=source, reason=reason)


def _count(source: str, result: Result, times: int = 1) -> None:
    metrics.REGISTER_ANSWERS.labels(source=source, result=result).inc(times)
    if _add(source, result, times):
        return
    states, window = SourceState._get_collection(), _window(clock.now())
    states.update_one({"_id": source}, {"$setOnInsert": {"state": "up"}}, upsert=True)
    new = {"$push": {"windows": {"$each": [{"at": window}], "$slice": -WINDOWS}}}
    states.update_one({"_id": source, "windows.at": {"$ne": window}}, new)
    _add(source, result, times)


def _add(
    source: str,
    result: Result,
    times: int,
    *,
    guard: Mapping[str, Any] = MappingProxyType({}),
    told: Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Count results in the window of this moment, where it has begun and `guard` holds; return whether it was so."""
    change = {"$inc": {f"windows.$.{result}": times}} | ({"$set": dict(told)} if told else {})
    query = {"_id": source, "windows.at": _window(clock.now()), **guard}
    return bool(SourceState._get_collection().update_one(query, change).matched_count)


def _window(now: datetime) -> datetime:
    span = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // span * span, UTC)


def listed() -> list[dict[str, Any]]:
    """Return every source as the staff see it."""
    found = {one["_id"]: one for one in SourceState._get_collection().find({"_id": {"$in": list(EVERY_SOURCE)}})}
    return [_shown(code, found.get(code, {})) for code in EVERY_SOURCE]


def _shown(code: str, found: dict[str, Any]) -> dict[str, Any]:
    source, since = EVERY_SOURCE[code], clock.now() - WINDOW * WINDOWS
    recent = [one for one in found.get("windows", []) if one["at"] > since]
    state = found["state"] if found else "never_asked"
    times = ("away_since", "last_success", "last_failure")
    return {
        "code": code,
        "zh": source.zh,
        "unit": source.unit,
        "unit_zh": source.unit_zh,
        "state": state,
        "state_zh": STATE_ZH[state],
        **({"reason": found["reason"]} if "reason" in found else {}),
        **{name: clock.civil(found[name]).isoformat(timespec="seconds") for name in times if name in found},
        "last_hour": {name: sum(one.get(name, 0) for one in recent) for name in ("found", "no_record", "failed")},
    }
