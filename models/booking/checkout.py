"""From a wish to a held order, and back: place, release, expire.

A scene decides who may have which class at which price; this flow only knows places and money.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import CityError, KeyReused
from backend.store import transactions
from models.booking import claim, issuing, no_show, order, slot, takes, waiting
from models.booking.claim import AlreadyBooked
from models.booking.order import HoldLost, OrderStateWrong
from models.booking.slot import Take
from models.booking.slot_errors import SlotBusy, SlotChanged
from models.payments import payment

HOLD = timedelta(minutes=15)
"""WeChat advises to close an order no sooner than five minutes after it was opened."""
PAY_MARGIN = timedelta(seconds=60)
"""WeChat refuses to take money this long before the hold ends, so that a success and the release do not cross."""
MOST_VISITORS = 5


@dataclass(frozen=True)
class Visitor:
    """One place of an order, as the scene has decided it: class, price in 分, the document to inspect at the gate.

    `evidence` is the record of the decision on a concession; it is kept sealed with the order. `needs_guardian` says
    whether somebody of full age must come along; None leaves it to the age band.
    """

    person: ObjectId
    name: str
    ticket_class: str
    price_fen: int
    age_band: str = "unknown"
    inspect: str = ""
    document: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict, repr=False)
    share: str = ""
    needs_guardian: bool | None = None


@dataclass(frozen=True)
class Buyer:
    """Who books: the key for the history, the account that owns the order if any, and by which channel.

    `phone` is the number that somebody without an account left, to be told of a closing.
    """

    who: str
    account: ObjectId | None = None
    channel: str = "mini"
    phone: str = field(default="", repr=False)


@dataclass(frozen=True)
class Extra:
    """What an order takes beside its own slot: a guide, a further hour of the same court. `units` of `slot`."""

    slot: dict[str, Any]
    units: int
    price_fen: int
    what: str
    title_zh: str


def place(
    buyer: Buyer,
    wanted: dict[str, Any],
    visitors: list[Visitor],
    *,
    key: bytes,
    body: bytes,
    units: int | None = None,
    extras: Sequence[Extra] = (),
) -> dict[str, Any]:
    """Hold places of the slot `wanted` for the visitors and return the order; a free one is issued at once.

    `units` is how many places of the slot are taken, one a visitor by default. With `extras` all is taken or nothing.

    Raises:
        SlotSoldOut, DaySoldOut, ShareSoldOut, SlotClosed, SlotPaused, SlotOver, SlotBusy: no place was taken.
        AlreadyBooked, TooOften: one of the visitors has booked as often as the place allows.
        OnlineLimited: one of them may not book free tickets online for a while.
        KeyReused: the key came with another body before.
        HoldLost: the process was too slow; the same request may be sent again.
    """
    if buyer.channel == "mini":
        no_show.require_allowed(visitor.person for visitor in visitors if not visitor.price_fen)
    if len({visitor.person for visitor in visitors}) < len(visitors):
        raise AlreadyBooked(fields={"visitors": [AlreadyBooked.zh]})
    number = len(visitors) if units is None else units
    record, wishes = _taken(buyer, wanted, visitors, number, extras)
    record["idempotency"] = {"key": key, "body": body}
    if met := _insert(record, wishes):
        return met
    takes.settled(wishes, record["_id"])
    if not record["total_fen"]:
        issuing.issue(record["_id"])
    return record


def _taken(
    buyer: Buyer, wanted: dict[str, Any], visitors: list[Visitor], number: int, extras: Sequence[Extra]
) -> tuple[dict[str, Any], list[Take]]:
    """Take what an order wants and return it, not stored yet; once more where a counter has come to its slot."""
    for _ in range(_TRIES):
        wishes = _wishes(wanted, number, visitors, extras)
        record = _record(buyer, wanted, visitors, wishes=wishes, extras=extras)
        try:
            takes.take_all(wishes, record["_id"])
        except SlotChanged:
            wanted = wanted | {"counters": slot.read(wanted["_id"]).get("counters", [])}
        else:
            return record, wishes
    raise SlotBusy


def _wishes(wanted: dict[str, Any], number: int, visitors: list[Visitor], extras: Sequence[Extra]) -> list[Take]:
    slot.require_open(wanted, number)
    for extra in extras:
        slot.require_open(extra.slot, extra.units)
    shares = Counter(visitor.share for visitor in visitors if visitor.share)
    own = takes.of(wanted, number, shares)
    return takes.merged([*own, *(one for extra in extras for one in takes.of(extra.slot, extra.units))])


_TRIES = 5


def _insert(record: dict[str, Any], wishes: list[Take]) -> dict[str, Any] | None:
    """Store an order; return the one that the same request made before, if there is one.

    Where a place allows several bookings, another one of the same person may take the claim that was free: once more.
    """
    for attempt in range(_TRIES):
        try:
            order.insert(record)
        except DuplicateKeyError as error:
            met = order.duplicate_of(error)
            if met == "claims" and attempt + 1 < _TRIES and (again := _other_claims(record, wishes)):
                record["claims"] = again
                continue
            return _met(error, record, wishes)
        return None
    return None


def _other_claims(record: dict[str, Any], wishes: list[Take]) -> list[bytes]:
    """Return other claims for the same visitors, empty when the place allows but one booking.

    Raises:
        AlreadyBooked, TooOften: none is left; the hold was given back.
    """
    if all(limit["most"] == 1 for limit in record.get("limits", claim.ONE_A_DAY)):
        return []
    if earlier(record["idempotency"]["key"], record["idempotency"]["body"]):
        return []
    try:
        return claim.free_for(record)
    except CityError:
        takes.return_all(wishes, record["_id"])
        raise


def earlier(key: bytes, body: bytes) -> dict[str, Any] | None:
    """Return the order that the same request made before.

    Raises:
        KeyReused: the key came with another body.
    """
    found = order.by_key(key)
    if found and found["idempotency"]["body"] != body:
        raise KeyReused
    return found


def _record(
    buyer: Buyer, wanted: dict[str, Any], visitors: list[Visitor], *, wishes: list[Take], extras: Sequence[Extra]
) -> dict[str, Any]:
    order_id, now = ObjectId(), clock.now()
    record = draft(order_id, buyer, wanted, visitors, wishes=wishes, extras=extras)
    first = outbox.entry("checkout", "booking.expire", due=now + HOLD, order=str(order_id))
    follow = [first] if record["total_fen"] else [outbox.entry("checkout", "booking.issue", order=str(order_id))]
    held = {"state": "held", "hold_until": now + HOLD, "history": [order.event("held", buyer.who)], "outbox": follow}
    return record | held | {"claims": claim.free_for(record)}


def draft(
    order_id: ObjectId,
    buyer: Buyer,
    wanted: dict[str, Any],
    visitors: list[Visitor],
    *,
    wishes: list[Take],
    extras: Sequence[Extra] = (),
) -> dict[str, Any]:
    """Return an order as it is before it is held: what it is about, and for whom, sealed for this id."""
    total = sum(visitor.price_fen for visitor in visitors) + sum(extra.price_fen for extra in extras)
    return {
        "_id": order_id,
        "place": wanted["place"],
        "slot": wanted["_id"],
        "day": wanted["day"],
        "start": wanted["start"],
        "end": max([wanted["end"], *(one.slot["end"] for one in extras if _further(one, wanted))]),
        "places": wishes[0].places,
        "takes": takes.stored(wishes),
        "visitors": [_line(order_id, number, visitor) for number, visitor in enumerate(visitors)],
        "total_fen": total,
        "terms": wanted.get("terms", {}),
        **_beyond(buyer, wanted, extras),
        **({"contact": order.sealed_contact(order_id, buyer.phone)} if buyer.phone else {}),
    }


def _further(extra: Extra, wanted: dict[str, Any]) -> bool:
    return bool(wanted.get("resource")) and extra.slot.get("resource") == wanted["resource"]


def _beyond(buyer: Buyer, wanted: dict[str, Any], extras: Sequence[Extra]) -> dict[str, Any]:
    """Return the fields that only some orders have."""
    told = [
        {
            "slot": one.slot["_id"],
            "units": one.units,
            "price_fen": one.price_fen,
            "what": one.what,
            "title_zh": one.title_zh,
        }
        for one in extras
    ]
    fields = {
        "account": buyer.account,
        "channel": buyer.channel if buyer.channel != "mini" else None,
        "resource": wanted.get("resource"),
        "limits": wanted.get("limits"),
        "extras": told,
    }
    return {name: value for name, value in fields.items() if value}


def _line(order_id: ObjectId, number: int, visitor: Visitor) -> dict[str, Any]:
    line = {
        "person": visitor.person,
        "name": runtime.current().sealer.seal("orders.visitors.name", f"{order_id}:{number}", visitor.name),
        "ticket_class": visitor.ticket_class,
        "price_fen": visitor.price_fen,
        "age_band": visitor.age_band,
        "inspect": visitor.inspect,
        "document": visitor.document,
    } | ({"share": visitor.share} if visitor.share else {})
    line |= {} if visitor.needs_guardian is None else {"needs_guardian": visitor.needs_guardian}
    return line | ({"evidence": order.sealed_evidence(order_id, number, visitor.evidence)} if visitor.evidence else {})


def _met(error: DuplicateKeyError, record: dict[str, Any], wishes: list[Take]) -> dict[str, Any]:
    """Give the hold back and say what the insert met."""
    takes.return_all(wishes, record["_id"])
    if order.duplicate_of(error) == "_id":
        raise HoldLost from None
    if found := earlier(record["idempotency"]["key"], record["idempotency"]["body"]):
        return found
    raise claim.taken(record, order.claim_of(error)) from None


def release(order_id: ObjectId, to_state: str, who: str, follow: Sequence[dict[str, Any]] = ()) -> bool:
    """End a held order and return its places, once; return whether this call did it. `follow` goes with it."""

    def change(session: ClientSession) -> str:
        line = order.event(to_state, who)
        told = list(follow)
        was = order.move(order_id, ("held",), to_state, line=line, session=session, release=True, follow=told)
        if not was:
            return ""
        waiting.order_ended(was, to_state, session)
        return "kept" if takes.give_back(order.takes(was), session) else "left"

    done = transactions.run(change)
    if done == "kept":
        outbox.wake("checkout")
    return bool(done)


def expire(order_id: ObjectId) -> None:
    """End a hold that nobody paid: ask WeChat first, close there, then release.

    Raises:
        PaymentUnknown: WeChat did not answer; nothing was released.
    """
    found = order.read(order_id)
    if found["state"] != "held":
        return
    if found.get("payment") and payment.close(found["payment"]) == "paid":
        issuing.paid(order_id)
        return
    release(order_id, "expired", "system:checkout")


def require_held(found: dict[str, Any]) -> None:
    """Check that an order may still be paid.

    Raises:
        OrderStateWrong: it was issued, cancelled or has run out.
    """
    if found["state"] != "held" or found["hold_until"] <= clock.now():
        raise OrderStateWrong(state=found["state"])
