"""Cancelling some visitors of an order: their tickets are void, places and claims return, their money by the rule.

One transaction changes ticket, counters and order; the money follows by the order's outbox, each part under a number of
its own at WeChat. The last visitor cancelled is the order cancelled.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import BadInput, CityError, Conflict
from backend.store import transactions
from models.booking import cancel, claim, order, refund_parts, refund_rule, slot, takes, ticket
from models.booking.order import Order, OrderStateWrong
from models.booking.slot import Take
from models.payments import refund

_TRIES = 5
GROWN = frozenset({"adult", "senior", "unknown"})


class VisitorNumberWrong(BadInput):
    """400: the order has no visitor of this number."""

    code = "visitor_number_wrong"
    zh = "订单中没有这位游客,请刷新订单后再选。"
    en = "The order has no such visitor. Refresh it and choose again."

    def __init__(self) -> None:
        super().__init__(fields={"visitors": [self.zh]})


class NotByVisitor(Conflict):
    """409: what was taken is not one place a visitor."""

    code = "order_not_by_visitor"
    zh = "该订单按场次或整单预约,不能单独退其中一人,请整单取消。"
    en = "This order was not booked by the visitor. Cancel it as a whole."


class GuardianNeeded(Conflict):
    """409: only children would be left."""

    code = "visitor_needs_guardian"
    zh = "该景点要求儿童由成人陪同,不能只保留儿童票;请整单取消或保留一位成人。"
    en = "Children may not be left without an adult here. Keep an adult, or cancel the whole order."


class _Changed(CityError):
    """Aborts the transaction: the order is not what was decided on, but `found`.

    A read outside of the transaction may be behind it, until the majority has what another one wrote.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


def cancel_visitors(
    order_id: ObjectId, numbers: Sequence[int], who: str, *, account: ObjectId | None = None, full: bool = False
) -> dict[str, Any]:
    """Cancel visitors of an issued order by their numbers and return it as it is now; repeating it changes nothing.

    Raises:
        NotFound: not the account's order.
        VisitorNumberWrong, NotByVisitor, GuardianNeeded: it cannot be divided so.
        TicketUsed: one of them walked in.
        OrderStateWrong: it was not issued, or has ended.
        JustPaid, PaymentUnknown: see `cancel.cancel`, which ends the order with its last visitor.
    """
    found = order.read(order_id, account=account)
    for _ in range(_TRIES):
        wanted = _wanted(found, numbers)
        if not wanted:
            return found
        if wanted == refund_parts.live(found):
            return cancel.cancel(order_id, who, account=account, full=full)
        _require(found, wanted)
        try:
            return _cancel(found, wanted, who, 100 if full else refund_rule.percent(found))
        except _Changed as changed:
            found = changed.found
    raise OrderStateWrong(state=found["state"])


def _wanted(found: dict[str, Any], numbers: Sequence[int]) -> list[int]:
    if not set(numbers) <= set(range(len(found["visitors"]))):
        raise VisitorNumberWrong
    if found["state"] == "cancelled":
        return []
    return [number for number in refund_parts.live(found) if number in numbers]


def _require(found: dict[str, Any], wanted: list[int]) -> None:
    """Check that an order can lose these visitors and keep the others.

    Raises:
        OrderStateWrong, NotByVisitor, GuardianNeeded: it cannot.
    """
    left = [number for number in refund_parts.live(found) if number not in wanted]
    if found["state"] != "issued":
        raise OrderStateWrong(state=found["state"])
    if found["places"] != len(left) + len(wanted):
        raise NotByVisitor
    staying = [found["visitors"][number] for number in left]
    guarded = any(_needs_guardian(found, one) for one in staying)
    if guarded and not any(one.get("age_band") in GROWN for one in staying):
        raise GuardianNeeded


def _needs_guardian(found: dict[str, Any], visitor: dict[str, Any]) -> bool:
    """Tell whether a visitor may not stay without somebody of full age: as the scene said, else by the age band."""
    if "needs_guardian" in visitor:
        return bool(visitor["needs_guardian"])
    required = (found.get("terms") or {}).get("guardian_required")
    return bool(required) and visitor.get("age_band") == "child"


