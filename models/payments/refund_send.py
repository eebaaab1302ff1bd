"""A refund before WeChat Pay: asked for, asked after, and proved given up before it is made another way."""

from datetime import timedelta
from typing import Any

from backend import clock, metrics, outbox, runtime
from backend.errors import Conflict
from backend.wechat import pay_values
from backend.wechat.errors import PaymentRefused
from models.payments import payment, refund
from models.payments.refund import FINAL, REPEATED, Refund, number_of, read

FOR_GOOD = frozenset({"INVALID_REQUEST", "PARAM_ERROR", "NO_AUTH", "RULE_LIMIT", "USER_ACCOUNT_ABNORMAL"})
"""What WeChat Pay goes on saying however often it is asked."""
PASSING = frozenset({"FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "SYSTEM_ERROR"})
SHORT = "NOT_ENOUGH"
MISSING = "RESOURCE_NOT_EXISTS"
MISSING_FOR_GOOD = timedelta(days=1)
POLL_SECONDS = (60, 60, 60, 300, 600, 1200, 1800)
SHORT_SECONDS, PASSING_SECONDS = 1800, 60


class RefundNotClosed(Conflict):
    """409: WeChat has not given the refund up, so it cannot be made another way."""

    code = "refund_not_closed"
    zh = "微信支付尚未关闭这笔退款(当前:{status}),请先刷新状态,不要重复退款。"
    en = "WeChat Pay has not closed this refund ({status}). Refresh it; do not refund twice."


def send(refund_id: str) -> None:
    """Ask WeChat to refund, or how far it is; repeating it is safe, as long as the number at WeChat stays the same.

    Raises:
        outbox.Later: not final yet.
    """
    found = read(refund_id)
    if found["state"] not in {"requested", "processing"}:
        return
    try:
        answer = _ask(found)
    except PaymentRefused as refusal:
        _refused(found, refusal.errcode)
        return
    if answer is None or answer.status not in FINAL:
        _processing(found, answer)
    refund.finish(number_of(found), FINAL[answer.status], answer.refund_id)  # type: ignore[union-attr]


def _ask(found: dict[str, Any]) -> pay_values.Refund | None:
    pay = runtime.current().pay
    if found["state"] == "processing":
        return pay.query_refund(number_of(found))
    paid = payment.read(found["payment"])
    return pay.refund(
        transaction_id=paid["transaction_id"],
        out_refund_no=number_of(found),
        refund_fen=found["amount_fen"],
        total_fen=paid["amount_fen"],
        reason=found["reason"],
        notify_url=payment.notify_url(),
    )


def _refused(found: dict[str, Any], errcode: str) -> None:
    """Tell apart what passes by itself, what money in the merchant's account ends, and what stays.

    Raises:
        outbox.Later: asking again makes sense.
        PaymentRefused: it is none of these, and something is wrong with the merchant's settings.
    """
    gone = found["requested_at"] < clock.now() - MISSING_FOR_GOOD
    if errcode == MISSING and not gone:  # seen to pass by itself shortly after a payment
        raise outbox.Later(30)
    if errcode in PASSING:
        raise outbox.Later(PASSING_SECONDS)
    if errcode == SHORT:
        _note_short(found["_id"])
        raise outbox.Later(SHORT_SECONDS)
    if errcode not in FOR_GOOD and errcode != MISSING:
        raise PaymentRefused(errcode=errcode)
    change = {"state": "refused", "refusal": errcode, **refund.followed(found, "refused")}
    guard = {"_id": found["_id"], "state": "requested", "number": found.get("number")}
    if Refund._get_collection().update_one(guard, {"$set": change}).matched_count:
        refund.heard(found["_id"], "refused")


def _note_short(refund_id: str) -> None:
    """Let a person know, once, that the merchant's account has too little for a refund; it goes on by itself then."""
    follow = outbox.entry("bills", "payments.refund_work", refund=refund_id)
    change = {"$set": {"short_since": clock.now(), "worked": True}, "$push": {"outbox": follow}}
    if Refund._get_collection().update_one({"_id": refund_id, "short_since": None}, change).matched_count:
        metrics.ALARMS.labels("refund_not_enough").inc()


def _processing(found: dict[str, Any], answer: pay_values.Refund | None) -> None:
    change: dict[str, Any] = {"$inc": {"polls": 1}}
    if answer:
        change["$set"] = {"state": "processing", "refund_id": answer.refund_id}
    guard = {"_id": found["_id"], "state": {"$in": ["requested", "processing"]}, "number": found.get("number")}
    Refund._get_collection().update_one(guard, change)
    raise outbox.Later(POLL_SECONDS[min(found["polls"], len(POLL_SECONDS) - 1)])


def look(refund_id: str) -> dict[str, Any]:
    """Ask WeChat what became of a refund's present number, take note of it, and return the refund as it is then.

    Raises:
        PaymentUnknown: no proved answer came.
    """
    found = read(refund_id)
    answer = runtime.current().pay.query_refund(number_of(found))
    if answer and answer.status in FINAL:
        refund.finish(number_of(found), FINAL[answer.status], answer.refund_id)
    return read(refund_id)


def require_given_up(refund_id: str) -> dict[str, Any]:
    """Prove by a query that WeChat does not hold a refund any more, and return it: closed, or never taken.

    Raises:
        RefundNotClosed: it is on its way, done, or waits to be sent on.
        PaymentUnknown: no proved answer came.
    """
    found = read(refund_id)
    if found["state"] == "returned":
        return found
    answer = runtime.current().pay.query_refund(number_of(found))
    if answer and answer.status in FINAL and answer.status != "CLOSED":
        refund.finish(number_of(found), FINAL[answer.status], answer.refund_id)
    if found["state"] not in REPEATED or (answer and answer.status != "CLOSED"):
        raise RefundNotClosed(status=answer.status if answer else found["state"])
    return found
