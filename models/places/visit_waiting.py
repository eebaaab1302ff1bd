"""Waiting for a visit: the same checks of visitors and ticket types as for booking one."""

from typing import Any

from backend.errors import CityError
from models.booking import checkout, slot, waiting_join
from models.identity.actors import Resident
from models.places import place, visit
from models.places.visit import Wish


def join(resident: Resident, slot_id: str, wishes: list[Wish], *, key: bytes, body: bytes) -> dict[str, Any]:
    """Let a party wait for a slot, together, and return the entry; the same request returns the same entry.

    Raises:
        NotFound, VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: see `visit.book`.
        SlotOver, SlotClosed, SlotPaused, PlacesThere, LineFull, AlreadyBooked, TooOften, OnlineLimited,
        AlreadyWaiting, TooManyWaiting: see `waiting_join.join`.
        KeyReused: the key came with another body before.
    """
    try:
        return _join(resident, slot_id, wishes, {"key": key, "body": body})
    except CityError:
        if found := waiting_join.earlier(resident.account_id, key, body):
            return found
        raise


def _join(resident: Resident, slot_id: str, wishes: list[Wish], idempotency: dict[str, bytes]) -> dict[str, Any]:
    wanted = slot.read(slot_id)
    visitors = visit.visitors_of(resident, wanted, wishes)
    named = wanted.get("resource_zh")
    place_zh = place.read(wanted["place"])["name"] + (f" {named}" if named else "")
    buyer = checkout.Buyer(resident.key, resident.account_id)
    return waiting_join.join(buyer, wanted, visitors, place_zh=place_zh, idempotency=idempotency)
