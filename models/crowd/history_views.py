"""The history of a place by hour or by day, as anybody may read it."""

from datetime import date, datetime
from typing import Any

from backend import clock
from backend.errors import BadInput
from models.crowd import history, movement
from models.crowd.level import LEVELS
from models.crowd.movement import CrowdDay
from models.crowd.spot import Spot, day_of

MOST_HOUR_DAYS = 7
MOST_DAYS = 366


class SpanWrong(BadInput):
    """400: the span of days is empty or too long."""

    code = "crowd_span_wrong"
    zh = "日期范围有误:按小时一次最多 7 天,按日一次最多 366 天。"
    en = "The days are wrong: at most 7 by hour, at most 366 by day."

    def __init__(self) -> None:
        super().__init__(fields={"to": [self.zh]})


def hours(spot: Spot, first: date, last: date) -> list[dict[str, Any]]:
    """Return the hours of a span of days in which something is known: people in and out, most inside, worst level.

    Raises:
        SpanWrong: the span is empty or too long.
    """
    if not 0 <= (last - first).days < MOST_HOUR_DAYS:
        raise SpanWrong
    found: dict[datetime, dict[str, Any]] = {}
    for point in history.minutes(spot, clock.at(first, 0), clock.at(last, 24 * 60)):
        hour = clock.civil(point["at"]).replace(minute=0, second=0)
        _add(found.setdefault(hour, {"flows": {}, "levels": set()}), point)
    return [_hour(at, found[at]) for at in sorted(found)]


def _add(hour: dict[str, Any], point: dict[str, Any]) -> None:
    source = point["of"]["source"]
    if source != history.SHOWN:
        flows = hour["flows"].setdefault(source, [0, 0])
        flows[0] += point["into"]
        flows[1] += point["out"]
        return
    if point["level"] in LEVELS:
        hour["levels"].add(point["level"])
    if "number" in point:
        hour["most"] = max(hour.get("most", 0), point["number"])


def _hour(at: datetime, told: dict[str, Any]) -> dict[str, Any]:
    into, out = max(told["flows"].values(), default=[0, 0])
    shown = {"from": at.isoformat(timespec="seconds"), "entries": into, "exits": out}
    if "most" in told:
        shown["most_inside"] = told["most"]
    if told["levels"]:
        shown["level"] = max(told["levels"], key=LEVELS.index)
    return shown


def days(spot: Spot, first: date, last: date) -> list[dict[str, Any]]:
    """Return the days of a span in which something happened.

    Raises:
        SpanWrong: the span is empty or too long.
    """
    if not 0 <= (last - first).days < MOST_DAYS:
        raise SpanWrong
    query = {"place": spot.place, "zone": spot.zone, "day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
    return [day(one) for one in CrowdDay._get_collection().find(query).sort("day", 1).limit(MOST_DAYS)]


def day(found: dict[str, Any]) -> dict[str, Any]:
    """Return one day as it goes out."""
    flows = found.get("flows", {}).values()
    worst = "red" if "red_at" in found else "amber" if "amber_at" in found else "green"
    shown: dict[str, Any] = {
        "day": found["day"],
        "entries": movement.entries(found),
        "exits": max((one.get("out", 0) for one in flows), default=0),
        "level": worst,
    }
    if "peak" in found:
        shown["most_inside"] = found["peak"]
    return shown


def default_span(by: str, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the days asked for: today by hour, the last thirty days by day."""
    end = last or clock.date_of(day_of(clock.now()))
    reach = 0 if by == "hour" else 29
    return first or date.fromordinal(max(1, end.toordinal() - reach)), end
