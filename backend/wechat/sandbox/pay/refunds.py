"""Refunds: asked for, settled after a while, asked after."""

import secrets
from functools import partial
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import order_form
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import PayError, Request, Response, as_json

MOST_PARTS = 50
YEAR = 365 * 86400
NUMBER_LENGTH, REASON_LENGTH = 64, 80
OUTCOMES = {"refund_abnormal": "ABNORMAL", "refund_closed": "CLOSED", "refund_stays_processing": "PROCESSING"}

routes = Router()


@routes.on("POST", "/v3/refund/domestic/refunds")
def ask(box: Sandbox, request: Request) -> Response:
    """Accept a refund, or find the same one again; accepted is not done."""
    wanted = request.json()
    _check_form(wanted)
    number = wanted["out_refund_no"]
    known = box.journal.get("refunds", number)
    if known:
        if known["request"] != wanted:
            raise _invalid("订单金额或退款金额与之前请求不一致，请核实后再试")
        return as_json(shown(known))
    order = _order(box, wanted)
    if not box.journal.get("unlucky_refunds", number):
        _maybe_missing(box, request.path, number)
    _check_room(box, order, wanted["amount"])
    refund = _new_refund(order, wanted)
    refund["fate"] = next(
        (fate for fault, fate in OUTCOMES.items() if box.faults.strike(fault, request.path)), "SUCCESS"
    )
    box.journal.put("refunds", number, refund)
    order["refunds"].append(number)
    order["trade_state"] = "REFUND"
    box.journal.put("orders", order["out_trade_no"], order)
    settle_later(box, refund)
    return as_json(shown(refund))


@routes.on("GET", "/v3/refund/domestic/refunds/{number}")
def query(box: Sandbox, request: Request) -> Response:
    """A refund by the merchant's number."""
    refund = box.journal.get("refunds", request.args["number"])
    if refund is None:
        raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return as_json(shown(refund))


def resume(box: Sandbox) -> None:
    """After a restart: go on settling what is under way."""
    for refund in box.journal.all("refunds"):
        if refund["status"] == "PROCESSING":
            settle_later(box, refund)


def conclude(box: Sandbox, refund: dict[str, Any], status: str) -> None:
    """Give a refund its outcome and tell the merchant."""
    refund["status"] = status
    if status == "SUCCESS":
        refund["success"] = clock.now()
    box.journal.put("refunds", refund["out_refund_no"], refund)
    order = box.journal.get("orders", refund["out_trade_no"])
    url = refund["request"].get("notify_url")
    if url:
        order["notices"].append(box.courier.post(f"REFUND.{status}", url, _notice(refund)))
        box.journal.put("orders", order["out_trade_no"], order)


def shown(refund: dict[str, Any]) -> dict[str, Any]:
    """The refund object of answers."""
    amount = refund["request"]["amount"]
    answer: dict[str, Any] = {
        "refund_id": refund["refund_id"],
        "out_refund_no": refund["out_refund_no"],
        "transaction_id": refund["transaction_id"],
        "out_trade_no": refund["out_trade_no"],
        "channel": "ORIGINAL",
        "user_received_account": refund.get("received", "支付用户零钱"),
        "create_time": clock.rfc3339(refund["created"]),
        "status": refund["status"],
        "funds_account": "AVAILABLE",
        "amount": {
            "total": amount["total"],
            "refund": amount["refund"],
            "payer_total": amount["total"],
            "payer_refund": amount["refund"],
            "settlement_total": amount["total"],
            "settlement_refund": amount["refund"],
            "discount_refund": 0,
            "currency": "CNY",
            "from": amount.get("from", []),
        },
        "promotion_detail": [],
    }
    if "success" in refund:
        answer["success_time"] = clock.rfc3339(refund["success"])
    return answer


