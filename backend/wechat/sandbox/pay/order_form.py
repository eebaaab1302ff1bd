"""What an order must look like before it is taken."""

import re
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.wire import PayError

NUMBER = re.compile(r"[0-9A-Za-z_\-*]{6,32}")
LIMITS = {"description": 127, "attach": 128, "notify_url": 255}


def check(order: dict[str, Any]) -> None:
    """Refuse an order with a missing or malformed field."""
    for field in ("appid", "mchid", "description", "out_trade_no", "notify_url"):
        if not isinstance(order.get(field), str) or not order[field]:
            raise param_error(f"/{field}", order.get(field))
    for field, limit in LIMITS.items():
        if len(str(order.get(field, ""))) > limit:
            raise param_error(f"/{field}", order[field])
    if not NUMBER.fullmatch(order["out_trade_no"]):
        raise param_error("/out_trade_no", order["out_trade_no"])
    check_url(order["notify_url"])
    check_amount(order.get("amount"), "total")
    payer = order.get("payer")
    if not isinstance(payer, dict) or not isinstance(payer.get("openid"), str):
        raise param_error("/payer/openid", order.get("payer"))
    if "time_expire" in order:
        _check_expiry(order["time_expire"])


def check_url(url: Any) -> None:
    """A notify_url is absolute and has no query. Live WeChat wants https; on loopback http will do."""
    if not isinstance(url, str) or not re.fullmatch(r"https?://[\w.\-]+(:\d{1,5})?(/[^?#\s]*)?", url):
        raise param_error("/notify_url", url)


def check_amount(amount: Any, field: str) -> None:
    """An amount is a positive integer of fen, in CNY."""
    value = amount.get(field) if isinstance(amount, dict) else None
    if type(value) is not int or value < 1:
        raise param_error(f"/amount/{field}", value)
    if amount.get("currency", "CNY") != "CNY":
        raise param_error("/amount/currency", amount["currency"])


def param_error(field: str, value: Any) -> PayError:
    """The refusal of one field."""
    detail = {"field": field, "value": value, "issue": "输入源字段不符合规则", "location": "body"}
    return PayError(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", f"参数错误：{field}", detail)


def _check_expiry(text: Any) -> None:
    try:
        expiry = clock.parse(text)
    except (TypeError, ValueError) as error:
        raise param_error("/time_expire", text) from error
    if expiry <= clock.now():
        raise param_error("/time_expire", text)
