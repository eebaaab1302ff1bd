"""A fund's promise to the bank: an amount held for a file, posted once for what was paid of it, the rest let go.

Each call has a key that says what it is for, so that however often it is called it is booked once.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from models.payments import ledger_account, transfer, transfer_hold
from models.payments.bank_statement import CLEARING
from models.payments.transfer_hold import HoldEnded

PROMISED = timedelta(days=366)


def available(fund: str) -> int:
    """Return what a fund has that is not promised away; nothing where it was never opened."""
    try:
        return int(ledger_account.read(fund)["available_fen"])
    except ledger_account.AccountUnknown:
        return 0


def promise(key: str, fund: str, fen: int, *, what: str, about: Mapping[str, str], since: datetime) -> str:
    """Promise an amount of a fund to the bank; return the id of the hold. The same key is the same promise.

    Raises:
        InsufficientFunds: the fund has less that is not promised away.
    """
    until = since + PROMISED
    return str(transfer_hold.hold(key, fund, CLEARING, fen, what=what, about=dict(about), until=until)["_id"])


def pay(key: str, file_no: str, hold_id: str, fen: int) -> str:
    """Move what the bank paid of a file's promise and let the rest go; return the id of the transfer."""
    return str(transfer_hold.post_hold(key, hold_id, fen, reference=file_no, statement=f"bank:{file_no}")["_id"])


def let_go(key: str, hold_id: str) -> None:
    """Let a promise go of which the bank paid nothing; one that has ended is gone already."""
    with suppress(HoldEnded):
        transfer_hold.void_hold(key, hold_id)


def give_back(key: str, file_no: str, seq: int, transfer_id: str, fen: int, *, what: str) -> str:
    """Book an amount that the bank took back from an account (冲正); return the id of the refund."""
    told: dict[str, Any] = {"reference": reversal_of(file_no, seq), "statement": f"bank:{file_no}"}
    about = {"file": file_no, "seq": seq}
    return str(transfer.refund(key, transfer_id, fen, what=what, about=about, **told)["_id"])


def reversal_of(file_no: str, seq: int) -> str:
    """Return the number under which ledger and bank know a reversal."""
    return f"{file_no}:{seq:06d}"
