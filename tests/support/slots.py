"""Slots made for one test, beside those of the seed."""

from datetime import timedelta
from typing import Any

from backend import clock
from models.booking import slot, sweeper
from models.places import place

PLACE = "pingshan"


def make(
    quota: int, *, place_id: str = PLACE, days: int = 2, start: int = 18 * 60, resource: str = "", **more: Any
) -> str:
    """Open a slot of two hours `days` from today; return its id. `more` are further fields of the slot."""
    found, day = place.read(place_id), (clock.today() + timedelta(days=days)).isoformat()
    told = {"place": place_id, "resource": resource, "day": day, "start": start, "end": start + 120, "quota": quota}
    sold = {"classes": found["ticket_types"], "terms": place.terms_on(found, day)}
    made = slot.slot_id(place_id, day, start, resource)
    assert slot.open_up({"_id": made, **told, **sold, **more})
    return made


def guide(quota: int = 1, *, place_id: str = "museum", price_fen: int = 8000, **more: Any) -> str:
    """Open a slot of a guide beside the one that `make` opens."""
    kind = {"code": "guided_tour", "name_zh": "讲解服务", "price_fen": price_fen, "identity_documents": []}
    told = {"resource_kind": "guide", "resource_zh": "讲解员", "classes": [kind]}
    return make(quota, place_id=place_id, resource="guide", **told, **more)


def left(slot_id: str) -> int:
    """Return what the store says is left."""
    return slot.read(slot_id)["left"]


def drift(slot_id: str) -> int:
    """Return by how much the counter differs from orders and holds."""
    return sweeper.recount(slot_id)
