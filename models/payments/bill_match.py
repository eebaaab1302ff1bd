"""Matching: each line of a bill against the payment or refund of its number, and what of ours no line names.

All of it works on a thousand lines at a time, so that the size of a day does not matter, and may be repeated.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar

from bson import ObjectId
from pymongo import UpdateOne

from backend import clock
from backend.wechat.pay_bill import BillLine
from models.payments import bill_line, refund
from models.payments.bill_line import MatchedLine
from models.payments.payment import Payment
from models.payments.refund import Refund

T = TypeVar("T")
CHUNK = 1_000
AT_WECHAT = {"SUCCESS": {"succeeded"}, "PROCESSING": {"requested", "processing", "succeeded"}}
"""Which states here agree with that of a refund on the bill; of any other state, those that need a person."""
NEEDS_A_PERSON = {"abnormal", "closed", "refused", "returned", "paid_elsewhere"}
Outcome = tuple[str, int | None, str | None]


def chunks(found: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of a chunk's length."""
    source = iter(found)
    while some := list(islice(source, CHUNK)):
        yield some


def take_in(day: date, file: str, lines: Iterable[BillLine], *, first: int) -> None:
    """Store lines of a bill as they come; `first` is the place of the first one in the file."""
    for number, some in enumerate(chunks(lines)):
        start = first + number * CHUNK
        changes = [_taken(day.isoformat(), file, start + n, line) for n, line in enumerate(some)]
        MatchedLine._get_collection().bulk_write(changes)


def _taken(day: str, file: str, row: int, line: BillLine) -> UpdateOne:
    refunded = line.out_refund_no is not None
    kind, number = ("refund", str(line.out_refund_no)) if refunded else ("payment", line.out_trade_no)
    told = {
        "day": day,
        "kind": kind,
        "number": number,
        "file": file,
        "row": row,
        "at": line.traded_at,
        "transaction_id": line.transaction_id,
        "there_fen": line.refund_fen if refunded else line.total_fen,
        "there_state": line.refund_status or "SUCCESS" if refunded else line.state,
    }
    # A number that stands twice in one file is a duplicate; in another file of the same day it is the same line.
    again = {"$cond": [{"$eq": ["$file", {"$literal": file}]}, {"$setUnion": ["$rows", [row]]}, [row]]}
    change = {name: {"$literal": value} for name, value in told.items()} | {"rows": again}
    return UpdateOne({"_id": bill_line.id_of(day, kind, number)}, [{"$set": change}], upsert=True)


def match(day: date, file: str, *, first: int) -> None:
    """Give the lines of one chunk of the file, that of the place `first`, their outcomes."""
    query = {"day": day.isoformat(), "row": {"$gte": first, "$lt": first + CHUNK}}
    found = [one for one in MatchedLine._get_collection().find(query) if one["file"] == file]
    changes = [UpdateOne({"_id": one["_id"]}, bill_line.judged(one, *outcome)) for one, outcome in _judged(found)]
    if changes:
        MatchedLine._get_collection().bulk_write(changes, ordered=False)


def match_one(line_id: str) -> dict[str, Any]:
    """Look at one line again, and return it as it is then."""
    found = bill_line.read(line_id)
    if found["outcome"] != "missing_there":
        ((_, outcome),) = _judged([found])
        change = bill_line.judged(found, *outcome)
        MatchedLine._get_collection().update_one({"_id": line_id, "standing": found["standing"]}, change)
    return bill_line.read(line_id)


def _judged(found: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Outcome]]:
    numbers = [one["number"] for one in found if one["kind"] == "payment"]
    query = {"_id": {"$in": [ObjectId(number) for number in numbers if ObjectId.is_valid(number)]}}
    fields = {"amount_fen": 1, "state": 1}
    paid = {str(one["_id"]): one for one in Payment._get_collection().find(query, fields)}
    asked = {"_id": {"$in": [refund.id_of(one["number"]) for one in found if one["kind"] == "refund"]}}
    given = {refund.number_of(one): one for one in Refund._get_collection().find(asked)}
    formers = {number: one for one in given.values() for number in one.get("former", ())}
    return [
        (one, _payment(one, paid.get(one["number"])))
        if one["kind"] == "payment"
        else (one, _refund(one, given.get(one["number"]), formers.get(one["number"])))
        for one in found
    ]


