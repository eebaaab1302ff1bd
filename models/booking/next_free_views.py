"""The next slot of each of several places that somebody could book: what a page for everybody shows beside a crowd."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from backend import clock
from models.booking import slot
from models.booking.order_views import SLOT_FIELDS, slot_shown

AHEAD = timedelta(days=2)
MOST = 5_000
"""Bound of the slots that are looked through: 80 places of 20 slots on three days."""


def next_free(places: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return for each place its first slot with places left, today or on the two days after; nothing where none is."""
    today = clock.today()
    days = {"$gte": today.isoformat(), "$lte": (today + AHEAD).isoformat()}
    query = {"place": {"$in": sorted(places)}, "resource": slot.WHOLE, "day": days}
    found = list(slot.Slot._get_collection().find(query, SLOT_FIELDS).sort([("day", 1), ("start", 1)]).limit(MOST))
    counters = {one["_id"]: one["left"] for one in found if one.get("kind") == "day"}
    free: dict[str, dict[str, Any]] = {}
    for one in found:
        if one.get("kind") != "day" and one["place"] not in free and (shown := slot_shown(one, counters))["left"]:
            free[one["place"]] = shown
    return free
