"""Bills and refunds as staff see them. Plain dicts without personal data."""

from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.errors import BadInput, Conflict, NotFound
from backend.store import paging
from models.audit import entry
from models.identity.actors import Staff
from models.payments import bill, reconciliation
from models.payments.refund import Refund

KEPT = timedelta(days=90)
"""WeChat keeps bills for three months."""
NEEDING_A_PERSON = ("abnormal", "closed")
STATE_ZH = {"abnormal": "退款异常,需在商户平台处理", "closed": "退款已关闭,需核实后重新办理"}


class BillNotReady(Conflict):
    """409: WeChat has no bill of this day yet."""

    code = "bill_not_ready"
    zh = "微信支付还没有这一天的账单,请在次日 10 点后再试。"
    en = "WeChat Pay has no bill of this day yet. Try after 10:00 on the next day."


class DayOutOfReach(BadInput):
    """400: no bill can be had of this day."""

    code = "bill_day_out_of_reach"
    zh = "只能核对昨天及以前三个月内的账单,请更换日期。"
    en = "Bills can be had of yesterday and the three months before."

    def __init__(self) -> None:
        super().__init__(fields={"day": [self.zh]})


def read_bill(actor: Staff, day: date) -> dict[str, Any]:
    """Return the matched bill of a day.

    Raises:
        NotFound: it was not matched yet.
    """
    actor.require("bill.read")
    found = bill.read(day.isoformat())
    if found is None:
        raise NotFound
    return _bill(found)


def match_bill(actor: Staff, day: date) -> dict[str, Any]:
    """Fetch the bill of a day from WeChat and match it; repeating it replaces the result.

    Raises:
        DayOutOfReach: today, in the future, or too long ago.
        BillNotReady: WeChat has none yet.
        PaymentUnknown, PaymentGatewayFailure: it could not be had whole.
    """
    actor.require("bill.match")
    _require_within_reach(day)
    entry.write(entry.line(actor.key, "bill.match", f"bill:{day.isoformat()}", unit=actor.unit))
    found = bill.fetch_and_match(day)
    if found is None:
        raise BillNotReady
    return _bill(found)


def _require_within_reach(day: date) -> None:
    if not clock.today() - KEPT <= day < clock.today():
        raise DayOutOfReach


def reconcile_wechat(actor: Staff, day: date) -> dict[str, Any]:
    """Fetch the bill of a day from WeChat and compare it with the ledger; repeating it replaces the result.

    Raises:
        DayOutOfReach: today, in the future, or too long ago.
        BillNotReady: WeChat has none yet.
        PaymentUnknown, PaymentGatewayFailure: it could not be had whole.
    """
    actor.require("ledger.reconcile")
    _require_within_reach(day)
    entry.write(entry.line(actor.key, "ledger.reconcile", f"bill:{day.isoformat()}", unit=actor.unit))
    found = reconciliation.of_wechat(day)
    if found is None:
        raise BillNotReady
    return reconciliation.shown(found)


def _bill(found: dict[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("lines", "paid_fen", "refunded_fen")}
    differing = [{name: value for name, value in one.items() if value is not None} for one in found["differences"]]
    at = clock.civil(found["matched_at"]).isoformat(timespec="seconds")
    return {"day": found["_id"], **told, "differences": differing, "matched_at": at}


def refunds_needing_a_person(
    actor: Staff, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of refunds that ended without reaching the payer."""
    actor.require("refund.list")
    query = {"state": {"$in": list(NEEDING_A_PERSON)}}
    found, following = paging.page(Refund._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [_refund(one) for one in found], following


def _refund(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["_id"],
        "payment_id": str(found["payment"]),
        "amount_fen": found["amount_fen"],
        "reason": found["reason"],
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "requested_at": clock.civil(found["requested_at"]).isoformat(timespec="seconds"),
    }
