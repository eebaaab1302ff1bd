"""Changing what the open slots of a place say of booking: how often a person may, when unused places are released."""

from typing import Any

from models.booking.slot import WHOLE, Slot


def _coming(place: str, first: str) -> dict[str, Any]:
    own = {"place": place, "resource": WHOLE, "kind": {"$ne": "day"}}
    return {**own, "day": {"$gte": first}, "state": {"$ne": "closed"}}


def count_coming(place: str, first: str, *, most: int = 10_000) -> int:
    """Return how many slots of a place as a whole are open from a day (YYYY-MM-DD) on."""
    return Slot._get_collection().count_documents(_coming(place, first), limit=most)


def change_coming(place: str, first: str, change: dict[str, Any]) -> int:
    """Change those slots; again changes nothing. Orders that are made keep what they agreed on. Return how many."""
    return Slot._get_collection().update_many(_coming(place, first), change).matched_count


def change_of(limits: list[dict[str, Any]], minutes: int | None) -> dict[str, Any]:
    """Return the update that sets limits and release, or takes them away, of a slot or of its place."""
    told = {"limits": limits or None, "terms.release_after_minutes": minutes}
    parts = {
        "$set": {name: value for name, value in told.items() if value is not None},
        "$unset": {name: "" for name, value in told.items() if value is None},
    }
    return {name: part for name, part in parts.items() if part}
