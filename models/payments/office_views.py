"""Bills and refunds as staff see them. Plain dicts without personal data."""

from datetime import date, timedelta
from typing import Any

from backend import clock, runtime
from backend.errors import BadInput, Conflict, NotFound
from backend.store import paging
from models.audit import entry
from models.identity.actors import Staff
from models.payments import bill, bill_job, bill_line, bill_resolve, reconciliation, refund
from models.payments.bill_line import MatchedLine
from models.payments.refund import Refund

KEPT = timedelta(days=90)
"""WeChat keeps bills for three months."""
STATE_ZH = {
    "abnormal": "退款异常,需在商户平台处理",
    "closed": "退款已关闭,需核实后重新办理",
    "refused": "微信支付不受理,需另行办理",
    "returned": "已退到商户银行账户,需另行付给游客",
}


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


def start_matching(actor: Staff, day: date) -> dict[str, Any]:
    """Start the job that fetches the bill of a day and matches it, however long it is; return the job.

    Raises:
        DayOutOfReach: today, in the future, or too long ago.
    """
    actor.require("bill.match")
    _require_within_reach(day)
    entry.write(entry.line(actor.key, "bill.match", f"bill:{day.isoformat()}", unit=actor.unit))
    return bill_job.start(day, who=actor.key, unit=actor.unit)


def bills(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the matched bills, the newest day first, without their differences."""
    actor.require("bill.read")
    query = {"_id": {"$gt": ""}}
    found, following = paging.page(bill.Bill._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [_bill({**one, "differences": []}) for one in found], following


def bill_lines(
    actor: Staff, day: date, wanted: dict[str, str], *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lines of a day, of one outcome or standing where they are named."""
    actor.require("bill.read")
    query: dict[str, Any] = {"day": day.isoformat(), "outcome": {"$in": list(bill_line.OUTCOME_ZH)}, **wanted}
    found, following = paging.page(MatchedLine._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [bill_line_shown(one) for one in found], following


def one_line(actor: Staff, line_id: str) -> dict[str, Any]:
    """Return one line of a bill.

    Raises:
        NotFound: no such line.
    """
    actor.require("bill.read")
    return bill_line_shown(bill_line.read(line_id))


def bill_line_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a line of a bill as staff see it; what one side does not have is absent."""
    names = ("kind", "number", "transaction_id", "there_fen", "there_state", "here_fen", "here_state")
    told: dict[str, Any] = {
        "id": found["_id"],
        "day": found["day"],
        **{name: found[name] for name in names if name in found},
        "outcome": found["outcome"],
        "outcome_zh": bill_line.OUTCOME_ZH[found["outcome"]],
        "standing": found["standing"],
        "standing_zh": bill_line.STANDING_ZH[found["standing"]],
        "times": len(found.get("rows", ())),
    }
    if found["standing"] == "proposed":
        told["approval_id"] = str(found["approval"])
    return told | ({"resolution": _resolution(found)} if found["standing"] == "resolved" else {})


def _resolution(found: dict[str, Any]) -> dict[str, Any]:
    kept = found["resolution"]
    note = runtime.current().sealer.open(f"{bill_line.COLLECTION}.resolution.note", found["_id"], kept["note"])
    zh = bill_resolve.WHY_ZH.get(kept["how"], "差额已入账待查")
    at = clock.civil(kept["at"]).isoformat(timespec="seconds")
    return {"how": kept["how"], "how_zh": zh, "by": kept["by"], "at": at, "note": note}


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
    more: dict[str, Any] = {name: found[name] for name in ("outcomes", "open", "summary_agrees") if name in found}
    return {"day": found["_id"], **told, **more, "differences": differing, "matched_at": at}


def refunds_needing_a_person(
    actor: Staff, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of refunds that ended without reaching the payer."""
    actor.require("refund.list")
    query = {"state": {"$in": list(refund.NEEDING_A_PERSON)}}
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
