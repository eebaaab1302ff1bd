"""How much of what a venue lets is used: by resource and hour of the day, over at most a month. Nobody is named."""

from collections import defaultdict
from datetime import date
from typing import Any

from models.booking.slot import Slot
from models.identity.actors import Staff
from models.places import scope
from models.places.place_office import DaysWrong
from models.sport import venue
from models.sport.book import clock_of

LONGEST = 31
HEADERS = ("场地编码", "场地", "开始", "时段数", "名额", "已用", "利用率(%)", "关闭时段数")
Row = dict[str, Any]


def read(actor: Staff, place_id: str, first: date, last: date) -> dict[str, Any]:
    """Return by resource and hour how many slots there were, how many places they had, and how many were used.

    Closed slots are counted apart: nobody could use them.

    Raises:
        NotFound: no such venue in the actor's scope.
        DaysWrong: the span is empty or longer than a month.
    """
    scope.place(actor, "place.read", place_id)
    venue.read(place_id)
    if not 0 <= (last - first).days < LONGEST:
        raise DaysWrong("to")
    rows = _rows(place_id, first.isoformat(), last.isoformat())
    items = [
        {"resource": one["code"], "name_zh": one["name_zh"], **_sum(rows[one["code"]]), "hours": rows[one["code"]]}
        for one in venue.resources(place_id)
    ]
    span = {"from_day": first.isoformat(), "to_day": last.isoformat()}
    return {"place_id": place_id, **span, "items": items}


def _rows(place_id: str, first: str, last: str) -> dict[str, list[Row]]:
    codes = [one["code"] for one in venue.resources(place_id)]
    wanted = {"place": place_id, "resource": {"$in": codes}, "day": {"$gte": first, "$lte": last}}
    is_open = {"$ne": ["$state", "closed"]}
    group = {
        "_id": {"resource": "$resource", "start": "$start"},
        "slots": {"$sum": {"$cond": [is_open, 1, 0]}},
        "closed": {"$sum": {"$cond": [is_open, 0, 1]}},
        "quota": {"$sum": {"$cond": [is_open, "$quota", 0]}},
        "used": {"$sum": {"$cond": [is_open, {"$subtract": ["$quota", "$left"]}, 0]}},
    }
    found: dict[str, list[Row]] = defaultdict(list)
    for one in Slot._get_collection().aggregate([{"$match": wanted}, {"$group": group}, {"$sort": {"_id.start": 1}}]):
        told = {name: one[name] for name in ("slots", "quota", "used", "closed")}
        found[one["_id"]["resource"]].append({"start": clock_of(one["_id"]["start"]), **told, **_percent(told)})
    return found


def _sum(rows: list[Row]) -> Row:
    told = {name: sum(one[name] for one in rows) for name in ("slots", "quota", "used", "closed")}
    return told | _percent(told)


def _percent(told: Row) -> Row:
    return {"used_percent": round(told["used"] * 100 / told["quota"], 1) if told["quota"] else 0.0}


def table(found: dict[str, Any]) -> list[list[Any]]:
    """Return the lines of a workbook."""
    names = ("start", "slots", "quota", "used", "used_percent", "closed")
    return [
        [one["resource"], one["name_zh"], *(hour[name] for name in names)]
        for one in found["items"]
        for hour in one["hours"]
    ]
