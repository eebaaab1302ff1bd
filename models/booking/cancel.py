"""Changing one's mind, and closing a slot: places return once, money returns by the rule of the place.

The refund rule is dated data that the order took along: `[{from_days_before, percent}]`, the row with the greatest
`from_days_before` that is not more than the civil days left decides.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import CityError, Conflict
from backend.store import transactions
from models.booking import checkout, order, takes, ticket
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
    """Return what the rule gives back of an issued order today, in 分, rounded down."""
    days_left = (clock.date_of(found["day"]) - clock.today()).days
    rows = sorted(found.get("terms", {}).get("refund_rows", []), key=lambda row: row["from_days_before"])
    percent = next((row["percent"] for row in reversed(rows) if row["from_days_before"] <= days_left), 0)
    return int(found["total_fen"] * percent // 100)


def cancel(order_id: ObjectId, who: str, *, account: ObjectId | None = None, full: bool = False) -> dict[str, Any]:
    """Cancel an order and return it as it is now; `full` gives all money back whatever the rule says.

    Raises:
        NotFound: not the account's order.
        TicketUsed: somebody walked in on it.
        JustPaid: it was paid while the hold was being cancelled.
        OrderStateWrong: it had ended before.
        PaymentUnknown: WeChat did not answer; nothing was changed.
    """
    found = order.read(order_id, account=account)
    if found["state"] == "held":
        _cancel_held(found, who)
    elif found["state"] == "issued":
        _cancel_issued(found, who, found["total_fen"] if full else refund_fen(found))
    elif found["state"] != "cancelled":
        raise OrderStateWrong(state=found["state"])
    return order.read(order_id)


def _cancel_held(found: dict[str, Any], who: str) -> None:
    if found.get("payment") and payment.close(found["payment"]) == "paid":
        checkout.paid(found["_id"])
        raise JustPaid
    checkout.release(found["_id"], "cancelled", who)


class _Used(CityError):
    """Aborts the transaction that would cancel a used order."""


def _cancel_issued(found: dict[str, Any], who: str, fen: int) -> None:
    changes: dict[str, Any] = {"refund": {"fen": fen, "state": "requested" if fen else "none"}}
    follow = []
    if fen and found.get("payment"):
        follow.append(outbox.entry("checkout", "booking.request_refund", order=str(found["_id"]), fen=fen))
    if fen < found["total_fen"] and found.get("payment"):  # money that is kept is only settled when it is reported
        follow.append(outbox.entry("push", "payments.require_shipping", payment=str(found["payment"])))

    def change(session: ClientSession) -> None:
        if not ticket.void_all(found["_id"], session):
            raise _Used
        line = order.event("cancelled", who, refund_fen=fen)
        was = order.move(
            found["_id"], ("issued",), "cancelled", line=line, session=session,
            follow=follow, changes=changes, release=True,
        )  # fmt: skip
        if was:
            takes.give_back(order.takes(was), session)

    try:
        transactions.run(change)
    except _Used:
        raise TicketUsed from None
    for entry in follow:
        outbox.wake(entry["queue"])


def request_refund(order_id: ObjectId, fen: int) -> None:
    """Ask the payments for the refund of an ended order; repeating it asks once."""
    found = order.read(order_id)
    reason = "订单取消" if found["state"] == "cancelled" else "订单已失效,自动退款"
    done = outbox.entry("checkout", "booking.refund_changed", order=str(order_id))
    refund.request(found["payment"], "order", fen=fen, reason=reason, on_done=done)


def refund_changed(order_id: ObjectId) -> None:
    """Copy how the refund ended to the order, so that its owner sees it."""
    found = order.read(order_id)
    ended = refund.read(f"{found['payment']}-order")
    line = order.event(f"refund_{ended['state']}", "system:payments", refund_fen=ended["amount_fen"])
    order.note(order_id, line, refund={"fen": ended["amount_fen"], "state": ended["state"]})
