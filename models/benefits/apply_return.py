"""Applying a return file: each row that fits its payment (`return_match`) moves payment and line once.

A part is one transaction; the ledger follows when every payment of the file is final.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, metrics, outbox
from backend.payout_file import Row
from backend.store import transactions
from models.benefits import bulk_move, line, payment, payment_file, return_file, settle_file, tell
from models.benefits.bulk_move import LineMove, LinesMoved
from models.benefits.line import BenefitLine
from models.benefits.payment import BenefitPayment
from models.benefits.return_file import BenefitReturn
from models.payments import bank_codes, return_match

PARTS_AT_ONCE = 20
_LINE_STATES = {"paid": ("sent", "resent"), "failed": ("sent", "resent"), "reversed": ("paid",)}


def apply(ret: str) -> None:
    """Apply what is left of a return file, after those before it; repeating it is safe.

    Raises:
        outbox.Later: an earlier one is not applied yet, or this one has more parts than fit into one lease.
    """
    found = return_file.read(ret)
    if any(one["state"] == "received" for one in return_file.of_file(found["file"]) if one["number"] < found["number"]):
        raise outbox.Later(1)
    until = min(found["applied"] + PARTS_AT_ONCE, found["parts"])
    for number in range(found["applied"], until):
        _apply_part(found, number, return_file.rows_of(ret, number))
    if until < found["parts"]:
        raise outbox.Later(0)
    told = {"$set": {"state": "applied", "applied_at": clock.now()}}
    guard = {"_id": ret, "state": "received", "applied": found["parts"]}
    BenefitReturn._get_collection().update_one(guard, told)
    if return_file.read(ret)["differences"]:
        metrics.ALARMS.labels("benefit_return_difference").inc()
    outbox.wake("notify")
    settle_file.settle(found["file"])


def _apply_part(found: Mapping[str, Any], number: int, rows: Sequence[Row]) -> None:
    known = payment.numbered(found["file"], [row.seq for row in rows])
    made = return_match.match(rows, known, lambda one: payment.opened(one)[1], of="line")
    fitting, differences = made.fitting, list(made.differences)
    counts = {**{f"counts.{name}": number for name, number in made.counts.items()}, "stated_fen": made.stated_fen}
    lines = {one["_id"]: one for one in _lines(found["batch"], [known[row.seq]["line"] for row in fitting])}
    updates = [_payment_update(known[row.seq], row) for row in fitting]
    moves = [_line_move(lines[known[row.seq]["line"]], known[row.seq], row) for row in fitting]
    sums = _sums(known, fitting)

    def change(session: ClientSession) -> None:
        if not return_file.done_part(found["_id"], number, counts, differences, session):
            return
        if updates:
            done = BenefitPayment._get_collection().bulk_write(updates, ordered=False, session=session)
            if done.matched_count < len(updates):
                raise LinesMoved
            bulk_move.write(found["batch"], moves, session)
            payment_file.count(found["file"], sums, session)
            settle_file.follow_reversals(
                found["file"], [known[r.seq] for r in fitting if r.outcome == "reversed"], session
            )

    transactions.run(change)


def _lines(batch_id: ObjectId, ids: list[ObjectId]) -> list[dict[str, Any]]:
    query = {"batch": batch_id, "_id": {"$in": ids}}
    return list(BenefitLine._get_collection().find(query, {"outbox": 0, "history": 0}))


def _payment_update(found: Mapping[str, Any], row: Row) -> UpdateOne:
    told: dict[str, Any] = {"state": row.outcome, "settled_at": clock.now()}
    told |= {"code": bank_codes.known(row.code)} if row.outcome != "paid" else {}
    told |= {"serial": row.serial} if row.serial else {}
    change: dict[str, Any] = {"$set": told}
    if row.outcome != "paid":
        change["$unset"] = {"live": ""}
    return UpdateOne({"_id": found["_id"], "state": found["state"]}, change)


def _line_move(found: Mapping[str, Any], paid: Mapping[str, Any], row: Row) -> LineMove:
    """Move the line of a payment from where it was read; elsewhere it is not this payment's any more."""
    if found["state"] not in _LINE_STATES[row.outcome]:
        raise LinesMoved
    to = "paid" if row.outcome == "paid" else "failed"
    code = bank_codes.known(row.code)
    more = {} if to == "paid" else {"code": code}
    pushed = line.history("system:bank", row.outcome, file=paid["file"], **more)
    return LineMove(found, to, pushed, tell.entries(found, to, paid["_id"], code))


def _sums(known: Mapping[int, Mapping[str, Any]], fitting: Sequence[Row]) -> dict[tuple[str, str], tuple[int, int]]:
    made: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in fitting:
        pair = (known[row.seq]["state"], row.outcome)
        many, fen = made[pair]
        made[pair] = many + 1, fen + row.fen
    return dict(made)


def resolve(payment_id: str, outcome: str, *, by: str, session: ClientSession) -> None:
    """Settle one payment by a member's word, where the bank's files leave it open; within their transaction.

    Raises:
        LinesMoved: it is not open any more.
    """
    found = BenefitPayment._get_collection().find_one({"_id": payment_id}, session=session)
    if found is None or found["state"] != "waiting" or outcome not in ("paid", "failed"):
        raise LinesMoved
    row = Row(found["seq"], "", found["amount_fen"], "paid" if outcome == "paid" else "failed", "other")
    update = {"state": row.outcome, "settled_at": clock.now(), "by": by}
    change: dict[str, Any] = (
        {"$set": update} if outcome == "paid" else {"$set": update | {"code": "other"}, "$unset": {"live": ""}}
    )
    guard = {"_id": payment_id, "state": "waiting"}
    if not BenefitPayment._get_collection().update_one(guard, change, session=session).matched_count:
        raise LinesMoved
    owner = line.read(found["line"], session)
    bulk_move.write(found["batch"], [_line_move(owner, found, row)], session)
    payment_file.count(found["file"], {("waiting", row.outcome): (1, row.fen)}, session)
