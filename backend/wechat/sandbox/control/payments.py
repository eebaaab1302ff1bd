"""The user at the cash desk, the bank behind it, and the books for whoever audits."""

from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox import crypto
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import payment, refunds
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import ControlError, Request, Response, as_json

OUTCOMES = ("SUCCESS", "ABNORMAL", "CLOSED")

TRADE = ("refunds", "orders", "prepays")

routes = Router()


@routes.on("POST", "/sandbox/payments/{prepay_id}/pay")
def pay(box: Sandbox, request: Request) -> Response:
    """The user pays; the mini-program's payment fields, if given, must be rightly signed."""
    order, given = _prepaid(box, request), request.json()
    if "paySign" in given:
        _check_pay_sign(box, order, given)
    if given.get("user_id") and box.journal.get("openids", order["request"]["payer"]["openid"]) != given["user_id"]:
        raise ControlError(HTTPStatus.FORBIDDEN, "other_payer", "the order names another openid")
    if reason := payment.obstacle(order):
        raise ControlError(HTTPStatus.CONFLICT, reason)
    notice_id = payment.settle(box, order, notify=given.get("notify", True))
    return as_json({**payment.transaction(order), "notice_id": notice_id})


@routes.on("POST", "/sandbox/payments/{prepay_id}/refuse")
def refuse(box: Sandbox, request: Request) -> Response:
    """The user closes the cash desk; WeChat tells the merchant nothing."""
    order = _prepaid(box, request)
    order["refusals"] += 1
    box.journal.put("orders", order["out_trade_no"], order)
    answer = {"errMsg": "requestPayment:fail cancel", "out_trade_no": order["out_trade_no"]}
    return as_json({**answer, "trade_state": order["trade_state"]})


@routes.on("GET", "/sandbox/orders")
def orders(box: Sandbox, _request: Request) -> Response:
    """All orders in brief."""
    return as_json({"orders": [_brief(box, order) for order in box.journal.all("orders")]})


@routes.on("DELETE", "/sandbox/orders")
def forget_orders(box: Sandbox, _request: Request) -> Response:
    """Forget all orders with what was paid and refunded."""
    for table in TRADE:
        box.journal.forget(table)
    return as_json({"orders": []})


@routes.on("GET", "/sandbox/orders/{number}")
def order_record(box: Sandbox, request: Request) -> Response:
    """All that is known of one order."""
    order = box.journal.get("orders", request.args["number"])
    if order is None:
        raise ControlError(HTTPStatus.NOT_FOUND, "no_such_order")
    record = {
        **_brief(box, order),
        "transaction": payment.transaction(order),
        "request": order["request"],
        "refusals": order["refusals"],
        "refunds": [refunds.shown(box.journal.get("refunds", number)) for number in order["refunds"]],
        "notices": [box.journal.get("notices", notice_id) for notice_id in order["notices"]],
        "shipping": order["shipping"],
    }
    return as_json(record)


@routes.on("GET", "/sandbox/shipping")
def shipping(box: Sandbox, _request: Request) -> Response:
    """All shipping reports."""
    return as_json({"shipping": [order["shipping"] for order in box.journal.all("orders") if order["shipping"]]})


@routes.on("POST", "/sandbox/refunds/{number}")
def force_refund(box: Sandbox, request: Request) -> Response:
    """Give a refund the outcome that the test wants; the merchant is told as usual."""
    refund, status = box.journal.get("refunds", request.args["number"]), request.json().get("status")
    if refund is None:
        raise ControlError(HTTPStatus.NOT_FOUND, "no_such_refund")
    if status not in OUTCOMES:
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_status", f"one of {', '.join(OUTCOMES)}")
    if refund["status"] in ("SUCCESS", "CLOSED"):
        raise ControlError(HTTPStatus.CONFLICT, "refund_done", refund["status"])
    refunds.conclude(box, refund, status)
    return as_json(refunds.shown(refund))


@routes.on("POST", "/sandbox/notices/flush", locked=False)
def flush(box: Sandbox, _request: Request) -> Response:
    """Send every notice that waits: held, delayed, reordered, or due for another try."""
    return as_json({"notices": box.courier.flush()})


def _prepaid(box: Sandbox, request: Request) -> dict[str, Any]:
    number = box.journal.get("prepays", request.args["prepay_id"])
    if number is None:
        raise ControlError(HTTPStatus.NOT_FOUND, "no_such_prepay_id")
    order: dict[str, Any] = box.journal.get("orders", number)
    return order


def _check_pay_sign(box: Sandbox, order: dict[str, Any], given: dict[str, Any]) -> None:
    names = ("appId", "timeStamp", "nonceStr", "package")
    fields = [given.get(name) for name in names]
    whole = all(isinstance(field, str) for field in fields) and given.get("signType") == "RSA"
    package = f"prepay_id={order['prepay_id']}"
    if not whole or given["appId"] != box.appid or given["package"] != package:
        raise ControlError(HTTPStatus.BAD_REQUEST, "pay_sign_fields", "appId, timeStamp, nonceStr, package, signType")
    if not crypto.verifies(box.keys.merchant_key, crypto.lines(*map(str, fields)), str(given["paySign"])):
        raise ControlError(HTTPStatus.BAD_REQUEST, "pay_sign_wrong", "支付验证签名失败")


def _brief(box: Sandbox, order: dict[str, Any]) -> dict[str, Any]:
    return {
        "out_trade_no": order["out_trade_no"],
        "prepay_id": order["prepay_id"],
        "transaction_id": order.get("transaction_id"),
        "state": order["trade_state"],
        "amount": order["request"]["amount"]["total"],
        "refunded": refunds.refunded(box, order, ("SUCCESS",)),
        "refunding": refunds.refunded(box, order, ("PROCESSING", "ABNORMAL")),
    }
