"""Orders: placed, asked after, closed."""

import secrets
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import order_form, payment
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import PayError, Request, Response, as_json

routes = Router()


@routes.on("POST", "/v3/pay/transactions/jsapi")
def place(box: Sandbox, request: Request) -> Response:
    """Take an order, or find the same one again."""
    wanted = request.json()
    order_form.check(wanted)
    if (wanted["appid"], wanted["mchid"]) != (box.appid, box.mchid):
        raise PayError(HTTPStatus.BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
    if not box.journal.get("openids", wanted["payer"]["openid"]):
        raise order_form.param_error("/payer/openid", wanted["payer"]["openid"])
    known = box.journal.get("orders", wanted["out_trade_no"])
    if known:
        _check_same(known, wanted)
        return as_json({"prepay_id": known["prepay_id"]})
    order = _new_order(wanted)
    box.journal.put("orders", order["out_trade_no"], order)
    box.journal.put("prepays", order["prepay_id"], order["out_trade_no"])
    return as_json({"prepay_id": order["prepay_id"]})


@routes.on("GET", "/v3/pay/transactions/out-trade-no/{number}")
def query(box: Sandbox, request: Request) -> Response:
    """An order by the merchant's number."""
    _check_mchid(box, request.query.get("mchid"))
    return as_json(payment.transaction(_order(box, request.args["number"])))


@routes.on("GET", "/v3/pay/transactions/id/{transaction_id}")
def query_by_id(box: Sandbox, request: Request) -> Response:
    """A paid order by WeChat's number."""
    _check_mchid(box, request.query.get("mchid"))
    number = box.journal.get("transactions", request.args["transaction_id"])
    return as_json(payment.transaction(_order(box, number)))


@routes.on("POST", "/v3/pay/transactions/out-trade-no/{number}/close")
def close(box: Sandbox, request: Request) -> Response:
    """Close an unpaid order; closing it again changes nothing."""
    _check_mchid(box, request.json().get("mchid"))
    order = _order(box, request.args["number"])
    payable = payment.obstacle(order) is None
    if payable and box.faults.strike("close_races_pay", request.path):
        payment.settle(box, order)
    if order["trade_state"] in ("SUCCESS", "REFUND"):
        raise PayError(HTTPStatus.BAD_REQUEST, "ORDERPAID", "该订单已支付")
    if order["trade_state"] != "CLOSED":
        order["trade_state"] = "CLOSED"
        box.journal.put("orders", order["out_trade_no"], order)
    return Response(HTTPStatus.NO_CONTENT)


def _check_same(known: dict[str, Any], wanted: dict[str, Any]) -> None:
    if known["trade_state"] != "NOTPAY":
        word = "已关闭" if known["trade_state"] == "CLOSED" else "已支付"
        raise PayError(HTTPStatus.FORBIDDEN, "OUT_TRADE_NO_USED", f"商户订单号重复：该订单{word}")
    if known["request"] != wanted:
        raise PayError(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")


def _new_order(wanted: dict[str, Any]) -> dict[str, Any]:
    moment = clock.now()
    return {
        "out_trade_no": wanted["out_trade_no"],
        "prepay_id": f"wx{clock.local(moment):%Y%m%d%H%M%S}{secrets.token_hex(10)}",
        "request": wanted,
        "created": moment,
        "trade_state": "NOTPAY",
        "refusals": 0,
        "refunds": [],
        "notices": [],
        "shipping": None,
    }


def _order(box: Sandbox, number: str | None) -> dict[str, Any]:
    order: dict[str, Any] | None = box.journal.get("orders", number) if number else None
    if order is None:
        raise PayError(HTTPStatus.NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在")
    return order


def _check_mchid(box: Sandbox, mchid: str | None) -> None:
    if mchid is None:
        raise order_form.param_error("/mchid", mchid)
    if mchid != box.mchid:
        raise PayError(HTTPStatus.BAD_REQUEST, "MCH_NOT_EXISTS", "商户号不存在")
