"""Changing one's mind, and closing a slot: places return once, money returns by the rule of the place.

The refund rule is dated data that the order took along (`models/booking/refund_rule.py`).
"""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import CityError, Conflict
from backend.money import yuan
from backend.store import transactions
from models.booking import checkout, issuing, order, refund_parts, refund_rule, takes, ticket
from models.booking.order import OrderStateWrong
from models.payments import payment, refund


class TicketUsed(Conflict):
    """409: somebody walked in on this order."""

    code = "ticket_used"
    zh = "订单中已有门票入园,不能取消;如有疑问请到游客中心办理。"
    en = "A ticket of this order was used, so it cannot be cancelled."


class JustPaid(Conflict):
    """409: the money came while the hold was being cancelled."""

    code = "order_just_paid"
    zh = "这笔订单刚刚支付成功,请刷新后再决定是否退票。"
    en = "This order was paid a moment ago. Refresh and decide again."


def refund_fen(found: dict[str, Any]) -> int:
    """Return what the rule gives back now of what is left of an issued order, in 分, rounded down."""
    return refund_parts.rest_fen(found)


def cancel(
    order_id: ObjectId,
    who: str,
    *,
    account: ObjectId | None = None,
    full: bool = False,
    follow: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Cancel an order and return it as it is now; `full` gives all money back whatever the rule says.

    `follow` are entries of the outbox that go into the write that cancels it.

    Raises:
        NotFound: not the account's order.
        TicketUsed: somebody walked in on it.
        JustPaid: it was paid while the hold was being cancelled.
        OrderStateWrong: it had ended before.
        PaymentUnknown: WeChat did not answer; nothing was changed.
    """
    found = order.read(order_id, account=account)
    if found["state"] == "held" and not _cancel_held(found, who, follow):
        found = order.read(order_id)  # it went on at this very moment
        if found["state"] == "issued" and found["total_fen"]:
            raise JustPaid
    if found["state"] == "issued":
        _cancel_issued(found, who, 100 if full else refund_rule.percent(found), follow)
    elif found["state"] not in {"held", "cancelled"}:
        raise OrderStateWrong(state=found["state"])
    return order.read(order_id)


def cancel_held(order_id: ObjectId, who: str, *, account: ObjectId) -> None:
    """Cancel an account's order if it is held; one that is issued or has ended stays as it is.

    Raises:
        JustPaid: it was paid while it was being cancelled.
        PaymentUnknown: WeChat did not answer; nothing was changed.
    """
    found = order.read(order_id, account=account)
    if found["state"] == "held":
        _cancel_held(found, who)


def _cancel_held(found: dict[str, Any], who: str, follow: Sequence[dict[str, Any]] = ()) -> bool:
    if found.get("payment") and payment.close(found["payment"]) == "paid":
        issuing.paid(found["_id"])
        raise JustPaid
    return checkout.release(found["_id"], "cancelled", who, follow)


class _Used(CityError):
    """Aborts the transaction that would cancel a used order."""


def _cancel_issued(found: dict[str, Any], who: str, percent: int, more: Sequence[dict[str, Any]]) -> None:
    """Cancel what is left of an order; how much goes back is computed where the order is as it will be changed."""
    follow, line = _after_cancel(found), order.event("cancelled", who)

    def change(session: ClientSession) -> bool:
        if not ticket.void_all(found["_id"], session):
            raise _Used
        fresh = order.Order._get_collection().find_one({"_id": found["_id"]}, session=session) or found
        fen = refund_parts.fen_of(fresh, refund_parts.undecided_fen(fresh), percent)
        owed = {"fen": fen, "state": ("to_collect" if fresh.get("cash") else "requested") if fen else "none"}
        was = order.move(
            found["_id"], ("issued",), "cancelled", line={**line, "refund_fen": fen}, session=session,
            follow=[*_due(fresh, fen, follow), *more], changes={"refund": owed},
            release=True,
        )  # fmt: skip
        return bool(was) and takes.give_back(order.takes(was or {}), session)

    try:
        kept = transactions.run(change)
    except _Used:
        raise TicketUsed from None
    for queue in {"checkout" if kept else "", *(one["queue"] for one in (*follow.values(), *more))} - {""}:
        outbox.wake(queue)


def _after_cancel(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what may follow, made outside of the transaction, because each entry has an id and a time."""
    order_id = str(found["_id"])
    if found.get("cash"):  # what the cash was to bring into the books may stand in the outbox still
        return {"cash": outbox.entry("bills", "booking.cash_taken", order=order_id)}
    if not found.get("payment"):
        return {}
    return {
        "rest": outbox.entry("checkout", "booking.request_refund", order=order_id, fen=0),
        "parts": outbox.entry("checkout", "booking.request_parts", order=order_id),
        "kept": outbox.entry("push", "payments.require_shipping", payment=str(found["payment"])),
    }


def _due(fresh: dict[str, Any], fen: int, follow: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what does follow: the rest of the money, parts that were not asked for yet, and what is kept.

    Money that is kept is only settled when WeChat was told of the delivery.
    """
    if "rest" not in follow:
        return list(follow.values())
    kept = fen + refund_parts.given_fen(fresh) < fresh["total_fen"]
    asked = [one for one in fresh.get("parts", ()) if one["state"] == "requested"]
    rest = {**follow["rest"], "args": {**follow["rest"]["args"], "fen": fen}}
    return [*([rest] if fen else []), *([follow["parts"]] if asked else []), *([follow["kept"]] if kept else [])]


def request_refund(order_id: ObjectId, fen: int) -> None:
    """Ask the payments for the refund of an ended order; repeating it asks once."""
    found = order.read(order_id)
    reason = "订单取消" if found["state"] == "cancelled" else "订单已失效,自动退款"
    done = outbox.entry("checkout", "booking.refund_changed", order=str(order_id))
    refund.request(found["payment"], "order", fen=fen, reason=reason, on_done=done)


def refund_changed(order_id: ObjectId) -> None:
    """Copy how the refund ended to the order, so that its owner sees it, and tell them when the money is there."""
    found = order.read(order_id)
    ended = refund.read(f"{found['payment']}-order")
    line = order.event(f"refund_{ended['state']}", "system:payments", refund_fen=ended["amount_fen"])
    told = {"fen": ended["amount_fen"], "state": ended["state"]}
    order.note(order_id, line, follow=tell_refund(found, ended, "refund"), refund=told)
    outbox.wake("push")


def tell_refund(found: dict[str, Any], ended: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the entry that tells the owner of money that came back, once for each key.

    A refund that a person had to look after is told of by who did (`payments.tell_refund`).
    """
    if ended["state"] != "succeeded" or ended.get("worked") or not found.get("account"):
        return []
    told: dict[str, Any] = {"kind": "refund_done", "key": key, "yuan": yuan(ended["amount_fen"])}
    return [outbox.entry("push", "messaging.tell_order", order=str(found["_id"]), **told)]
