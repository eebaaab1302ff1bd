"""What WeChat Pay took in and gave back, as the ledger has it: one transfer a payment, one a refund.

    paid:    clearing:wechat ──receipt:<payment>──▶ the payment's payee
    refund:  payee ──refund:<refund>──▶ clearing:wechat      or the cash box or bank by which the payer has it
    returned: clearing:bank ──refund:<refund>:returned──▶ clearing:wechat   the payer's account could not take it

Both follow their payment and refund by the outbox, under keys made of their numbers, so that they are posted once.
They are facts: where the payee has too little left, suspense gives what WeChat has paid back already.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from backend import clock
from models.payments import cash_box, ledger_account, payment, transfer
from models.payments import refund as refunds
from models.payments.ledger_account import AccountClosed, AccountFrozen
from models.payments.posting import InsufficientFunds

CLEARING, BANK = "clearing:wechat", "clearing:bank"
SHORTFALL = "suspense:refund_shortfall"


def key_of(payment_id: ObjectId | str) -> str:
    """Return the key of a payment's receipt."""
    return f"receipt:{payment_id}"


def statement_of(day: date) -> str:
    """Return how transfers name the WeChat bill of a day."""
    return f"wechat:{day.isoformat()}"


def facts(payment_id: ObjectId | str, happened_at: datetime) -> dict[str, Any]:
    """Return what a transfer says of its line on the WeChat bill."""
    day = clock.civil(happened_at).date()
    return {"happened_at": happened_at, "reference": str(payment_id), "statement": statement_of(day)}


def post(payment_id: ObjectId) -> dict[str, Any]:
    """Post what was paid, once, and return the transfer; where the payee's account was closed since, to suspense."""
    found = payment.read(payment_id)
    try:
        return post_to(found, found.get("payee") or payment.UNASSIGNED)
    except AccountClosed:
        return post_to(found, payment.UNASSIGNED)


def catch_up(day: date) -> int:
    """Post what an earlier release still settled on a day, while both served one store; return how many.

    That release named no payee and told the ledger nothing.
    """
    query = {"paid_at": {"$gte": clock.at(day, 0), "$lt": clock.at(day, 24 * 60)}, "payee": {"$exists": False}}
    found = [one["_id"] for one in payment.Payment._get_collection().find(query, {"_id": 1})]
    for payment_id in found:
        post(payment_id)
    return len(found)


def post_to(found: dict[str, Any], payee: str) -> dict[str, Any]:
    """Post a payment to an account, unless it was posted before; return the transfer that stands."""
    if known := transfer.find(key_of(found["_id"])):
        return known
    ledger_account.open_account(payee)
    told = facts(found["_id"], found["paid_at"])
    about = {"payment": str(found["_id"])}
    try:
        return transfer.post(
            key_of(found["_id"]), CLEARING, payee, found["amount_fen"], what="receipt", about=about, **told
        )
    except transfer.KeyReused:  # another call was first
        return transfer.read(key_of(found["_id"]))


def post_refund(refund_id: str) -> dict[str, Any] | None:
    """Post what became of a refund, once, and return the transfer: WeChat gave it back, or another hand did."""
    ended = refunds.read(refund_id)
    if ended.get("succeeded_at") and ended.get("sent_to") == "merchant":
        _post_returned(ended)
    if ended["state"] == "paid_elsewhere":
        return _post_back(ended, to=ended["elsewhere"]["account"], told=_elsewhere(ended["elsewhere"]))
    return _post_back(ended, to="", told=_line_of(ended)) if ended["state"] == "succeeded" else None


def _elsewhere(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a transfer says of money that another hand gave: the day's figures of a cash box hold it."""
    made = {"happened_at": told["at"]}
    if not cash_box.is_box(told["account"]):
        return made
    return made | {"statement": cash_box.statement_of(told["account"], clock.civil(told["at"]).date())}


def _line_of(ended: dict[str, Any]) -> dict[str, Any]:
    """Return what a transfer says of a refund's line on the WeChat bill."""
    return facts(ended["payment"], ended["requested_at"]) | {
        "reference": refunds.number_of(ended),
        "happened_at": ended.get("succeeded_at") or ended["requested_at"],
    }


def _post_returned(ended: dict[str, Any]) -> None:
    """Post that WeChat's clearing money is at the bank; whose it was, it is still."""
    key, about = f"refund:{ended['_id']}:returned", {"refund": ended["_id"]}
    ledger_account.open_account(BANK)
    with suppress(transfer.KeyReused):
        transfer.post(key, BANK, CLEARING, ended["amount_fen"], what="refund_returned", about=about, **_line_of(ended))


def _post_back(ended: dict[str, Any], *, to: str, told: dict[str, Any]) -> dict[str, Any]:
    key = f"refund:{ended['_id']}"
    if known := transfer.find(key):
        return known
    first = post(ended["payment"])
    if to:
        ledger_account.open_account(to)
    told = told | {"about": {"payment": str(ended["payment"]), "refund": ended["_id"]}}
    try:
        return transfer.refund(key, first["_id"], ended["amount_fen"], to=to, **told)
    except (InsufficientFunds, AccountFrozen, AccountClosed):
        return _post_shortfall(key, to or CLEARING, ended["amount_fen"], told)


def _post_shortfall(key: str, to: str, fen: int, told: dict[str, Any]) -> dict[str, Any]:
    try:
        return transfer.post(key, SHORTFALL, to, fen, what="refund", **told)
    except transfer.KeyReused:  # the payee had it meanwhile, and another call was first
        return transfer.read(key)
