"""The refunds that wait for a person, as the office sees them. Plain dicts without personal data."""

from datetime import datetime
from typing import Any

from backend import clock
from backend.store import paging
from models.identity.actors import Staff
from models.payments import refund, refund_settle, refund_work
from models.payments.refund_work import RefundWork

OPERATION = "refund.list"
ACTION_ZH = {
    "retry": "换号重新退款",
    "resume": "重新提交",
    "send_to_card": "退到游客银行卡",
    "send_to_merchant": "退到商户银行账户",
    "pay_elsewhere": "现金或转账支付",
    "refresh": "向微信支付查询",
}


def listed(
    actor: Staff, *, state: str, mine: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the items in the actor's scope, what is due first at the head."""
    actor.require(OPERATION)
    query: dict[str, Any] = {"state": state}
    units = actor.units_for(OPERATION)
    if units is not None:
        query["unit"] = {"$in": sorted(units)}
    if mine:
        query["assignee"] = actor.staff_id
    found, following = paging.page(RefundWork._get_collection(), query, sort=("due", 1), cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def whole(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Return one item with its history, what can be done about it, and the numbers that WeChat knows of it.

    Raises:
        NotFound: no such item in the actor's scope.
    """
    return told(refund_work.reached(actor, OPERATION, refund_id))


def told(found: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its history."""
    known = refund.read(found["_id"])
    history = [{**one, "at": _time(one["at"])} for one in found["history"]]
    numbers = {"number": refund.number_of(known), "former": known.get("former", [])}
    refusal = {"refusal": known["refusal"]} if known.get("refusal") else {}
    return {**shown(found), "refund_state": known["state"], **numbers, **refusal, "history": history}


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return an item as a list shows it."""
    possible = found["state"] == "open" and not found.get("approval")
    actions = refund_settle.ACTIONS[found["why"]] if possible else ()
    told = {
        "id": found["_id"],
        "payment_id": str(found["payment"]),
        "unit": found["unit"],
        "amount_fen": found["fen"],
        "why": found["why"],
        "why_zh": refund_work.WHY_ZH[found["why"]],
        "state": found["state"],
        "state_zh": "待复核" if found.get("approval") else refund_work.STATE_ZH[found["state"]],
        "opened_at": _time(found["opened_at"]),
        "due": _time(found["due"]),
        "overdue": found["state"] != "done" and (found["level"] > 0 or found["due"] <= clock.now()),
        "level": found["level"],
        "actions": [{"action": one, "action_zh": ACTION_ZH[one]} for one in actions],
    }
    if found.get("assignee"):
        told["assignee"] = f"staff:{found['assignee']}"
    if found.get("approval"):
        told["approval_id"] = str(found["approval"])
    return told | ({"done_at": _time(found["done_at"])} if found.get("done_at") else {})


def _time(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
