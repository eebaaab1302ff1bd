"""The daily bill: WeChat Pay's lines of a civil day matched with our payments and refunds, differences named."""

from datetime import UTC, date, datetime
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ListField, StringField

from backend import clock, metrics, runtime
from backend.wechat.pay_bill import BillLine
from models.payments.payment import Payment
from models.payments.refund import Refund

MOST_DIFFERENCES = 500


class Bill(Document):
    """The id is the day. Each difference names what is wrong, the number at WeChat and both amounts in 分."""

    meta = {"collection": "bills", "auto_create_index": False}
    id = StringField(primary_key=True)
    lines = IntField(required=True)
    paid_fen = IntField(required=True)
    refunded_fen = IntField(required=True)
    differences = ListField()
    matched_at = DateTimeField(required=True)


def fetch_and_match(day: date) -> dict[str, Any] | None:
    """Fetch the bill of a day, match it line by line, store and return the result; None while WeChat has none.

    Raises:
        PaymentUnknown, PaymentGatewayFailure: the bill could not be had whole.
    """
    lines = runtime.current().pay.trade_bill(day)
    if lines is None:
        return None
    payments = [line for line in lines if line.out_refund_no is None]
    refunds = [line for line in lines if line.out_refund_no is not None]
    differences = _payments(payments, day) + _refunds(refunds, day)
    result = {
        "lines": len(lines),
        "paid_fen": sum(line.total_fen for line in payments),
        "refunded_fen": sum(line.refund_fen for line in refunds),
        "differences": differences[:MOST_DIFFERENCES],
        "matched_at": clock.now(),
    }
    if differences:
        metrics.ALARMS.labels("bill_difference").inc()
    Bill._get_collection().update_one({"_id": day.isoformat()}, {"$set": result}, upsert=True)
    return {"_id": day.isoformat(), **result}


def read(day: str) -> dict[str, Any] | None:
    """Return the matched bill of a day, None when there is none yet."""
    return Bill._get_collection().find_one({"_id": day})


def _span(day: date) -> dict[str, datetime]:
    start = clock.at(day, 0)
    return {"$gte": start, "$lt": clock.at(day, 24 * 60).astimezone(UTC)}


def _payments(lines: list[BillLine], day: date) -> list[dict[str, Any]]:
    fields = {"amount_fen": 1}
    ours = {str(p["_id"]): p["amount_fen"] for p in Payment._get_collection().find({"paid_at": _span(day)}, fields)}
    theirs = {line.out_trade_no: line.total_fen for line in lines}
    strays = [ObjectId(no) for no in theirs.keys() - ours.keys() if ObjectId.is_valid(no)]
    query = {"_id": {"$in": strays}, "state": "paid"}
    ours |= {str(p["_id"]): p["amount_fen"] for p in Payment._get_collection().find(query, fields)}
    return _compare("payment", ours, theirs)


def _refunds(lines: list[BillLine], day: date) -> list[dict[str, Any]]:
    """Compare the refunds; the bill of a day has those that were asked for on that day, whenever they succeeded."""
    fields = {"amount_fen": 1, "requested_at": 1}
    done = Refund._get_collection().find({"succeeded_at": _span(day)}, fields)
    ours = {r["_id"]: r["amount_fen"] for r in done if clock.civil(r["requested_at"]).date() == day}
    theirs = {str(line.out_refund_no): line.refund_fen for line in lines}
    query = {"_id": {"$in": list(theirs.keys() - ours.keys())}}
    ours |= {r["_id"]: r["amount_fen"] for r in Refund._get_collection().find(query, fields)}
    return _compare("refund", ours, theirs)


def _compare(kind: str, ours: dict[str, int], theirs: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    for number in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(number), theirs.get(number)
        if here != there:
            what = "only_at_wechat" if here is None else "only_here" if there is None else "amount_differs"
            found.append({"kind": kind, "what": what, "number": number, "here_fen": here, "there_fen": there})
    return found