def _notice(refund: dict[str, Any]) -> dict[str, Any]:
    fields = ("transaction_id", "out_trade_no", "refund_id", "out_refund_no", "user_received_account", "success_time")
    full = shown(refund)
    amount = {key: full["amount"][key] for key in ("total", "refund", "payer_total", "payer_refund")}
    kept = {field: full[field] for field in fields if field in full}
    return {"mchid": refund["mchid"], **kept, "refund_status": refund["status"], "amount": amount}


def settle_later(box: Sandbox, refund: dict[str, Any]) -> None:
    """Let a refund under way come to its outcome after a while."""
    if refund["fate"] != "PROCESSING":
        box.later.call(box.options.refund_delay, partial(_settle, box, refund))


def _settle(box: Sandbox, refund: dict[str, Any]) -> None:
    with box.lock:
        if refund["status"] == "PROCESSING":
            conclude(box, refund, refund["fate"])


def _check_form(wanted: dict[str, Any]) -> None:
    number, reason = wanted.get("out_refund_no"), wanted.get("reason", "")
    if not isinstance(number, str) or not 0 < len(number) <= NUMBER_LENGTH:
        raise order_form.param_error("/out_refund_no", number)
    if not isinstance(reason, str) or len(reason.encode()) > REASON_LENGTH:
        raise order_form.param_error("/reason", reason)
    if ("transaction_id" in wanted) == ("out_trade_no" in wanted):
        raise order_form.param_error("/transaction_id", wanted.get("transaction_id"))
    order_form.check_amount(wanted.get("amount"), "refund")
    order_form.check_amount(wanted["amount"], "total")
    if "currency" not in wanted["amount"]:
        raise order_form.param_error("/amount/currency", None)
    if "notify_url" in wanted:
        order_form.check_url(wanted["notify_url"])


def _order(box: Sandbox, wanted: dict[str, Any]) -> dict[str, Any]:
    number = wanted.get("out_trade_no") or box.journal.get("transactions", wanted["transaction_id"])
    order: dict[str, Any] | None = box.journal.get("orders", number) if number else None
    if order is None:
        raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "订单不存在")
    return order


def _maybe_missing(box: Sandbox, path: str, number: str) -> None:
    if box.faults.strike("refund_resource_not_exists_once", path):
        box.journal.put("unlucky_refunds", number, 1)
        raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "订单不存在")


def _check_room(box: Sandbox, order: dict[str, Any], amount: dict[str, Any]) -> None:
    if order["trade_state"] not in ("SUCCESS", "REFUND"):
        raise _invalid("订单未支付，不能退款")
    if amount["total"] != order["request"]["amount"]["total"]:
        raise _invalid("订单金额与原订单不一致")
    if clock.now() - order["paid"] > YEAR:
        raise _invalid("订单已超过可退款的最大期限")
    if len(order["refunds"]) >= MOST_PARTS:
        raise _invalid("单笔订单最多支持50次部分退款")
    if refunded(box, order, ("SUCCESS", "PROCESSING", "ABNORMAL")) + amount["refund"] > amount["total"]:
        raise _invalid("申请退款金额大于订单可退金额")


def refunded(box: Sandbox, order: dict[str, Any], states: tuple[str, ...]) -> int:
    """The fen of an order's refunds that are in one of these states."""
    refunds = [box.journal.get("refunds", number) for number in order["refunds"]]
    return sum(refund["request"]["amount"]["refund"] for refund in refunds if refund["status"] in states)


def _new_refund(order: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    moment = clock.now()
    digits = "".join(secrets.choice("0123456789") for _ in range(10))
    return {
        "refund_id": f"5030{clock.local(moment):%Y%m%d%H%M%S}{digits}",
        "out_refund_no": wanted["out_refund_no"],
        "transaction_id": order["transaction_id"],
        "out_trade_no": order["out_trade_no"],
        "mchid": order["request"]["mchid"],
        "request": wanted,
        "created": moment,
        "status": "PROCESSING",
    }


def _invalid(message: str) -> PayError:
    return PayError(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", message)
