"""A refund that went wrong, sent on: to a bank card of the payer, or to the merchant's own account."""

import re
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import order_form, refunds
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import PayError, Request, Response, as_json

USER, MERCHANT = "USER_BANK_CARD", "MERCHANT_BANK_CARD"
BANK = re.compile(r"[A-Z]{2,16}_(DEBIT|CREDIT)")
CARD = re.compile(r"[0-9]{12,19}")
CLOSED_CARD = "0000"
"""A card whose number ends so takes no money."""

routes = Router()


@routes.on("POST", "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund")
def apply(box: Sandbox, request: Request) -> Response:
    """Take an abnormal refund on; the same again while it is under way is the same."""
    wanted = request.json()
    refund = _found(box, request.args["refund_id"], wanted)
    card = _card(box, wanted)
    sent = {"type": wanted["type"], "card": card}
    if refund["status"] == "PROCESSING" and refund.get("sent_on") == sent:
        return as_json(refunds.shown(refund))
    if refund["status"] != "ABNORMAL":
        raise PayError(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", "该退款单不是异常状态")
    fate = "ABNORMAL" if card.endswith(CLOSED_CARD) else "SUCCESS"
    refund |= {"status": "PROCESSING", "fate": fate, "sent_on": sent, "received": card[-4:] or "商户银行账户"}
    box.journal.put("refunds", refund["out_refund_no"], refund)
    refunds.settle_later(box, refund)
    return as_json(refunds.shown(refund))


def _found(box: Sandbox, refund_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    number = wanted.get("out_refund_no")
    if not isinstance(number, str):
        raise order_form.param_error("/out_refund_no", number)
    refund: dict[str, Any] | None = box.journal.get("refunds", number)
    if refund is None or refund["refund_id"] != refund_id:
        raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return refund


def _card(box: Sandbox, wanted: dict[str, Any]) -> str:
    """Return the number of the payer's card, empty where the merchant's account takes the money."""
    if wanted.get("type") == MERCHANT:
        return ""
    if wanted.get("type") != USER:
        raise order_form.param_error("/type", wanted.get("type"))
    if not BANK.fullmatch(str(wanted.get("bank_type"))):
        raise order_form.param_error("/bank_type", wanted.get("bank_type"))
    card, name = (_opened(box, wanted, field) for field in ("bank_account", "real_name"))
    if not CARD.fullmatch(card):
        raise order_form.param_error("/bank_account", None)
    if not name.strip():
        raise order_form.param_error("/real_name", None)
    return card


def _opened(box: Sandbox, wanted: dict[str, Any], field: str) -> str:
    text = box.keys.opened(wanted.get(field))
    if text is None:
        raise PayError(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", f"敏感信息{field}解密失败")
    return text