def _payment(line: dict[str, Any], ours: dict[str, Any] | None) -> Outcome:
    if ours is None:
        return "missing_here", None, None
    right = ours["state"] == "paid" and line["there_state"] in {"SUCCESS", "REFUND"}
    return _compared(line, ours, right=right)


def _refund(line: dict[str, Any], ours: dict[str, Any] | None, former: dict[str, Any] | None) -> Outcome:
    if ours is None:
        return ("state_differs", former["amount_fen"], "closed") if former else ("missing_here", None, None)
    return _compared(line, ours, right=ours["state"] in AT_WECHAT.get(line["there_state"], NEEDS_A_PERSON))


def _compared(line: dict[str, Any], ours: dict[str, Any], *, right: bool) -> Outcome:
    told = ours["amount_fen"], ours["state"]
    if len(line.get("rows", ())) > 1:
        return "duplicate", *told
    if line["there_fen"] != ours["amount_fen"]:
        return "amount_differs", *told
    return ("matched" if right else "state_differs"), *told


def name_missing(day: date, file: str) -> None:
    """Give what of ours no line of the file names a line of its own, and forget what an earlier file named alone."""
    for kind, some in _ours(day):
        _name_missing(day.isoformat(), file, kind, some)
    stale = {"day": day.isoformat(), "row": {"$exists": False}, "file": {"$ne": file}, "resolution": {"$exists": False}}
    MatchedLine._get_collection().delete_many(stale)
    behind = {"day": day.isoformat(), "row": {"$gte": 0}, "file": {"$ne": file}, "resolution": {"$exists": False}}
    MatchedLine._get_collection().delete_many(behind)


def _ours(day: date) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    span, fields = _span(day), {"amount_fen": 1, "state": 1}
    for some in chunks(Payment._get_collection().find({"paid_at": span}, fields)):
        yield "payment", [{**one, "number": str(one["_id"])} for one in some]
    # The bill of a day has the refunds that were asked for on that day, whenever they succeeded.
    done = Refund._get_collection().find({"succeeded_at": span}, fields | {"requested_at": 1, "number": 1})
    for found in chunks(one for one in done if clock.civil(one["requested_at"]).date() == day):
        yield "refund", [{**one, "number": refund.number_of(one)} for one in found]


def _name_missing(day: str, file: str, kind: str, ours: list[dict[str, Any]]) -> None:
    ids = {bill_line.id_of(day, kind, one["number"]): one for one in ours}
    lines = {one["_id"]: one for one in MatchedLine._get_collection().find({"_id": {"$in": list(ids)}})}
    changes = []
    for line_id, one in ids.items():
        found = lines.get(line_id, {"kind": kind})
        if found.get("file") == file and "row" in found:
            continue
        found = {name: value for name, value in found.items() if not name.startswith("there_")}
        change = bill_line.judged(found, "missing_there", one["amount_fen"], one["state"])
        change["$set"] |= {"day": day, "kind": kind, "number": one["number"], "file": file}
        gone = dict.fromkeys(("row", "rows", "there_fen", "there_state", "transaction_id"), "")
        changes.append(UpdateOne({"_id": line_id}, {**change, "$unset": gone}, upsert=True))
    if changes:
        MatchedLine._get_collection().bulk_write(changes, ordered=False)


def _span(day: date) -> dict[str, datetime]:
    start = clock.at(day, 0)
    return {"$gte": start, "$lt": clock.at(day, 24 * 60).astimezone(UTC)}


def nothing_here(day: date) -> bool:
    """Tell whether nothing of ours can stand on the bill of a day."""
    return not any(some for _, some in _ours(day))
