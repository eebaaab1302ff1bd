"""Booking for who stands there without a phone, at a window or a kiosk: the same counters as the mini-program.

The visitor is known by the document that lies on the desk or on the reader, so registers are asked as of somebody who
is surely this person; what a clerk has inspected the gate need not look at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend import clock
from backend.errors import CityError
from backend.identity_documents import IdentityDocument, mask
from models.booking import checkout
from models.identity import person
from models.identity.companion import Companion
from models.onecard import entitlement
from models.onecard.entitlement import Entitlement
from models.places import visit
from models.places.visit import ExtraWish
from models.places.visit_concession import Patience


@dataclass(frozen=True)
class Guest:
    """One visitor at a window: the document, the name on it, the ticket type; `inspected` when papers were shown."""

    document: IdentityDocument
    name: str
    ticket_type: str
    inspected: bool = False


def visitors_of(wanted: dict[str, Any], guests: Sequence[Guest]) -> list[checkout.Visitor]:
    """Return who would visit a slot; persons that nobody knew are declared.

    Raises:
        OfSport: the slot is not booked as a visit.
        TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: a guest may not have the ticket type.
    """
    visit.require_visit(wanted)
    patience = Patience()

    def ask(chosen: Companion, kind: dict[str, Any]) -> Entitlement:
        day = clock.date_of(wanted["day"])
        return entitlement.entitled(
            chosen.person_id, kind["concession"], day=day, at=wanted["place"], seconds=patience.left
        )

    made = []
    for number, guest in enumerate(guests):
        found = visit.admitted(wanted, number, _companion(guest), guest.ticket_type, ask)
        made.append(replace(found, inspect="") if guest.inspected else found)
    return made


def _companion(guest: Guest) -> Companion:
    document = guest.document
    known = person.find_or_declare(document, guest.name)
    tail = mask(document.kind, document.number)
    return Companion("", known, guest.name, document.birth_date, document.kind, tail, is_self=False)


def place(
    buyer: checkout.Buyer,
    wanted: dict[str, Any],
    visitors: list[checkout.Visitor],
    extras: Sequence[ExtraWish] = (),
    *,
    key: bytes,
    body: bytes,
) -> dict[str, Any]:
    """Book a slot for guests; the same request again returns the same order.

    Raises:
        ExtraWrong, TicketTypeUnknown: what is added does not fit.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, HoldLost, KeyReused: see `checkout.place`.
    """
    try:
        added = [visit.extra_of(wanted, number, wish) for number, wish in enumerate(extras)]
        return checkout.place(buyer, wanted, visitors, key=key, body=body, extras=added)
    except CityError:
        if found := checkout.earlier(key, body):
            return found
        raise


def price_fen(wanted: dict[str, Any], visitors: Sequence[checkout.Visitor], extras: Sequence[ExtraWish]) -> int:
    """Return what a booking would cost."""
    added = (visit.extra_of(wanted, number, wish) for number, wish in enumerate(extras))
    return sum(one.price_fen for one in visitors) + sum(one.price_fen for one in added)
