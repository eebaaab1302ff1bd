"""What figures read of alerts, programmes and yearly checks: of some elders at a time, by the index on the subject."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock
from models.eldercare.alert import HealthAlert
from models.eldercare.programme import HealthProgramme
from models.eldercare.tool import HealthTool
from models.eldercare.yearly_check import TOOL, HealthCheck

DIED = "died"
_ALERT = ("subject", "severity", "live", "raised_at", "acknowledged_at", "outcome.code")
_PROGRAMME = ("subject", "disease", "state", "ended_at", "ended_as", "last.at", "last.reached")
_CHECK = ("subject", "tool_version", "left")
Found = Iterator[dict[str, Any]]


def dead(subjects: Iterable[ObjectId]) -> set[ObjectId]:
    """Return which of these elders died, as the outcome of an alert says."""
    query = {"subject": {"$in": list(subjects)}, "outcome.code": DIED}
    return {one["subject"] for one in HealthAlert._get_collection().find(query, {"subject": 1})}


def alerts(subjects: Iterable[ObjectId], first: date, after: date) -> Found:
    """Yield the alerts that were raised for these elders from one day until before another; linked ones are no own."""
    span = {"$gte": clock.at(first, 0), "$lt": clock.at(after, 0)}
    query = {"subject": {"$in": list(subjects)}, "raised_at": span, "state": {"$ne": "linked"}}
    yield from HealthAlert._get_collection().find(query, dict.fromkeys(_ALERT, 1))


def programmes(subjects: Iterable[ObjectId]) -> Found:
    """Yield the programmes of these elders."""
    query = {"subject": {"$in": list(subjects)}}
    yield from HealthProgramme._get_collection().find(query, dict.fromkeys(_PROGRAMME, 1))


def checks(subjects: Iterable[ObjectId], year: int, *, items: bool = False) -> Found:
    """Yield the checks of these elders in a year, with what was done where `items` are asked for."""
    query = {"subject": {"$in": list(subjects)}, "year": year}
    yield from HealthCheck._get_collection().find(query, dict.fromkeys((*_CHECK, *(("items",) if items else ())), 1))


def check_table(day: date) -> dict[str, Any] | None:
    """Return the table of the yearly check that counts on a day, None where there is none."""
    query = {"code": TOOL, "state": "active", "valid_from": {"$lte": day.isoformat()}}
    return HealthTool._get_collection().find_one(query, sort=[("valid_from", -1), ("version", -1)])


def check_tables() -> dict[int, dict[str, Any]]:
    """Return all versions of the table by their number."""
    found = HealthTool._get_collection().find({"code": TOOL}).sort("version", -1).limit(100)
    return {one["version"]: one for one in found}
