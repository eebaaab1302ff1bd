"""The daily trade bill: a CSV with a back-quote before each field and amounts in yuan."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

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


def parse_trade_bill(data: bytes) -> list[BillLine]:
    """Return the lines of an unzipped trade bill of type ALL, without its summary.

    Raises:
        PaymentGatewayFailure: the file is not such a bill.
    """
    try:
        head, *rows = data.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
        names = head.split(",")
        lines: list[BillLine] = []
        for row in rows:
            if row.startswith(SUMMARY):
                return lines
            lines.append(_line(dict(zip(names, row.removeprefix("`").split(",`"), strict=True))))
    except (ValueError, KeyError, ArithmeticError) as error:
        raise PaymentGatewayFailure(reason=f"trade bill: {type(error).__name__}") from error
    raise PaymentGatewayFailure(reason="trade bill: no summary, so it is cut off")


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
