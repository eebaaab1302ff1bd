"""A resident's wallet: what is in it, what went in and out, and paying from it. Lists are plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import CityError, KeyReused
from backend.store import paging
from models.audit import access_line
from models.identity import purposes
from models.identity.actors import Resident
from models.payments import ledger_account, ledger_limit, merchant, top_up, transfer, transfer_note
from models.payments.ledger_account import AccountUnknown
from models.payments.transfer_record import STATE_ZH, Transfer

PAY = "wallet_payment"
FIELDS = ("wallet",)
WHAT_ZH = {
    "top_up": "充值",
    PAY: "付款",
    "refund": "退款",
    "receipt": "收款",
    "manual": "手工记账",
    "benefit": "惠民惠农资金",
    "ride": "乘车",
    "cash_top_up": "现金充值",
    "cash_reversal": "退还现金",
}


def note_look(resident: Resident) -> None:
    """Leave an access line where somebody looks into the wallet of whom they act for."""
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[resident.acting.person_id], fields=FIELDS)


def of_person(person_id: ObjectId | None) -> dict[str, Any]:
    """Return what is in a person's wallet, all zero before its first use."""
    limit = ledger_limit.of("wallet", clock.today())
    told = {"limit_fen": limit["fen"], "limit_source": limit["source"]}
    sums = {"balance_fen": 0, "held_fen": 0, "expected_fen": 0, "available_fen": 0}
    state = "open"
    try:
        found = ledger_account.read(ledger_account.wallet_of(person_id)) if person_id else {}
    except AccountUnknown:
        found = {}
    sums |= {name: found[name] for name in sums if name in found}
    state = found.get("state", state)
    return {**sums, **told, "state": state, "state_zh": ledger_account.STATE_ZH[state]}


def transfers_of(
    person_id: ObjectId | None, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what went in and out of a person's wallet, newest first.

    Of an amount that was held, the hold is shown while it is pending; after that only what moved money is.
    """
    wallet = ledger_account.wallet_of(person_id) if person_id else ""  # of nobody bound: no transfer
    query = {"accounts": wallet, "$or": [{"hold": {"$ne": True}}, {"state": "pending"}]}
    found, following = paging.page(Transfer._get_collection(), query, sort=("at", -1), cursor=cursor, limit=limit)
    notes = transfer_note.of([one["_id"] for one in found])
    return [shown(one, wallet, notes.get(one["_id"])) for one in found], following


def shown(found: dict[str, Any], wallet: str, note: str | None = None) -> dict[str, Any]:
    """Return a transfer as the wallet's owner sees it."""
    out = found["source"] == wallet
    told = {
        "id": found["_id"],
        "direction": "out" if out else "in",
        "amount_fen": found["fen"],
        "what": found["what"],
        "what_zh": WHAT_ZH.get(found["what"], "转账"),
        "other_account": _public(found["target"] if out else found["source"]),
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
    }
    if found.get("refunded_fen"):
        told["refunded_fen"] = found["refunded_fen"]
    return told | ({"note": note} if note else {})


def _public(account: str) -> str:
    return "wallet" if account.startswith("wallet:") else account


def pay(
    person_id: ObjectId, payee: str, fen: int, *, key: str, body: bytes, note: str = "", what: str = PAY
) -> dict[str, Any]:
    """Pay a merchant or a fund from a person's wallet, once under the key, and return the transfer.

    Raises:
        AccountUnknown, MerchantSuspended: the payee cannot be paid.
        InsufficientFunds, AccountFrozen, AccountClosed: nothing was paid.
        KeyReused: the key came with another body.
    """
    transfer_id = f"pay:{key}"
    try:
        merchant.require_payee(payee)
        if note and not earlier(person_id, key, body):  # what is there has the note that it was paid with
            transfer_note.write(transfer_id, person_id, note)
        return transfer.post(
            transfer_id, ledger_account.wallet_of(person_id), payee, fen, what=what, about={"request": body.hex()}
        )
    except transfer.KeyReused:
        raise KeyReused from None
    except CityError:
        if found := earlier(person_id, key, body):
            return found
        if note:
            transfer_note.forget(transfer_id)
        raise


def paid(found: dict[str, Any]) -> dict[str, Any]:
    """Return a payment as it was when it was made; the same at every repetition of its request."""
    return shown({**found, "refunded_fen": 0}, found["source"])


def earlier(person_id: ObjectId, key: str, body: bytes) -> dict[str, Any] | None:
    """Return the payment that the same request of the same person made before.

    Raises:
        KeyReused: the key came with another body, or when the account was bound to somebody else.
    """
    found = transfer.find(f"pay:{key}")
    mine = ledger_account.wallet_of(person_id)
    if found and (found["source"], found["about"].get("request")) != (mine, body.hex()):
        raise KeyReused
    return found


def begin_top_up(person_id: ObjectId, payer: ObjectId, fen: int, *, key: str) -> dict[str, Any]:
    """Hold room for a top-up and return it with the arguments of wx.requestPayment.

    Raises:
        WalletFull, TopUpOver, AccountClosed: it cannot be begun.
        PaymentUnknown, PaymentRefused: as WeChat answered.
    """
    held, arguments = top_up.begin(person_id, payer, fen, key=key)
    return {**top_up_shown(held), "payment": arguments}


def top_up_shown(held: dict[str, Any]) -> dict[str, Any]:
    """Return a top-up as its owner sees it."""
    told = {"id": held["_id"].removeprefix("top-up:"), "amount_fen": held["fen"]}
    return {**told, "state": held["state"], "state_zh": STATE_ZH[held["state"]]}
