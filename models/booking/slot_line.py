"""The line (候补队列) in front of a slot: how many parties wait, and what is kept apart for them.

    left    what anybody may buy
    kept    what came back while somebody waited; only an offer takes from it

Nothing is kept for nobody: with the last party that leaves, and whenever nobody in the line can use it, what was kept
is for sale again. Each change is part of a transaction that changes an entry of the line as well; it reads the slot
there and writes what it comes to, so that whoever changes the slot meanwhile makes it begin again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict
from models.booking import slot
from models.booking.slot import Slot, Take
from models.booking.slot_errors import SlotChanged, SlotClosed, SlotOver, paused

MOST = 200
"""Bound of the parties that wait for one slot."""
Found = dict[str, Any]
Pots = dict[str, tuple[int, int]]
"""Left and kept: of the slot as a whole under "", and of each of its shares."""


class LineFull(Conflict):
    """409: so many wait already that one more would wait in vain."""

    code = "waiting_full"
    zh = "该时段候补人数已满,请换一个时段。"
    en = "The waiting list of this slot is full. Choose another slot."


class PlacesThere(Conflict):
    """409: nobody needs to wait for what can be booked."""

    code = "waiting_not_needed"
    zh = "该时段还有足够的名额,请直接预约。"
    en = "This slot has enough places. Book it directly."


def read(slots: Iterable[str], session: ClientSession | None = None) -> dict[str, Found]:
    """Return slots by id, without their notes."""
    found = Slot._get_collection().find({"_id": {"$in": sorted(slots)}}, {"pending": 0}, session=session)
    return {one["_id"]: one for one in found}


def fits(found: Found, wish: Take) -> bool:
    """Tell whether an offer could take so much of a slot: from what is kept, and from what is left."""
    pots = _pots(found)
    wanted = _wanted(wish).items()
    return found["state"] == "open" and all(sum(pots.get(name, (0, 0))) >= number for name, number in wanted)


def join(wishes: Sequence[Take], session: ClientSession) -> int:
    """Let one more party wait for all these counters, the first being its slot; return its number in the line.

    Numbers are given out by the last counter, which is the one that several slots may share.

    Raises:
        SlotOver, SlotClosed, SlotPaused, PlacesThere, LineFull: it does not have to wait, or cannot.
        SlotChanged: the slot sells along with a counter that it does not wait for.
    """
    found, number = read((one.slot for one in wishes), session), 0
    own = found[wishes[0].slot]
    if set(own.get("counters", ())) - set(found):
        raise SlotChanged
    _require_waitable(found.values(), own)
    if all(_sells(found[one.slot], one) for one in wishes):
        raise PlacesThere
    if own.get("waiting", 0) >= MOST:
        raise LineFull
    for one in wishes:
        number = found[one.slot].get("line", 0) + 1
        change = {"$inc": {"waiting": 1}, "$set": {"line": number}}
        Slot._get_collection().update_one({"_id": one.slot}, change, session=session)
    return number


def _require_waitable(found: Iterable[Found], own: Found) -> None:
    if clock.at(clock.date_of(own["day"]), own["start"]) <= clock.now():
        raise SlotOver
    for one in found:
        if one["state"] == "closed":
            raise SlotClosed
        if one["state"] == "paused":
            raise paused(one.get("paused_reason", ""))


def _sells(found: Found, wish: Take) -> bool:
    pots = _pots(found)
    return all(pots.get(name, (0, 0))[0] >= number for name, number in _wanted(wish).items())


def serve(wishes: Sequence[Take], session: ClientSession) -> bool:
    """Take from every counter for a party of the line, which leaves it; return False when one has not enough."""
    found = read((one.slot for one in wishes), session)
    if not all(one.slot in found and fits(found[one.slot], one) for one in wishes):
        return False
    for one in sorted(wishes, key=lambda each: each.slot):
        pots = _pots(found[one.slot])
        for name, number in _wanted(one).items():
            left, kept = pots[name]
            pots[name] = left - max(0, number - kept), kept - min(kept, number)
        _write(found[one.slot], pots, found[one.slot]["waiting"] - 1, session)
    return True


def leave(slots: Iterable[str], session: ClientSession) -> None:
    """Let one party leave the line of these counters; what is kept there may be somebody else's turn."""
    for one in sorted(read(slots, session).items()):
        _write(one[1], _pots(one[1]), one[1]["waiting"] - 1, session, tell=True)


def let_go(slot_id: str, session: ClientSession) -> int:
    """Sell again what is kept of a slot; return how many places that were."""
    found = read([slot_id], session)[slot_id]
    _write(found, _sold_again(_pots(found)), found["waiting"], session)
    return int(found.get("kept", 0))


def _pots(found: Found) -> Pots:
    shares = {name: (one["left"], one.get("kept", 0)) for name, one in found.get("shares", {}).items()}
    return {"": (found["left"], found.get("kept", 0)), **shares}


def _wanted(wish: Take) -> dict[str, int]:
    return {"": wish.places, **wish.shares}


def _sold_again(pots: Pots) -> Pots:
    return {name: (left + kept, 0) for name, (left, kept) in pots.items()}


def _write(found: Found, pots: Pots, waiting: int, session: ClientSession, *, tell: bool = False) -> None:
    """Write what a slot comes to. With `tell` the line hears that something is kept."""
    told: dict[str, int] = {"waiting": waiting}
    for name, (left, kept) in (pots if waiting else _sold_again(pots)).items():
        path = f"shares.{name}." if name else ""
        told |= {f"{path}left": left, f"{path}kept": kept}
    change: dict[str, Any] = {"$set": told}
    if tell and waiting and pots[""][1]:
        change["$push"] = slot.told(found["_id"])
    Slot._get_collection().update_one({"_id": found["_id"]}, change, session=session)
