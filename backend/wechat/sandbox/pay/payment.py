"""The moment of payment, and a transaction as WeChat shows it."""

import secrets
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox

PREPAY_SECONDS = 7200
STATES = {"SUCCESS": "支付成功", "REFUND": "转入退款", "NOTPAY": "订单未支付", "CLOSED": "订单已关闭"}


def obstacle(order: dict[str, Any]) -> str | None:
    """Why this order cannot be paid now, or None."""
    if order["trade_state"] == "CLOSED":
        return "order_closed"
    if order["trade_state"] != "NOTPAY":
        return "order_paid"
    if clock.now() >= _last_moment(order):
        return "order_expired"
    return None


def settle(box: Sandbox, order: dict[str, Any], *, notify: bool = True) -> str:
    """The user has paid: note it and tell the merchant. Answers the notice's id."""
    moment = clock.now()
    digits = "".join(secrets.choice("0123456789") for _ in range(10))
    order["trade_state"] = "SUCCESS"
    order["paid"] = moment
    order["transaction_id"] = f"4200{clock.local(moment):%Y%m%d%H%M%S}{digits}"
    box.journal.put("transactions", order["transaction_id"], order["out_trade_no"])
    url = order["request"]["notify_url"]
    notice_id = box.courier.post("TRANSACTION.SUCCESS", url, transaction(order), hold=not notify)
    order["notices"].append(notice_id)
    box.journal.put("orders", order["out_trade_no"], order)
    return notice_id


def transaction(order: dict[str, Any]) -> dict[str, Any]:
    """The transaction object of queries and notices."""
    wanted, state = order["request"], order["trade_state"]
    total = wanted["amount"]["total"]
    shown: dict[str, Any] = {
        "appid": wanted["appid"],
        "mchid": wanted["mchid"],
        "out_trade_no": order["out_trade_no"],
        "trade_state": state,
        "trade_state_desc": STATES[state],
        "amount": {"total": total, "currency": "CNY"},
    }
    if "attach" in wanted:
        shown["attach"] = wanted["attach"]
    if "transaction_id" in order:
        shown |= {
            "transaction_id": order["transaction_id"],
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": clock.rfc3339(order["paid"]),
            "payer": {"openid": wanted["payer"]["openid"]},
            "amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"},
        }
    return shown


def _last_moment(order: dict[str, Any]) -> float:
    last: float = order["created"] + PREPAY_SECONDS
    if "time_expire" in order["request"]:
        last = min(last, clock.parse(order["request"]["time_expire"]))
    return last
