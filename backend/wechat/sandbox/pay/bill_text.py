"""The text of a trade bill: rows of back-quoted fields in yuan, and a summary block at the end."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.journal import Journal

FEE_RATE_PER_MYRIAD = 60
REFUND_TIMES = ("退款申请时间", "退款成功时间")
REFUND_COLUMNS = ("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态")
FIRST_COLUMNS = (
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
)
LAST_COLUMNS = ("商品名称", "商户数据包", "手续费", "费率", "订单金额")
COLUMNS = {
    "ALL": (*FIRST_COLUMNS, *REFUND_COLUMNS, *LAST_COLUMNS, "申请退款金额", "费率备注"),
    "SUCCESS": (*FIRST_COLUMNS, *LAST_COLUMNS, "费率备注"),
    "REFUND": (*FIRST_COLUMNS, *REFUND_TIMES, *REFUND_COLUMNS, *LAST_COLUMNS, "申请退款金额", "费率备注"),
}
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"

Document = dict[str, Any]


def write(journal: Journal, day: date, kind: str, changes: Document | None = None) -> str | None:
    """The bill of a day, or None when nothing happened on it; `changes` is what a test wants wrong with it."""
    paid = [order for order in journal.all("orders") if _on(day, order.get("paid"))] if kind != "REFUND" else []
    refunds = (
        [refund for refund in journal.all("refunds") if _on(day, refund.get("success"))] if kind != "SUCCESS" else []
    )
    changes = changes or {}
    if not paid and not refunds and not changes.get("extra"):
        return None
    rows = [_paid_row(order) for order in paid]
    rows += [_refund_row(journal.get("orders", refund["out_trade_no"]), refund) for refund in refunds]
    rows = _altered(rows, day, changes)
    columns = COLUMNS[kind]
    body = [_quoted(row.get(column, "") for column in columns) for row in sorted(rows, key=lambda row: row["交易时间"])]
    # WeChat begins the file with a byte order mark and ends its lines in CR LF.
    return "\ufeff" + "\r\n".join([",".join(columns), *body, SUMMARY, _summary(rows, changes), ""])


def _altered(rows: list[dict[str, str]], day: date, changes: Document) -> list[dict[str, str]]:
    """The rows as a test wants them: `drop`, `twice` and `change` by the merchant's number, `extra` ones made up."""
    told = []
    for row in rows:
        number = row["商户退款单号"] if row["交易状态"] == "REFUND" else row["商户订单号"]
        if number not in changes.get("drop", ()):
            changed = {**row, **changes.get("change", {}).get(number, {})}
            told += [changed] * (2 if number in changes.get("twice", ()) else 1)
    return told + [_extra(day, number) for number in range(changes.get("extra", 0))]


def _extra(day: date, number: int) -> dict[str, str]:
    return {
        **dict.fromkeys(COLUMNS["ALL"], ""),
        "交易时间": f"{day.isoformat()} 12:00:00",
        "微信订单号": f"42000{number:020d}",
        "商户订单号": f"EXTRA{number:010d}",
        "交易状态": "SUCCESS",
        "应结订单金额": "1.00",
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "手续费": "0.00600",
        "订单金额": "1.00",
        "申请退款金额": "0.00",
    }


def yuan(fen: int, digits: int = 2) -> str:
    """Fen as yuan, without floating point."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}".ljust(
        len(sign) + len(str(abs(fen) // 100)) + 1 + digits, "0"
    )


def fee(fen: int) -> int:
    """The fee of an amount in fen, rounded half up."""
    return (fen * FEE_RATE_PER_MYRIAD + 5000) // 10000


def _paid_row(order: Document) -> dict[str, str]:
    total = order["request"]["amount"]["total"]
    return {
        **_common(order, order["paid"]),
        "交易状态": "SUCCESS",
        "应结订单金额": yuan(total),
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "手续费": yuan(fee(total), 5),
        "订单金额": yuan(total),
        "申请退款金额": "0.00",
    }


def _refund_row(order: Document, refund: Document) -> dict[str, str]:
    amount = refund["request"]["amount"]["refund"]
    return {
        **_common(order, refund["success"]),
        "交易状态": "REFUND",
        "应结订单金额": "0.00",
        "退款申请时间": _moment(refund["created"]),
        "退款成功时间": _moment(refund["success"]),
        "微信退款单号": refund["refund_id"],
        "商户退款单号": refund["out_refund_no"],
        "退款金额": yuan(amount),
        "退款类型": "ORIGINAL",
        "退款状态": "SUCCESS",
        "手续费": yuan(-fee(amount), 5),
        "订单金额": "0.00",
        "申请退款金额": yuan(amount),
    }


def _common(order: Document, moment: float) -> dict[str, str]:
    wanted = order["request"]
    return {
        "交易时间": _moment(moment),
        "公众账号ID": wanted["appid"],
        "商户号": wanted["mchid"],
        "特约商户号": "0",
        "微信订单号": order["transaction_id"],
        "商户订单号": order["out_trade_no"],
        "用户标识": wanted["payer"]["openid"],
        "交易类型": "JSAPI",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "代金券金额": "0.00",
        "充值券退款金额": "0.00",
        "商品名称": wanted["description"],
        "商户数据包": wanted.get("attach", ""),
        "费率": "0.60%",
    }


def _summary(rows: list[dict[str, str]], changes: Document) -> str:
    def total(column: str) -> Decimal:
        return sum((Decimal(row[column]) for row in rows), Decimal("0.00"))

    told = {
        "总交易单数": str(len(rows)),
        "应结订单总金额": str(total("应结订单金额")),
        "退款总金额": str(total("退款金额")),
        "充值券退款总金额": "0.00",
        "手续费总金额": str(total("手续费")),
        "订单总金额": str(total("订单金额")),
        "申请退款总金额": str(total("申请退款金额")),
    }
    return _quoted((told | changes.get("summary", {})).values())


def _quoted(fields: Iterable[str]) -> str:
    return ",".join("`" + field.replace(",", " ") for field in fields)


def _on(day: date, moment: float | None) -> bool:
    return moment is not None and clock.local(moment).date() == day


def _moment(moment: float) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M:%S}"
