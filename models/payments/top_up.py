"""Topping up a wallet by WeChat Pay.

    begin: room under the limit is held ──paid──▶ the hold is posted
                                        └─nobody paid──▶ the order is closed at WeChat, the hold is voided
    paid after that ──there is room──▶ posted      ──there is none──▶ suspense, and back to the payer by itself

The money of a payment is posted under one key, `receipt:<payment>`, whichever way it takes: it is posted once.
"""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from models.payments import ledger_account, payment, receipt, refund, transfer
from models.payments.posting import WalletFull
from models.payments.transfer_hold import HoldEnded

WHAT = "top_up"
LATE = "suspense:late_top_ups"
PAY_WITHIN = timedelta(minutes=14)
GIVE_UP_AFTER = timedelta(minutes=16)
HELD = timedelta(days=1)
"""Far longer than an order can be paid: the hold ends when WeChat says that nobody will pay."""


class TopUpOver(Conflict):
    """409: this top-up can no longer be paid."""

    code = "top_up_over"
    zh = "这次充值已超时关闭,请重新发起充值。"
    en = "The time to pay this top-up is over. Begin again."


def begin(person_id: ObjectId, payer: ObjectId, fen: int, *, key: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Hold room in a wallet; return the hold and the arguments of wx.requestPayment. Repeating it is the same top-up.

    Raises:
        WalletFull, AccountClosed, KeyReused: there is no room, or no wallet to fill.
        TopUpOver: the time to pay is over.
        PaymentUnknown, PaymentRefused: as WeChat answered.
    """
    now, hold_id = clock.now(), f"top-up:{key}"
    held = transfer.hold(
        hold_id,
        receipt.CLEARING,
        ledger_account.wallet_of(person_id),
        fen,
        what=WHAT,
        about={},
        until=now + HELD,
        follow=outbox.entry("checkout", "payments.expire_top_up", due=now + GIVE_UP_AFTER, hold=hold_id),
    )
    if held["state"] != "pending":
        raise TopUpOver
    opened = payment.open_for(
        held["_id"],
        payer=payer,
        amount_fen=fen,
        description="于都一卡通钱包充值",
        expires_at=clock.civil(held["at"]) + PAY_WITHIN,
        on_paid=outbox.entry("checkout", "payments.top_up_paid", hold=held["_id"]),
        payee="",
    )
    return held, payment.prepay(opened)


def paid(hold_id: str) -> dict[str, Any]:
    """Post what was paid for a top-up, once, and return the transfer; what no longer fits goes back to the payer.

    Raises:
        NotFound: no such top-up.
    """
    found = _payment_of(hold_id)
    posted = transfer.find(receipt.key_of(found["_id"])) or _post(found, hold_id)
    if posted["target"] == LATE:
        refund.request(found["_id"], "late", fen=found["amount_fen"], reason="充值超过钱包限额,自动退款", on_done={})
    return posted


def _payment_of(hold_id: str) -> dict[str, Any]:
    found = payment.of_subject(hold_id)
    if found is None:
        raise NotFound
    return found


def _post(found: dict[str, Any], hold_id: str) -> dict[str, Any]:
    key = receipt.key_of(found["_id"])
    told: dict[str, Any] = receipt.facts(found["_id"], found["paid_at"]) | {"about": {"payment": str(found["_id"])}}
    try:
        return transfer.post_hold(key, hold_id, **told)
    except transfer.KeyReused:
        return transfer.read(key)
    except (HoldEnded, ledger_account.AccountClosed):
        return _post_late(found, transfer.read(hold_id)["target"], told)


def _post_late(found: dict[str, Any], wallet: str, told: dict[str, Any]) -> dict[str, Any]:
    key = receipt.key_of(found["_id"])
    try:
        return transfer.post(key, receipt.CLEARING, wallet, found["amount_fen"], what=WHAT, **told)
    except transfer.KeyReused:
        return transfer.read(key)
    except (WalletFull, ledger_account.AccountClosed):
        return receipt.post_to(found, LATE)


def expire(hold_id: str) -> None:
    """End a top-up that nobody paid: ask WeChat first, close there, then let go of the room. Repeating it is safe.

    Raises:
        PaymentUnknown: WeChat did not answer; the room stays held.
    """
    found = payment.of_subject(hold_id)
    if found and payment.close(found["_id"]) == "paid":
        paid(hold_id)
        return
    if transfer.read(hold_id)["state"] == "pending":
        transfer.void_hold(f"{hold_id}:over", hold_id)


def check(person_id: ObjectId, key: str) -> dict[str, Any]:
    """Ask WeChat at once whether a person's top-up was paid; return the hold as it is then.

    Raises:
        NotFound: no such top-up of this person.
        PaymentUnknown: WeChat did not answer.
    """
    held = transfer.find(f"top-up:{key}")
    if held is None or held["target"] != ledger_account.wallet_of(person_id):
        raise NotFound
    found = payment.of_subject(held["_id"])
    if held["state"] == "pending" and found and payment.check(found["_id"]) == "paid":
        paid(held["_id"])
    return transfer.read(held["_id"])
