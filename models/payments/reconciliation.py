"""Reconciliation: a statement from outside compared with the transfers of a clearing account, differences named.

only_in_statement   the other side knows a number that the ledger does not
only_in_ledger      the ledger expects a line that the statement does not have
amount_differs      both know it, with other amounts
state_differs       the statement says that it was not carried out, the ledger moved the money
duplicate           the statement has a number twice
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mongoengine import DateTimeField, Document, IntField, ListField, StringField

from backend import clock, metrics, runtime
from backend.store import documents, paging
from backend.wechat.pay_bill import BillLine
from models.identity.actors import Staff
from models.payments import receipt
from models.payments.transfer_record import Transfer

MOST_DIFFERENCES = 500
DONE, PROCESSING = "done", "processing"
REFUND_STATE = {"SUCCESS": DONE, "PROCESSING": PROCESSING}
WHAT_ZH = {
    "only_in_statement": "仅对方有",
    "only_in_ledger": "仅账上有",
    "amount_differs": "金额不符",
    "state_differs": "状态不符",
    "duplicate": "对方重复",
}


class Reconciliation(Document):
    """The id is the statement's name: `wechat:2026-11-22`, or that of a bank file. Comparing again replaces it."""

    meta = {
        "collection": "reconciliations",
        "auto_create_index": False,
        "indexes": [{"fields": ["clearing", "-made_at"]}, {"fields": ["-made_at"]}],
    }
    id = StringField(primary_key=True)
    clearing = StringField(required=True)
    lines = IntField(required=True)
    matched = IntField(required=True)
    statement_fen = IntField(required=True)
    ledger_fen = IntField(required=True)
    differences = ListField()
    made_at = DateTimeField(required=True)


@dataclass(frozen=True)
class Line:
    """A line of a statement: the number that both sides use, what came in (or, below 0, went out), and its state."""

    number: str
    fen: int
    state: str = DONE


def compare(statement: str, clearing: str, lines: Iterable[Line]) -> dict[str, Any]:
    """Compare a statement with the ledger, keep the result and return it."""
    given = list(lines)
    theirs = {line.number: line for line in given if line.state == DONE} | {
        line.number: line for line in given if line.state != DONE
    }
    twice = [number for number, count in Counter(line.number for line in given).items() if count > 1]
    ours = _ours(statement, clearing, theirs)
    differences = _differences(theirs, ours) + [_told("duplicate", number, theirs, ours) for number in sorted(twice)]
    result = {
        "clearing": clearing,
        "lines": len(given),
        "matched": sum(1 for number, line in theirs.items() if line.state == DONE and ours.get(number) == line.fen),
        "statement_fen": sum(line.fen for line in given if line.state == DONE),
        "ledger_fen": sum(ours.values()),
        "differences": differences[:MOST_DIFFERENCES],
        "made_at": clock.now(),
    }
    if differences:
        metrics.ALARMS.labels("reconciliation_difference").inc()
    Reconciliation._get_collection().update_one({"_id": statement}, {"$set": result}, upsert=True)
    return {"_id": statement, **result}


def _ours(statement: str, clearing: str, theirs: Mapping[str, Line]) -> dict[str, int]:
    """Return what the ledger expects on this statement, and what it has of the statement's numbers elsewhere."""
    ours: Counter[str] = Counter()
    found = list(Transfer._get_collection().find({"statement": statement, "accounts": clearing}))
    strays = sorted(theirs.keys() - {one.get("reference") for one in found})
    for start in range(0, len(strays), 1000):
        query = {"reference": {"$in": strays[start : start + 1000]}, "accounts": clearing}
        found += Transfer._get_collection().find(query)
    for one in found:
        if one.get("posted_at"):
            ours[one["reference"]] += one["fen"] if one["source"] == clearing else -one["fen"]
    return dict(ours)


def _differences(theirs: Mapping[str, Line], ours: Mapping[str, int]) -> list[dict[str, Any]]:
    found = []
    for number in sorted(theirs.keys() | ours.keys()):
        line, here = theirs.get(number), ours.get(number)
        if line is None:
            what = "only_in_ledger"
        elif line.state == PROCESSING and here is None:
            what = ""
        elif line.state not in {DONE, PROCESSING}:
            what = "state_differs" if here is not None else ""
        elif here is None:
            what = "only_in_statement"
        else:
            what = "" if here == line.fen else "amount_differs"
        if what:
            found.append(_told(what, number, theirs, ours))
    return found


def _told(what: str, number: str, theirs: Mapping[str, Line], ours: Mapping[str, int]) -> dict[str, Any]:
    line, here = theirs.get(number), ours.get(number)
    told: dict[str, Any] = {"what": what, "number": number}
    if line is not None:
        told |= {"statement_fen": line.fen, "state": line.state}
    return told | ({"ledger_fen": here} if here is not None else {})


def of_wechat(day: date) -> dict[str, Any] | None:
    """Compare the WeChat bill of a day with the ledger, and post what it lacks of it; None while WeChat has none.

    Raises:
        PaymentUnknown, PaymentGatewayFailure: the bill could not be had whole.
    """
    lines = runtime.current().pay.trade_bill(day)
    if lines is None:
        return None
    receipt.catch_up(day)
    return compare(receipt.statement_of(day), receipt.CLEARING, [_wechat_line(line) for line in lines])


def _wechat_line(line: BillLine) -> Line:
    if line.out_refund_no is None:
        return Line(line.out_trade_no, line.total_fen)
    state = REFUND_STATE.get(line.refund_status or "SUCCESS", "failed")
    return Line(line.out_refund_no, -line.refund_fen, state)


def listed(
    actor: Staff, *, clearing: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of reconciliations, newest first."""
    actor.require("ledger.read")
    query: dict[str, Any] = {"clearing": clearing} if clearing else {"made_at": {"$gt": clock.at(date(2000, 1, 1), 0)}}
    found, following = paging.page(
        Reconciliation._get_collection(), query, sort=("made_at", -1), cursor=cursor, limit=limit
    )
    return [shown(one) for one in found], following


def read(actor: Staff, statement: str) -> dict[str, Any]:
    """Return one reconciliation.

    Raises:
        NotFound: nobody compared this statement.
    """
    actor.require("ledger.read")
    found = documents.one(Reconciliation, {"_id": statement})
    return shown(found)


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a reconciliation as staff see it."""
    names = ("clearing", "lines", "matched", "statement_fen", "ledger_fen")
    named = [{**one, "what_zh": WHAT_ZH[one["what"]]} for one in found["differences"]]
    at = clock.civil(found["made_at"]).isoformat(timespec="seconds")
    return {"statement": found["_id"], **{name: found[name] for name in names}, "differences": named, "made_at": at}
