"""Joining a line, and leaving it with one tap."""

from collections import Counter
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import Conflict, KeyReused
from backend.store import transactions
from models.booking import cancel, checkout, claim, no_show, order, slot_line, takes, waiting
from models.booking.checkout import Buyer, Visitor
from models.booking.claim import AlreadyBooked
from models.booking.waiting import AlreadyWaiting


class TooLateToGiveUp(Conflict):
    """409: the places were taken; an order is cancelled by its own rule."""

    code = "waiting_taken"
    zh = "候补名额已预约成功;如不需要,请在“我的订单”中取消。"
    en = "The places were booked. Cancel the order if you do not need it."


def join(
    buyer: Buyer,
    wanted: dict[str, Any],
    visitors: list[Visitor],
    *,
    place_zh: str,
    units: int | None = None,
    idempotency: dict[str, bytes] | None = None,
) -> dict[str, Any]:
    """Let a party wait for a slot that cannot take it now, and return its entry. One transaction decides.

    `idempotency` is the key and the body of the request, by which `earlier` finds the entry.

    Raises:
        SlotOver, SlotClosed, SlotPaused, PlacesThere, LineFull: it does not have to wait, or cannot.
        AlreadyBooked, TooOften, OnlineLimited: a visitor may not book this slot.
        AlreadyWaiting, TooManyWaiting: the account or a visitor waits already.
    """
    assert buyer.account is not None, "who waits is told by their account"
    if len({visitor.person for visitor in visitors}) < len(visitors):
        raise AlreadyBooked(fields={"visitors": [AlreadyBooked.zh]})
    no_show.require_allowed([one.person for one in visitors if not one.price_fen])
    waiting.require_few(buyer.account)
    entry = _entry(buyer, wanted, visitors, place_zh=place_zh, units=units)
    entry |= {"idempotency": idempotency} if idempotency else {}
    require_free(entry)

    def change(session: ClientSession) -> dict[str, Any]:
        number = slot_line.join(waiting.takes(entry), session)
        record = entry | {"seq": number}
        waiting.insert(record, session)
        return record

    try:
        return transactions.run(change)
    except DuplicateKeyError:
        raise AlreadyWaiting(fields={"visitors": [AlreadyWaiting.zh]}) from None


def earlier(account: ObjectId, key: bytes, body: bytes) -> dict[str, Any] | None:
    """Return the entry that the same request made before, as it is by now.

    Raises:
        KeyReused: the key came with another body.
    """
    found = waiting.by_key(account, key)
    if found and found["idempotency"]["body"] != body:
        raise KeyReused
    return found


def _entry(
    buyer: Buyer, wanted: dict[str, Any], visitors: list[Visitor], *, place_zh: str, units: int | None
) -> dict[str, Any]:
    entry_id, number = ObjectId(), len(visitors) if units is None else units
    shares = Counter(visitor.share for visitor in visitors if visitor.share)
    wishes = takes.merged(takes.of(wanted, number, shares))
    draft = checkout.draft(entry_id, buyer, wanted, visitors, wishes=wishes)
    assert buyer.account is not None
    return {
        "_id": entry_id,
        "account": buyer.account,
        "place_zh": place_zh,
        "counters": [one.slot for one in wishes],
        "size": number,
        "state": "waiting",
        "order": {name: value for name, value in draft.items() if name != "_id"},
        "claims": waiting.claims_of(wanted["_id"], buyer.account, [one.person for one in visitors]),
        "joined_at": clock.now(),
        **{name: draft[name] for name in ("place", "slot", "day", "start", "end", "total_fen")},
    }


def require_free(entry: dict[str, Any]) -> None:
    """Refuse a visitor who could not book the slot if it had places; an offer decides it again.

    Raises:
        AlreadyBooked, TooOften: one of them is booked, for this slot or as often as the place allows.
    """
    orders, wanted = order.Order._get_collection(), entry["order"]
    claims = claim.free_for(wanted)
    met = orders.find_one({"claims": {"$in": claims}}, {"claims": 1})
    if met:
        raise claim.taken(wanted, next(one for one in met["claims"] if one in claims))
    persons = [one["person"] for one in wanted["visitors"]]
    live = {"visitors.person": {"$in": persons}, "takes.slot": entry["slot"], "state": {"$in": ["held", "issued"]}}
    if orders.find_one(live, {"_id": 1}):
        raise AlreadyBooked(fields={"visitors": [AlreadyBooked.zh]})


def give_up(entry_id: ObjectId, account: ObjectId, who: str) -> dict[str, Any]:
    """Give up waiting, or an offer: its places are free at once. Giving up again changes nothing.

    Raises:
        NotFound: not the account's entry.
        TooLateToGiveUp, JustPaid: the places were taken.
        PaymentUnknown: WeChat did not answer; nothing was changed.
    """
    while True:
        found = waiting.read(entry_id, account=account)
        if found["state"] == "taken":
            raise TooLateToGiveUp
        if found["state"] == "offered":
            cancel.cancel_held(entry_id, who, account=account)
        elif found["state"] == "waiting":
            transactions.run(partial(waiting.leave, found, "given_up"))
            outbox.wake("checkout")
        else:
            return found
