"""Cash boxes: what a unit takes and hands over at its counters and windows lies in a clearing account of the ledger.

    clearing:cash-<unit> ──▶ wallet, the payee of tickets      cash came in
    wallet, the payee of tickets ──▶ clearing:cash-<unit>      cash was handed over

What a box holds is what its account is below zero. `statement` of a transfer names box and day, so that finance can
compare a day's figures with the cash that was counted.
"""

from collections import Counter
from datetime import date
from typing import Any

from backend.store import paging
from models.identity.actors import Staff
from models.payments import ledger_account
from models.payments.ledger_account import LedgerAccount
from models.payments.transfer_record import Transfer

BOXES, BEHIND_BOXES = "clearing:cash-", "clearing:cash."
TOP_UP, TOP_UP_BACK = "cash_top_up", "cash_reversal"
TICKET, TICKET_BACK = "ticket_cash", "ticket_cash_back"
REFUND = "refund"
"""Of a payment by WeChat that could not go back the way it came."""
_COUNTED = {
    TOP_UP: "top_ups",
    TOP_UP_BACK: "returns",
    TICKET: "ticket_sales",
    TICKET_BACK: "ticket_returns",
    REFUND: "refunds",
}


def box_of(unit: str) -> str:
    """Return the account of a unit's cash box."""
    return f"{BOXES}{unit}"


def unit_of(box: str) -> str:
    """Return the unit whose cash box an account is."""
    return box.removeprefix(BOXES)


def is_box(account: str) -> bool:
    """Tell whether an account is a cash box."""
    return account.startswith(BOXES)


def statement_of(box: str, day: date) -> str:
    """Return how transfers name what passed through a box on a day."""
    return f"{box.removeprefix('clearing:')}:{day.isoformat()}"


def boxes(actor: Staff, day: date, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the cash boxes with what passed through each on a day, to be compared with the cash counted."""
    actor.require("ledger.read")
    query = {"kind": "clearing", "part": 0, "_id": {"$gte": BOXES, "$lt": BEHIND_BOXES}}
    found, following = paging.page(LedgerAccount._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    names = [one["_id"] for one in found]
    passed = _passed([statement_of(name, day) for name in names])
    held = {one["_id"]: -one["balance_fen"] for one in ledger_account.several(names)}
    return [_box(name, day, passed.get(statement_of(name, day), []), held[name]) for name in names], following


def _passed(statements: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what passed through the boxes, by their statements: sums by purpose and direction."""
    into = {"$eq": [{"$substrCP": ["$source", 0, len(BOXES)]}, BOXES]}
    group = {
        "_id": {"statement": "$statement", "what": "$what", "into": into},
        "count": {"$sum": 1},
        "fen": {"$sum": "$fen"},
    }
    pipeline = [{"$match": {"statement": {"$in": statements}, "state": "posted"}}, {"$group": group}]
    told: dict[str, list[dict[str, Any]]] = {}
    for one in Transfer._get_collection().aggregate(pipeline):
        told.setdefault(one["_id"]["statement"], []).append({**one["_id"], "count": one["count"], "fen": one["fen"]})
    return told


def _box(name: str, day: date, passed: list[dict[str, Any]], held: int) -> dict[str, Any]:
    counts, sums = Counter(dict.fromkeys(_COUNTED.values(), 0)), Counter(taken_fen=0, returned_fen=0)
    for one in passed:
        if one["what"] in _COUNTED:
            counts[_COUNTED[one["what"]]] += one["count"]
        sums["taken_fen" if one["into"] else "returned_fen"] += one["fen"]
    return {
        "unit": unit_of(name),
        "account": name,
        "day": day.isoformat(),
        **counts,
        **sums,
        "day_fen": sums["taken_fen"] - sums["returned_fen"],
        "box_fen": held,
    }
