"""Passing on what came back: offers (候补机会) to the line of a slot, and their answers.

An offer is a held order made from the entry, counted in every slot like any hold; it is never issued by itself. Entry,
order and counters change in one transaction, which also decides whose turn it is: two workers make one offer. What ends
the order gives its places back, which tells the line again. A kill anywhere leaves the word in the slot's outbox.
"""

from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import CityError, Conflict, NotFound
from backend.store import transactions
from models.booking import claim, issuing, no_show, offer_rule, order, slot, slot_line, waiting, waiting_join
from models.booking.offer_rule import Terms, Turn
from models.messaging import notice

MOST_SLOTS = 2_000


class NoOffer(Conflict):
    """409: there is no offer yet."""

    code = "waiting_no_offer"
    zh = "还没有轮到您,名额退回后会通知您;请在“我的候补”中查看位置。"
    en = "It is not your turn yet. You will be told when places come back."


class OfferOver(Conflict):
    """409: the offer has ended."""

    code = "waiting_offer_over"
    zh = "这次候补机会已结束,名额已转给他人;可重新候补或换一个时段。"
    en = "This offer is over. Wait again or choose another slot."


class _Unfit(CityError):
    """Aborts the transaction of an offer that cannot be made to this entry any more."""

    def __init__(self, entry: dict[str, Any], reason: str) -> None:
        super().__init__()
        self.entry, self.reason = entry, reason


def pass_on(slot_id: str) -> int:
    """Offer what is kept of a slot to its line, and sell again what nobody can use; return how many it made."""
    try:
        found = slot.read(slot_id)
    except NotFound:
        return 0
    if not found.get("waiting"):
        return 0
    if found["state"] == "closed":
        _end(waiting.line(slot_id), "slot_closed")
        return 0
    made, figures = 0, offer_rule.today()
    _end([one for one in waiting.line(slot_id) if waiting.starts(one) <= clock.now() + waiting.DUE], "slot_over")
    if found["state"] == "open":
        while _step(slot_id, figures):
            made += 1
    if made:
        outbox.wake("push")
    return made


def _end(entries: list[dict[str, Any]], reason: str) -> None:
    for one in entries:
        transactions.run(partial(waiting.leave, one, reason))


def _step(slot_id: str, figures: Terms) -> bool:
    """Make one offer, or sell again what nobody can use; return whether there may be more to do."""
    now = clock.now()
    try:
        return transactions.run(lambda session: _turn(slot_id, figures, now, session))
    except _Unfit as unfit:
        if unfit.reason != "booked_elsewhere" or _is_booked(unfit.entry):
            _end([unfit.entry], unfit.reason)
        return True


def _is_booked(entry: dict[str, Any]) -> bool:
    """Tell whether a visitor cannot be booked; where one may book several times, only a claim may have been taken."""
    try:
        waiting_join.require_free(entry)
    except (claim.AlreadyBooked, claim.TooOften):
        return True
    return False


def _turn(slot_id: str, figures: Terms, now: datetime, session: ClientSession) -> bool:
    line = waiting.line(slot_id, session=session)
    rooms = slot_line.read({slot_id, *(name for one in line for name in one["counters"])}, session)
    turn = offer_rule.whose_turn(slot_id, line, rooms, now)
    if turn.party:
        _offer(waiting.read(turn.party["_id"], session=session), figures, now, session)
        _note_passed(turn, set(turn.party["counters"]), rooms, figures, now, session)
        return True
    if rooms[slot_id].get("kept") and not turn.keeps and slot_line.let_go(slot_id, session):
        _note_passed(turn, {slot_id}, rooms, figures, now, session)
    return False


def _note_passed(  # noqa: PLR0917 - what a turn looks at
    turn: Turn,
    used: set[str],
    rooms: dict[str, dict[str, Any]],
    figures: Terms,
    now: datetime,
    session: ClientSession,
) -> None:
    """Note that the head was passed over, where what it lacks went to others."""
    if turn.passed is None:
        return
    lacking = {one.slot for one in waiting.takes(turn.passed) if not slot_line.fits(rooms[one.slot], one)}
    if lacking & used:
        waiting.passed_over(turn.passed, figures.passed_most, figures.collect, now, session)


def _offer(entry: dict[str, Any], figures: Terms, now: datetime, session: ClientSession) -> None:
    until, wakes = offer_rule.until(now, waiting.starts(entry), figures)
    if no_show.refusal(entry["order"]["visitors"]):
        raise _Unfit(entry, "not_allowed")
    try:
        record = _order(entry, until)
        served = waiting.offered(entry["_id"], until, session) and slot_line.serve(waiting.takes(entry), session)
        assert served, "the turn was decided in this snapshot"
        order.Order._get_collection().insert_one(record, session=session)
    except (DuplicateKeyError, claim.AlreadyBooked, claim.TooOften):
        raise _Unfit(entry, "booked_elsewhere") from None
    told = waiting.about(entry) | {"until": f"{clock.civil(until):%Y-%m-%d %H:%M}"}
    key = str(entry["_id"])
    notice.tell(entry["account"], "waiting_offer", key=key, values=told, urgent=wakes, session=session)


def _order(entry: dict[str, Any], until: datetime) -> dict[str, Any]:
    """Return the order that an offer makes.

    Raises:
        AlreadyBooked, TooOften: a visitor has booked as often as one may.
    """
    record = {
        **entry["order"],
        "_id": entry["_id"],
        "state": "held",
        "hold_until": until,
        "from_waiting": True,
        "history": [order.event("offered", "system:waiting")],
        "outbox": [outbox.entry("checkout", "booking.expire", due=until, order=str(entry["_id"]))],
    }
    return record | {"claims": claim.free_for(record)}


def accept(entry_id: ObjectId, account: ObjectId) -> dict[str, Any]:
    """Take an offer: what is free is issued, what costs waits for its payment; accepting again changes nothing.

    Raises:
        NotFound: not the account's entry.
        NoOffer: it is not its turn yet.
        OfferOver: the time is over, or it was given up.
    """
    found = waiting.read(entry_id, account=account)
    if found["state"] == "waiting":
        raise NoOffer
    if found["state"] == "offered":
        if found["until"] <= clock.now():
            raise OfferOver
        if not found["total_fen"]:
            issuing.issue(entry_id)
            outbox.wake("push")
    found = waiting.read(entry_id, account=account)
    if found["state"] not in {"offered", "taken"}:
        raise OfferOver
    return found


def tend() -> int:
    """Look after every line: what is collected and its time, slots that begin or sell again; return the offers made."""
    query = {"waiting": {"$gt": 0}}
    rows = slot.Slot._get_collection().find(query, {"kept": 1, "state": 1, "day": 1, "start": 1, "kind": 1})
    return sum(pass_on(one["_id"]) for one in rows.sort("day", 1).limit(MOST_SLOTS) if _wants_tending(one))


def _wants_tending(found: dict[str, Any]) -> bool:
    begins = clock.at(clock.date_of(found["day"]), found["start"]) - waiting.DUE
    of_its_own = found.get("kind") != "day"
    return bool(found.get("kept")) or found["state"] == "closed" or (of_its_own and begins <= clock.now())
