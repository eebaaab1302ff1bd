"""The daily trade bill: a CSV with a back-quote before each field and amounts in yuan."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO

from backend.clock import CIVIL
from backend.wechat.errors import PaymentGatewayFailure

SUMMARY = "总交易单数"


@dataclass(frozen=True)
class BillLine:
    """One payment or refund of the day, as the bill has it; `fee_fen` may have fractions of a 分."""

    traded_at: datetime
    transaction_id: str
    out_trade_no: str
    openid: str
    state: str
    total_fen: int
    refund_id: str | None
    out_refund_no: str | None
    refund_fen: int
    refund_status: str | None
    fee_fen: Decimal


@dataclass(frozen=True)
class BillTotals:
    """What the summary at the end of a bill says; None where it leaves something out."""

    lines: int | None
    total_fen: int | None
    refund_fen: int | None


class TradeBill:
    """An unzipped trade bill of type ALL, read line by line from its file, so that its size does not matter."""

    def __init__(self, file: IO[bytes], digest: str = "") -> None:
        self.digest = digest
        self._file = file

    def lines(self, *, skip: int = 0) -> Iterator[BillLine]:
        """Yield the lines of the bill behind the first `skip`.

        Raises:
            PaymentGatewayFailure: the file is not such a bill, or is cut off.
        """
        with _reading():
            names = self._head()
            for number, row in enumerate(self._rows()):
                if number >= skip:
                    yield _line(dict(zip(names, _fields(row), strict=True)))

    def totals(self) -> BillTotals:
        """Return what the summary says.

        Raises:
            PaymentGatewayFailure: there is none, or it cannot be read.
        """
        with _reading():
            self._head()
            for _ in self._rows():
                pass
            told = dict(zip(self._names, _fields(_text(self._file.readline())), strict=True))
            fen = {name: _fen(told[name]) if name in told else None for name in ("订单总金额", "申请退款总金额")}
            return BillTotals(int(told[SUMMARY]), fen["订单总金额"], fen["申请退款总金额"])

    def count(self) -> int:
        """Return how many lines the file has, by counting them."""
        with _reading():
            self._head()
            return sum(1 for _ in self._rows())

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _head(self) -> list[str]:
        self._file.seek(0)
        return _text(self._file.readline()).removeprefix("\ufeff").split(",")

    def _rows(self) -> Iterator[str]:
        for raw in self._file:
            row = _text(raw)
            if row.startswith(SUMMARY):
                self._names = row.split(",")
                return
            yield row
        raise PaymentGatewayFailure(reason="trade bill: no summary, so it is cut off")


def parse_trade_bill(data: bytes) -> list[BillLine]:
    """Return the lines of an unzipped trade bill of type ALL, without its summary.

    Raises:
        PaymentGatewayFailure: the file is not such a bill.
    """
    return list(TradeBill(io.BytesIO(data)).lines())


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, ArithmeticError) as error:
        raise PaymentGatewayFailure(reason=f"trade bill: {type(error).__name__}") from error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8").rstrip("\r\n")


def _fields(row: str) -> list[str]:
    return row.removeprefix("`").split(",`")


def _line(row: dict[str, str]) -> BillLine:
    moment = datetime.strptime(row["交易时间"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CIVIL)
    return BillLine(
        traded_at=moment.astimezone(UTC),
        transaction_id=row["微信订单号"],
        out_trade_no=row["商户订单号"],
        openid=row["用户标识"],
        state=row["交易状态"],
        total_fen=_fen(row["订单金额"]),
        refund_id=_given(row["微信退款单号"]),
        out_refund_no=_given(row["商户退款单号"]),
        refund_fen=_fen(row["申请退款金额"]),
        refund_status=_given(row["退款状态"]),
        fee_fen=Decimal(row["手续费"]) * 100,
    )


def _fen(yuan: str) -> int:
    fen = Decimal(yuan) * 100
    if fen != int(fen):
        raise ValueError("an amount with a fraction of a fen")
    return int(fen)


def _given(text: str) -> str | None:
    return None if text in ("", "0") else text
