"""A goodwill refund: money back beyond the rule of the place, decided by two persons of the finance staff.

Only an order that cannot be cancelled any more takes one: what its rule gives back is settled then, so the two never
want the same money. That no more goes back than was paid is guarded where the refund is made.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.booking import order
from models.identity import approval
from models.identity.actors import Staff
from models.payments import payment, refund
from models.payments.refund import RefundTooLarge

REASON = "商家退款"


class NotSettledYet(Conflict):
    """409: the order can still be cancelled, or has no money to give back."""

    code = "order_not_settled"
    zh = "订单未付款或仍可退票,请先按退票规则办理;已取消或已过游览日的订单才能申请规则外退款。"
    en = "This order was not paid, or can still be cancelled. Use the rule of the place first."


def propose(actor: Staff, order_id: ObjectId, *, fen: int, reason: str) -> dict[str, Any]:
    """Propose to give `fen` of an order back, and return the proposal.

    Raises:
        NotFound: no such order.
        NotSettledYet: it was not paid, or can still be cancelled.
        RefundTooLarge: less than that is left of the payment.
    """
    actor.require("refund.propose")
    found = order.read(order_id)
    paid = _settled(found)
    if paid["refunded_fen"] + fen > paid["amount_fen"]:
        raise RefundTooLarge
    made = ObjectId()
    effect = outbox.entry("checkout", "booking.approved_refund", approval=str(made))
    told = {"order": str(order_id), "payment": str(paid["_id"]), "fen": fen}
    about = f"order:{order_id}"
    record = approval.record(actor, "refund", about, reason=reason, approval_id=made, effect=effect, details=told)
    return approval.propose(actor, record)


def _settled(found: dict[str, Any]) -> dict[str, Any]:
    over = found["state"] == "issued" and clock.date_of(found["day"]) < clock.today()
    if not found.get("payment") or not (over or found["state"] == "cancelled"):
        raise NotSettledYet
    paid = payment.read(found["payment"])
    if paid["state"] != "paid":
        raise NotSettledYet
    return paid


def refund_approved(approval_id: ObjectId) -> None:
    """Ask for the refund that two persons agreed on; repeating it asks once, by the id of the approval."""
    found = approval.read(approval_id)
    told = found["details"]
    order_id, payment_id = ObjectId(told["order"]), ObjectId(told["payment"])
    part = f"g{approval_id}"
    try:
        refund.request(payment_id, part, fen=told["fen"], reason=REASON, on_done={})
    except RefundTooLarge:
        approval.finish(approval_id, RefundTooLarge.code)
        return
    line = order.event("goodwill_refund", f"staff:{found['decided_by']}", refund_fen=told["fen"])

    def change(session: ClientSession) -> None:
        if approval.finish(approval_id, "done", session):
            order.note(order_id, line, session=session)

    transactions.run(change)
