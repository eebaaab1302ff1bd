"""Waiting for a visit: the same checks of visitors and ticket types as for booking one."""

from typing import Any

from models.booking import checkout, slot, waiting_join
from models.identity.actors import Resident
from models.places import place, visit
from models.places.visit import Wish


def join(resident: Resident, slot_id: str, wishes: list[Wish]) -> dict[str, Any]:
    """Let a party wait for a slot, together, and return the entry.

    Raises:
        NotFound, VisitorUnknown, TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: see `visit.book`.
        SlotOver, SlotClosed, SlotPaused, PlacesThere, LineFull, AlreadyBooked, TooOften, OnlineLimited,
        AlreadyWaiting, TooManyWaiting: see `waiting_join.join`.
    """
    wanted = slot.read(slot_id)
    visitors = visit.visitors_of(resident, wanted, wishes)
    named = wanted.get("resource_zh")
    place_zh = place.read(wanted["place"])["name"] + (f" {named}" if named else "")
    buyer = checkout.Buyer(resident.key, resident.account_id)
    return waiting_join.join(buyer, wanted, visitors, place_zh=place_zh)
