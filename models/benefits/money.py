"""What benefits post in the ledger: a promise of the fund for each file, what was paid of it, what came back.

Each has a key that says what it is for, so that however often it is called it is booked once.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from models.payments import transfer, transfer_hold
from models.payments.transfer_hold import HoldEnded

CLEARING = "clearing:bank"
PROMISED = timedelta(days=366)
WHAT = "benefit_payment"


def promise(key: str, fund: str, fen: int, *, about: Mapping[str, str], since: datetime) -> str:
    """Promise an amount of a fund to the bank; return the id of the hold. The same key is the same promise.

    Raises:
        InsufficientFunds: the fund has less that is not promised away.
    """
    until = since + PROMISED
    return str(transfer_hold.hold(key, fund, CLEARING, fen, what=WHAT, about=dict(about), until=until)["_id"])


def pay(file_no: str, hold_id: str, fen: int) -> str:
    """Move what the bank paid of a file's promise and let the rest go; return the id of the transfer."""
    told = {"reference": file_no, "statement": f"bank:{file_no}"}
    return str(transfer_hold.post_hold(f"benefit:{file_no}:paid", hold_id, fen, **told)["_id"])


def let_go(key: str, hold_id: str) -> None:
    """Let a promise go of which the bank paid nothing; one that has ended is gone already."""
    with suppress(HoldEnded):
        transfer_hold.void_hold(key, hold_id)


def give_back(file_no: str, seq: int, transfer_id: str, fen: int) -> str:
    """Book an amount that the bank took back from an account (冲正); return the id of the refund."""
    number = reversal_of(file_no, seq)
    told: dict[str, Any] = {"reference": number, "statement": f"bank:{file_no}"}
    about = {"file": file_no, "seq": seq}
    key = f"benefit:{number}:back"
    return str(transfer.refund(key, transfer_id, fen, what="benefit_reversal", about=about, **told)["_id"])


def reversal_of(file_no: str, seq: int) -> str:
    """Return the number under which ledger and bank know a reversal."""
    return f"{file_no}:{seq:06d}"