def _cancel(found: dict[str, Any], wanted: list[int], who: str, percent: int) -> dict[str, Any]:
    order_id, name = found["_id"], refund_parts.name_of(wanted)
    now, line = clock.now(), order.event("visitors_cancelled", who, visitors=wanted)
    taken = _taken(found, wanted)
    follow = outbox.entry("checkout", "booking.request_part", order=str(order_id), part=name)

    def change(session: ClientSession) -> bool:
        fresh = Order._get_collection().find_one({"_id": order_id}, session=session) or found
        if fresh.get("state") != "issued" or refund_parts.live(fresh) != refund_parts.live(found):
            raise _Changed(fresh)
        if not ticket.void_some(order_id, wanted, session):
            raise cancel.TicketUsed
        base = refund_parts.price_of(fresh, wanted)
        part = {"part": name, "visitors": wanted, "base_fen": base, "percent": percent, "at": now}
        fen = refund_parts.fen_of(fresh, base, percent) if fresh.get("payment") or fresh.get("cash") else 0
        part |= {"fen": fen, "state": ("to_collect" if fresh.get("cash") else "requested") if fen else "none"}
        change = _change(fresh, part, taken)
        change["$push"] |= {
            "history": {"$each": [{**line, "refund_fen": fen}], "$slice": -100},
            "outbox": {"$each": [follow] if part["state"] == "requested" else []},
        }
        Order._get_collection().update_one({"_id": order_id}, change, session=session)
        return takes.give_back(taken, session)

    transactions.run(change)
    outbox.wake("checkout")
    return order.read(order_id)


def _taken(found: dict[str, Any], wanted: list[int]) -> list[Take]:
    """Return what these visitors hold: of the order's own slot with their shares, and of the counters that sell along.

    An order of an earlier release may know none of the counters that its slot has got since.
    """
    shares = Counter(share for number in wanted if (share := found["visitors"][number].get("share")))
    own = takes.of(slot.read(found["slot"]), len(wanted), shares)
    held = {one.slot: one for one in order.takes(found)}
    known = [one for one in own if one.slot in held and held[one.slot].places >= one.places]
    return [Take(one.slot, one.places, _held(one.shares, held[one.slot].shares)) for one in known]


def _held(shares: Any, held: Any) -> dict[str, int]:
    return {name: min(number, held[name]) for name, number in shares.items() if held.get(name)}


def _change(fresh: dict[str, Any], part: dict[str, Any], taken: list[Take]) -> dict[str, Any]:
    cancelled = {"at": part["at"], "part": part["part"]}
    change: dict[str, Any] = {
        "$set": {
            "places": fresh["places"] - len(part["visitors"]),
            "takes": takes.stored(_left(order.takes(fresh), taken)),
            **{f"visitors.{number}.cancelled": cancelled for number in part["visitors"]},
        },
        "$push": {"parts": part},
    }
    claims = claim.of_visitors(fresh, part["visitors"])
    return change | ({"$pull": {"claims": {"$in": claims}}} if claims else {})


def _left(held: list[Take], gone: list[Take]) -> list[Take]:
    by_slot = {one.slot: one for one in gone}
    left = []
    for one in held:
        away = by_slot.get(one.slot, Take(one.slot, 0))
        shares = {name: number - away.shares.get(name, 0) for name, number in one.shares.items()}
        left.append(Take(one.slot, one.places - away.places, {name: n for name, n in shares.items() if n}))
    return left


def request_part(order_id: ObjectId, name: str) -> None:
    """Ask the payments for the refund of one part, once however often it is repeated."""
    found = order.read(order_id)
    part = next(one for one in found["parts"] if one["part"] == name)
    done = outbox.entry("checkout", "booking.part_changed", order=str(order_id), part=name)
    reason = "附加项目取消" if part.get("extras") else "部分游客退票"
    refund.request(found["payment"], name, fen=part["fen"], reason=reason, on_done=done)


def request_parts(order_id: ObjectId) -> None:
    """Ask for the refunds of all parts of an order that ended before its outbox had sent them."""
    for part in order.read(order_id).get("parts", ()):
        if part["state"] == "requested":
            request_part(order_id, part["part"])


def part_changed(order_id: ObjectId, name: str) -> None:
    """Copy how the refund of a part ended to the order, so that its owner sees it, and tell them of money that came."""
    found = order.read(order_id)
    ended = refund.read(f"{found['payment']}-{name}")
    line = order.event(f"refund_{ended['state']}", "system:payments", refund_fen=ended["amount_fen"], part=name)
    change = {
        "$set": {"parts.$.state": ended["state"]},
        "$push": {
            "history": {"$each": [line], "$slice": -100},
            "outbox": {"$each": cancel.tell_refund(found, ended, name)},
        },
    }
    Order._get_collection().update_one({"_id": order_id, "parts.part": name}, change)
    outbox.wake("push")
