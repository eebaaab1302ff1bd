"""Taking from several counters, all or none: the slot of a visit, its day's limit, a guide, further hours of a court.

Each counter notes the hold. A process that dies between two of them leaves notes without an order, and the sweeper
gives back what they took (`models/booking/sweeper.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import CityError
from models.booking import slot
from models.booking.slot import Take


def of(wanted: Mapping[str, Any], places: int, shares: Mapping[str, int] | None = None) -> list[Take]:
    """Return what so many places of a slot take: of the slot itself, and of every counter that sells along."""
    known = {name: number for name, number in (shares or {}).items() if name in wanted.get("shares", {})}
    counters = wanted.get("counters") or []
    own = Take(wanted["_id"], places, known, frozenset(counters))
    return [own, *(Take(one, places) for one in counters)]


def merged(takes: Sequence[Take]) -> list[Take]:
    """Return the takes with each slot named once, in their order."""
    found: dict[str, Take] = {}
    for one in takes:
        before = found.get(one.slot, Take(one.slot, 0))
        shares = {name: before.shares.get(name, 0) + one.shares.get(name, 0) for name in {*before.shares, *one.shares}}
        found[one.slot] = Take(one.slot, before.places + one.places, shares, one.known)
    return list(found.values())


def take_all(takes: Sequence[Take], hold: ObjectId) -> None:
    """Take from every counter for `hold`; when one refuses, what the others gave goes back at once.

    Raises:
        SlotSoldOut, DaySoldOut, ShareSoldOut, SlotClosed, SlotPaused, SlotBusy, SlotChanged: nothing was taken.
    """
    for number, one in enumerate(takes):
        try:
            slot.take(one, hold)
        except CityError:
            return_all(takes[:number], hold)
            raise


def return_all(takes: Sequence[Take], hold: ObjectId) -> None:
    """Give a hold back that has no order, on each counter once."""
    for one in takes:
        slot.return_hold(one, hold)


def settled(takes: Sequence[Take], hold: ObjectId) -> None:
    """Note that the order of `hold` is stored."""
    for one in takes:
        slot.settled(one.slot, hold)


def give_back(takes: Sequence[Take], session: ClientSession) -> bool:
    """Return what an order took inside the transaction that ends it; counters in one order for all transactions.

    Returns whether something is kept for people who wait: who began the transaction wakes `checkout` after it then.
    """
    kept = [slot.give_back(one, session) for one in sorted(takes, key=lambda each: each.slot)]
    return any(kept)


def take_again(takes: Sequence[Take], session: ClientSession) -> bool:
    """Take from every counter inside the transaction that revives an order; return False as soon as one refuses.

    So does a slot that has got a counter since.
    """
    known = frozenset(one.slot for one in takes)
    every = (replace(one, known=known) for one in sorted(takes, key=lambda each: each.slot))
    return all(slot.take_again(one, session) for one in every)


def stored(takes: Sequence[Take]) -> list[dict[str, Any]]:
    """Return takes as an order keeps them."""
    return [
        {"slot": one.slot, "places": one.places} | ({"shares": dict(one.shares)} if one.shares else {}) for one in takes
    ]
