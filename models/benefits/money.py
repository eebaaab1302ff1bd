"""What benefits post in the ledger: a promise of the fund for each file, what was paid of it, what came back."""

from collections.abc import Mapping
from datetime import datetime

from models.payments import bank_promise

WHAT = "benefit_payment"
reversal_of = bank_promise.reversal_of
let_go = bank_promise.let_go


def promise(key: str, fund: str, fen: int, *, about: Mapping[str, str], since: datetime) -> str:
    """Promise an amount of a fund to the bank; return the id of the hold. The same key is the same promise.

    Raises:
        InsufficientFunds: the fund has less that is not promised away.
    """
    return bank_promise.promise(key, fund, fen, what=WHAT, about=about, since=since)


def pay(file_no: str, hold_id: str, fen: int) -> str:
    """Move what the bank paid of a file's promise and let the rest go; return the id of the transfer."""
    return bank_promise.pay(f"benefit:{file_no}:paid", file_no, hold_id, fen)


def give_back(file_no: str, seq: int, transfer_id: str, fen: int) -> str:
    """Book an amount that the bank took back from an account (冲正); return the id of the refund."""
    key = f"benefit:{reversal_of(file_no, seq)}:back"
    return bank_promise.give_back(key, file_no, seq, transfer_id, fen, what="benefit_reversal")
