"""Postings by hand, and refunds of wallet payments: proposed by one of the finance staff, approved by another.

Wallets are never posted to by hand: what goes back to one is a refund of what it paid, and what is taken out of one is
cash that was topped up at a counter and is handed back there; the person is told.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import CityError, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import approval
from models.identity.actors import Staff
from models.payments import cash_top_up, ledger_account, transfer
from models.payments.transfer import RefundExceeds
from models.payments.transfer_record import require_sound
from models.payments.wallet import PAY

KIND = "ledger_transfer"
WHAT = "manual"


class WalletByHand(Unprocessable):
    """422: no posting by hand touches a wallet."""

    code = "wallet_by_hand"
    zh = "不能手工记账到居民钱包;退回付款请在原交易上办理退款。"
    en = "Wallets are not posted to by hand. Refund the payment instead."


class NotRefundable(Unprocessable):
    """422: only a payment from a wallet, or cash for one, is refunded here."""

    code = "transfer_not_refundable"
    zh = "这笔交易不是钱包付款或现金充值,不能在这里退款,请核对交易编号。"
    en = "This is no payment from a wallet and no cash for one. Check its number."


def propose(actor: Staff, source: str, target: str, fen: int, *, reason: str) -> dict[str, Any]:
    """Propose to move an amount by hand, and return the proposal.

    Raises:
        WalletByHand: an account is a wallet.
        AccountNameWrong, AccountUnknown, AmountWrong, SameAccount: there can be no such transfer.
    """
    actor.require("ledger.propose")
    require_sound("manual", source, target, fen)
    for account in (source, target):
        if ledger_account.kind_of(account) == "wallet":
            raise WalletByHand
        ledger_account.read(account)
    return _propose(actor, source, reason, {"source": source, "target": target, "fen": fen})


def propose_refund(actor: Staff, transfer_id: str, fen: int, *, reason: str) -> dict[str, Any]:
    """Propose to give an amount of a wallet's payment, or of a cash top-up, back; return the proposal.

    Raises:
        NotFound: no such transfer.
        NotRefundable: it is neither.
        RefundExceeds: less than that is left of it.
    """
    actor.require("ledger.propose")
    found = transfer.read(transfer_id)
    if found["what"] not in {PAY, cash_top_up.WHAT} or found["state"] != "posted":
        raise NotRefundable
    if found["refunded_fen"] + fen > found["fen"]:
        raise RefundExceeds
    about = found["target" if found["what"] == PAY else "source"]
    return _propose(actor, about, reason, {"transfer": transfer_id, "fen": fen})


def _propose(actor: Staff, about: str, reason: str, details: dict[str, Any]) -> dict[str, Any]:
    made = ObjectId()
    effect = outbox.entry("checkout", "payments.approved_transfer", approval=str(made))
    record = approval.record(
        actor, KIND, f"ledger:{about}", reason=reason, approval_id=made, effect=effect, details=details
    )
    return approval.propose(actor, record)


def carry_out(approval_id: ObjectId) -> None:
    """Do what two persons agreed on, once: the approval's id is the key. A refusal becomes the approval's outcome."""
    found = approval.read(approval_id)
    if found["state"] != "approved" or found.get("outcome"):
        return
    key = f"approval:{approval_id}"
    try:
        moved = transfer.find(key) or _move(key, found["details"], {"approval": str(approval_id)})
    except CityError as refusal:
        if refusal.passing:
            raise
        approval.finish(approval_id, refusal.code)
        return
    _note(found, moved)


def _move(key: str, told: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    if "transfer" not in told:
        return transfer.post(key, told["source"], told["target"], told["fen"], what=WHAT, about=about)
    first = transfer.read(told["transfer"])
    if first["what"] != cash_top_up.WHAT:
        return transfer.refund(key, told["transfer"], told["fen"], about=about)
    follow = outbox.entry("notify", "payments.tell_wallet", transfer=key)
    back = cash_top_up.handed_back(first)
    return transfer.refund(key, told["transfer"], told["fen"], about=about, follow=follow, **back)


def _note(found: dict[str, Any], moved: dict[str, Any]) -> None:
    about = f"transfer:{moved['_id']}"
    told = {"fen": moved["fen"], "approval": str(found["_id"])}
    line = entry.line(f"staff:{found['decided_by']}", "ledger.post", about, unit=found["unit"], **told)

    def change(session: ClientSession) -> None:
        if approval.finish(found["_id"], "done", session):
            entry.write(line, session)

    transactions.run(change)
