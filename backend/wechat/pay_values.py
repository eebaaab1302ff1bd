"""What WeChat Pay tells of an order and of a refund."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.wechat.errors import PaymentUnknown
from backend.wechat.pay_core import instant


@dataclass(frozen=True)
class Transaction:
    """An order as WeChat Pay sees it; while it is unpaid, much is None.

    `state` is SUCCESS, REFUND (after a refund of any part), NOTPAY, CLOSED, REVOKED, USERPAYING or PAYERROR.
    """

    state: str
    transaction_id: str | None
    total_fen: int | None
    openid: str | None
    success_time: datetime | None
    appid: str
    mchid: str


@dataclass(frozen=True)
class Refund:
    """A refund as WeChat Pay sees it.

    `status` is PROCESSING, SUCCESS (the money is back), CLOSED (use a new number) or ABNORMAL (by hand).
    """

    status: str
    refund_id: str
    refund_fen: int


@dataclass(frozen=True)
class BankCard:
    """Where an abnormal refund is sent: the bank as WeChat Pay names it (ICBC_DEBIT), number and holder of the card."""

    bank: str
    number: str = field(repr=False)
    holder: str = field(repr=False)


@contextmanager
def reading() -> Iterator[None]:
    """Turn a missing or malformed member of an answer into PaymentUnknown."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PaymentUnknown(reason=f"answer: {type(error).__name__}") from error


def transaction_of(answer: dict[str, Any]) -> Transaction:
    """Return the order of an answer; PaymentUnknown for a malformed one."""
    with reading():
        paid_at = answer.get("success_time")
        return Transaction(
            state=str(answer["trade_state"]),
            transaction_id=answer.get("transaction_id") or None,
            total_fen=(answer.get("amount") or {}).get("total"),
            openid=(answer.get("payer") or {}).get("openid"),
            success_time=instant(paid_at) if paid_at else None,
            appid=str(answer["appid"]),
            mchid=str(answer["mchid"]),
        )


def refund_of(answer: dict[str, Any]) -> Refund:
    """Return the refund of an answer; PaymentUnknown for a malformed one."""
    with reading():
        return Refund(str(answer["status"]), str(answer["refund_id"]), int(answer["amount"]["refund"]))
