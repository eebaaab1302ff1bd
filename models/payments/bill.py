"""The daily bill: WeChat Pay's lines of a civil day matched with our payments and refunds, every line with its outcome.

A small bill is matched at once, a large one by a job. Matching a day again, which a late or corrected file makes
necessary, finds the same lines and keeps what persons settled.
"""

from datetime import date, timedelta
from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, metrics, runtime
from backend.errors import Conflict
from backend.wechat.pay_bill import BillTotals, TradeBill
from models.payments import bill_line, bill_match
from models.payments.bill_line import MatchedLine

MOST_DIFFERENCES = 500
AT_ONCE = 5_000
"""A longer bill is matched by a job."""
LATE_DAYS = 7
"""So long a day whose bill did not come is asked for again."""


class Bill(Document):
    """The id is the day. `outcomes` counts all lines, `open` those that wait for a person; `differences` a sample."""

    meta = {"collection": "bills", "auto_create_index": False}
    id = StringField(primary_key=True)
    lines = IntField(required=True)
    paid_fen = IntField(required=True)
    refunded_fen = IntField(required=True)
    differences = ListField()
    outcomes = DictField()
    open = IntField()
    summary_agrees = BooleanField()
    file = StringField()
    matched_at = DateTimeField(required=True)


class BillTooLong(Conflict):
    """409: this bill is matched by a job only."""

    code = "bill_too_long"
    zh = "当天账单有 {lines} 行,请用“后台核对”办理,可随时查看进度。"
    en = "This bill has {lines} lines. Match it as a job, which shows its progress."


def fetch_and_match(day: date) -> dict[str, Any] | None:
    """Fetch the bill of a day, match it line by line, store and return the result; None while WeChat has none.

    Raises:
        PaymentUnknown, PaymentGatewayFailure: the bill could not be had whole.
        BillTooLong: it takes a job.
    """
    file = runtime.current().pay.trade_bill_file(day)
    if file is None:
        return None
    try:
        length = file.count()
        if length > AT_ONCE:
            raise BillTooLong(lines=length)
        bill_match.take_in(day, file.digest, file.lines(), first=0)
        for first in range(0, length, bill_match.CHUNK):
            bill_match.match(day, file.digest, first=first)
        bill_match.name_missing(day, file.digest)
        return conclude(day, file)
    finally:
        file.close()


def conclude(day: date, file: TradeBill) -> dict[str, Any]:
    """Store and return the result of a day whose lines were all matched; compare the file with its own summary."""
    paid = refunded = lines = 0
    for line in file.lines():
        lines += 1
        paid += line.total_fen if line.out_refund_no is None else 0
        refunded += line.refund_fen if line.out_refund_no is not None else 0
    return _keep(day, file.digest, (lines, paid, refunded), file.totals())


def nothing(day: date) -> dict[str, Any]:
    """Store that a day had no trade, so that there is no bill of it."""
    return _keep(day, "", (0, 0, 0), BillTotals(0, 0, 0))


def _keep(day: date, digest: str, sums: tuple[int, int, int], said: BillTotals) -> dict[str, Any]:
    outcomes, waiting = _counted(day.isoformat())
    pairs = zip((said.lines, said.total_fen, said.refund_fen), sums, strict=True)
    result = {
        **dict(zip(("lines", "paid_fen", "refunded_fen"), sums, strict=True)),
        "differences": _sample(day.isoformat()),
        "outcomes": outcomes,
        "open": waiting,
        "summary_agrees": all(told is None or told == summed for told, summed in pairs),
        "file": digest,
        "matched_at": clock.now(),
    }
    if result["differences"]:
        metrics.ALARMS.labels("bill_difference").inc()
    if not result["summary_agrees"]:
        metrics.ALARMS.labels("bill_summary_differs").inc()
    Bill._get_collection().update_one({"_id": day.isoformat()}, {"$set": result}, upsert=True)
    return {"_id": day.isoformat(), **result}


def _counted(day: str) -> tuple[dict[str, int], int]:
    group = {"_id": {"outcome": "$outcome", "standing": "$standing"}, "lines": {"$sum": 1}}
    match = {"$match": {"day": day, "outcome": {"$in": list(bill_line.OUTCOME_ZH)}}}
    outcomes = dict.fromkeys(bill_line.OUTCOME_ZH, 0)
    waiting = 0
    for one in MatchedLine._get_collection().aggregate([match, {"$group": group}]):
        outcomes[one["_id"]["outcome"]] += one["lines"]
        waiting += one["lines"] if one["_id"]["standing"] in {"open", "proposed"} else 0
    return outcomes, waiting


def _sample(day: str) -> list[dict[str, Any]]:
    query = {"day": day, "standing": {"$in": ["open", "proposed", "resolved"]}}
    found = MatchedLine._get_collection().find(query).sort([("_id", 1)]).limit(MOST_DIFFERENCES)
    return [_told(one) for one in found]


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """Return a difference in the words of the bill's own view; a payment that is not paid here is not ours there."""
    here, there = found.get("here_fen"), found.get("there_fen")
    what = {"missing_here": "only_at_wechat", "missing_there": "only_here"}.get(found["outcome"], found["outcome"])
    if found["kind"] == "payment" and what == "state_differs" and found.get("here_state") != "paid":
        what, here = "only_at_wechat", None
    return {"kind": found["kind"], "what": what, "number": found["number"], "here_fen": here, "there_fen": there}


def read(day: str) -> dict[str, Any] | None:
    """Return the matched bill of a day, None when there is none yet."""
    return Bill._get_collection().find_one({"_id": day})


def settled_one(day: str, session: ClientSession) -> None:
    """Count one line less that waits, in the transaction that resolves it."""
    Bill._get_collection().update_one({"_id": day, "open": {"$gt": 0}}, {"$inc": {"open": -1}}, session=session)


def late(today: date) -> list[date]:
    """Return the days of the last week, the oldest first, whose bill was not matched yet."""
    days = [today - timedelta(days=back) for back in range(LATE_DAYS, 1, -1)]
    names = [day.isoformat() for day in days]
    known = {one["_id"] for one in Bill._get_collection().find({"_id": {"$in": names}}, {"_id": 1})}
    return [day for day in days if day.isoformat() not in known]
