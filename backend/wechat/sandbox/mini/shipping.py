"""Shipping reports, without which WeChat holds back the money of virtual goods too."""

from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import MiniError, Request, Response, ok

LOGISTICS = (1, 2, 3, 4)
MERCHANT_NUMBER, WECHAT_NUMBER = 1, 2

routes = Router()


@routes.on("POST", "/wxa/sec/order/upload_shipping_info")
def upload(box: Sandbox, request: Request) -> Response:
    """Note how a paid order was handed over, once."""
    report = request.json()
    order = _order(box, report.get("order_key") or {})
    _check_form(report)
    if (report.get("payer") or {}).get("openid") != order["request"]["payer"]["openid"]:
        raise MiniError(10060012, "支付者openid与支付单不符")
    if order["trade_state"] != "SUCCESS":
        raise MiniError(10060004, "支付单处于不可发货的状态")
    if order["shipping"]:
        raise MiniError(10060002, "支付单已完成发货，无法继续发货")
    order["shipping"] = {"out_trade_no": order["out_trade_no"], "at": clock.rfc3339(clock.now()), "report": report}
    box.journal.put("orders", order["out_trade_no"], order)
    return ok()


def _order(box: Sandbox, key: dict[str, Any]) -> dict[str, Any]:
    number = None
    if key.get("order_number_type") == WECHAT_NUMBER:
        number = box.journal.get("transactions", str(key.get("transaction_id")))
    elif key.get("order_number_type") == MERCHANT_NUMBER and key.get("mchid") == box.mchid:
        number = key.get("out_trade_no")
    order: dict[str, Any] | None = box.journal.get("orders", str(number))
    if order is None or "transaction_id" not in order:
        raise MiniError(10060001, "支付单不存在")
    return order


def _check_form(report: dict[str, Any]) -> None:
    if report.get("logistics_type") not in LOGISTICS:
        raise MiniError(10060005, "物流类型有误")
    goods = report.get("shipping_list")
    if report.get("delivery_mode") not in (1, 2) or not isinstance(goods, list) or not goods:
        raise MiniError(10060009, "delivery_mode或shipping_list有误")
    if not all(isinstance(item, dict) and item.get("item_desc") for item in goods):
        raise MiniError(10060009, "item_desc为空")
    try:
        clock.parse(report.get("upload_time", ""))
    except (TypeError, ValueError) as error:
        raise MiniError(47001, "upload_time须为RFC 3339格式") from error
