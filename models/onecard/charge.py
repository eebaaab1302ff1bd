"""Paying with a payment code at a till: the till names the amount, the code says whose wallet. Always online."""

from dataclasses import dataclass

from backend import clock
from backend.money import yuan
from models.identity.actors import Device
from models.onecard import verify
from models.payments import ledger_account, merchant, transfer
from models.payments.ledger_account import AccountFrozen
from models.payments.posting import InsufficientFunds

SENTENCES = {
    "accepted": "收款成功,{yuan} 元。",
    "insufficient_funds": "付款人钱包余额不足,请充值或改用其他方式付款。",
    "wallet_frozen": "付款人钱包已冻结,请改用其他方式付款;如有疑问请拨打 12345。",
}


@dataclass(frozen=True)
class Charge:
    """What a till shows; `transfer` is the number of the payment where there was one."""

    result: str
    message: str
    amount_fen: int = 0
    transfer: str = ""


def take(device: Device, text: str, fen: int) -> Charge:
    """Take an amount from the wallet of a payment code's holder. The nonce makes a repeated request the same charge.

    Raises:
        KeyReused: the nonce came with another code or amount before.
        AccountUnknown, MerchantSuspended: the till's operator cannot be paid.
    """
    payee = merchant.account_of(device.place)
    merchant.require_payee(payee)
    verdict = verify.verify(
        device.scanner_class,
        text,
        at=clock.now(),
        device_id=device.device_id,
        nonce=device.nonce,
        online=True,
    )
    if not verdict.accepted or verdict.person_id is None:
        return Charge(verdict.result, verdict.message)
    key, payer = f"charge:{device.device_id}:{device.nonce}", ledger_account.wallet_of(verdict.person_id)
    about = {"device": device.device_id, "merchant": device.place}
    try:
        made = transfer.post(key, payer, payee, fen, what="wallet_payment", about=about)
    except InsufficientFunds:
        return Charge("insufficient_funds", SENTENCES["insufficient_funds"])
    except AccountFrozen:
        return Charge("wallet_frozen", SENTENCES["wallet_frozen"])
    return Charge("accepted", SENTENCES["accepted"].format(yuan=yuan(made["fen"])), made["fen"], made["_id"])
