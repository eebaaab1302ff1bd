"""Slots made for one test, beside those of the seed."""

from datetime import timedelta

from backend import clock
from models.booking import slot, sweeper
from models.places import place

PLACE = "pingshan"


def make(quota: int, *, place_id: str = PLACE, days: int = 2, start: int = 18 * 60) -> str:
    """Open a slot of two hours `days` from today; return its id."""
    found, day = place.read(place_id), (clock.today() + timedelta(days=days)).isoformat()
    record = {"_id": slot.slot_id(place_id, day, start), "place": place_id, "day": day, "start": start}
    more = {"end": start + 120, "quota": quota, "classes": found["ticket_types"], "terms": place.terms_on(found, day)}
    assert slot.open_up(record | more)
    return record["_id"]


def left(slot_id: str) -> int:
    """Return what the store says is left."""
    return slot.read(slot_id)["left"]


def drift(slot_id: str) -> int:
    """Return by how much the counter differs from orders and holds."""
    return sweeper.recount(slot_id)
