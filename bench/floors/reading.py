"""The floor of reading: a bare WSGI app on pymongo and orjson, the product's fields by the fewest queries."""

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
from pymongo import MongoClient

CIVIL = timezone(timedelta(hours=8))
SHORT = ("name", "bookable", "kind", "level", "town_code", "town", "demo")
TOLD = ("aliases", "heritage", "address", "facts", "hours_told", "ticket_told", "confidence", "source")
WHOLE = (*TOLD, "closing", "ticket_types", "opening")
SLOT = dict.fromkeys(("place", "day", "start", "end", "quota", "left", "state"), 1)
LISTED = (*SHORT, "geo", "opening", "closing")
GEO = ("lon", "lat", "datum", "confidence")
database: Any = MongoClient(os.environ["MONGODB_URI"], readConcernLevel="majority").get_default_database()


def short(found: dict[str, Any], now: datetime) -> dict[str, Any]:
    shown = {"id": found["_id"], **{name: found[name] for name in SHORT if found.get(name) is not None}}
    if geo := found.get("geo"):
        shown["geo"] = {name: geo[name] for name in GEO}
    if opening := found.get("opening"):
        day, closing = f"{now:%a}".lower(), found.get("closing") or {}
        shut = day in closing.get("weekdays", ()) and not (closing.get("unless_public_holiday") and holiday(now))
        shown["open_today"] = not shut and bool(opening["weekly"].get(day))
    return shown


def holiday(now: datetime) -> bool:
    year = database["calendar_years"].find_one({"_id": now.year}) or {"holidays": {}}
    return now.date().isoformat() in year["holidays"]


def slot(found: dict[str, Any]) -> dict[str, Any]:
    found["id"], found["place_id"] = found.pop("_id"), found.pop("place")
    for name in ("start", "end"):
        found[name] = f"{found[name] // 60:02d}:{found[name] % 60:02d}"
    return found


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    now, path = datetime.now(UTC).astimezone(CIVIL), environ["PATH_INFO"]
    today = now.date().isoformat()
    start_response("200 OK", [("Content-Type", "application/json")])
    if path.endswith("/places"):
        found = list(database["places"].find({"rank": {"$gte": 0}}, LISTED).sort("rank").limit(21))
        items = [short(one, now) for one in found[:20]]
        return [orjson.dumps({"items": items, "next": items[-1]["id"] if found[20:] else None})]
    later = [{"day": {"$gt": today}}, {"end": {"$gt": now.hour * 60 + now.minute}}]
    place, wanted = path.rpartition("/")[2], dict.fromkeys((*SHORT, *WHOLE, "geo", "notices"), 1)
    free = {"place": place, "day": {"$gte": today}, "state": "open", "left": {"$gt": 0}, "$or": later}
    follow = [{"$match": free}, {"$sort": {"day": 1, "start": 1}}, {"$limit": 5}, {"$project": SLOT}]
    lookup = {"from": "slots", "pipeline": follow, "as": "next_slots"}
    (found,) = database["places"].aggregate([{"$match": {"_id": place}}, {"$project": wanted}, {"$lookup": lookup}])
    slots = [slot(one) for one in found["next_slots"]]
    notices = [one for one in found.get("notices", ()) if one["from_day"] <= today <= one["to_day"]]
    whole = {name: found[name] for name in WHOLE if found.get(name)}
    return [orjson.dumps({**short(found, now), **whole, "notices": notices, "next_slots": slots})]
