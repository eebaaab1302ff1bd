"""Free slots of courts and sessions for whoever wants to show them elsewhere; after the `Slot` of OpenActive."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock
from models.booking.slot import Slot
from models.sport import venue

DAYS = 7
MOST = 500


def slots(place_id: str | None, first: date | None, *, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of free slots of one venue or all, a week from a day on, in the order of their ids.

    Raises:
        NotFound: no such venue.
    """
    places = [venue.read(place_id)] if place_id else venue.listed()
    start = first or clock.today()
    today, minutes = clock.today().isoformat(), _minutes()
    # Counted back from the last day there is, so that no day of the calendar is too far to add to.
    last = min(start, date.max - timedelta(days=DAYS)) + timedelta(days=DAYS)
    days = {"$gte": start.isoformat(), "$lt": last.isoformat()}
    coming = {"$or": [{"day": {"$gt": today}}, {"day": today, "end": {"$gt": minutes}}]}
    free = {"day": days, "left": {"$gt": 0}, "state": "open", "_id": {"$gt": after or ""}, **coming}
    found: list[dict[str, Any]] = []
    known: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for one in sorted(places, key=lambda each: str(each["_id"])):
        resources = {each["code"]: each for each in venue.resources(one["_id"])}
        query = {"place": one["_id"], "resource": {"$in": sorted(resources)}, **free}
        mine = list(Slot._get_collection().find(query, {"pending": 0}).sort("_id", 1).limit(MOST + 1))
        known |= {each["_id"]: (one, resources[each["resource"]]) for each in mine}
        found += mine
    found.sort(key=lambda one: str(one["_id"]))
    page = [_shown(one, *known[one["_id"]]) for one in found[:MOST]]
    return page, page[-1]["id"] if len(found) > MOST else None


def _minutes() -> int:
    now = clock.civil(clock.now())
    return now.hour * 60 + now.minute


def _shown(found: dict[str, Any], place: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    day = clock.date_of(found["day"])
    start, end = (clock.civil(clock.at(day, found[name])) for name in ("start", "end"))
    facility = {"type": "FacilityUse", "id": resource["_id"], "name": resource["name_zh"]}
    offers = [
        {
            "type": "Offer",
            "id": one["code"],
            "name": one["name_zh"],
            "price": one["price_fen"] / 100,
            "price_currency": "CNY",
        }
        for one in found["classes"]
    ]
    return {
        "type": "Slot",
        "id": found["_id"],
        "start_date": start.isoformat(timespec="seconds"),
        "end_date": end.isoformat(timespec="seconds"),
        "duration": f"PT{found['end'] - found['start']}M",
        "remaining_uses": found["left"],
        "maximum_uses": found["quota"],
        "facility_use": facility,
        "location": {"type": "Place", "id": place["_id"], "name": place["name"]},
        "offers": offers,
    } | ({"demo": True} if place.get("demo") else {})
