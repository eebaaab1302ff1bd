"""Tickets paid in cash at a window, and cash handed back there.

    clearing:cash-<unit> ──sale:<order>──▶ the place's payee      a clerk took the money
    the place's payee ──sale:<order>:back──▶ clearing:cash-<unit>  a clerk handed it back

Both are written down with the order in the transaction that changes it; the ledger follows by the outbox, once.
`refund.state` of such an order, and that of a part for visitors who were cancelled alone (`sale:<order>:back:<part>`),
is `to_collect` until a clerk has handed the money over, then `in_cash`.

Handing over is a fact: where the payee has too little left, suspense gives what the payer has already.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import Conflict, KeyReused
from models.booking import issuing, order
from models.booking.order import Order
from models.payments import cash_box, ledger_account, transfer
from models.payments.ledger_account import AccountClosed, AccountFrozen
from models.payments.posting import InsufficientFunds
from models.payments.receipt import SHORTFALL

OWED, GIVEN = "to_collect", "in_cash"


class NothingToCollect(Conflict):
    """409: no cash waits for this order."""

    code = "nothing_to_collect"
    zh = "该订单没有待领取的现金退款,请核对订单后再操作。"
    en = "No cash waits to be collected for this order."


def pay(order_id: ObjectId, *, unit: str, payee: str, who: str) -> bool:
    """Issue a held order whose money lies in a unit's cash box; return whether this call did it."""
    told = {"box": cash_box.box_of(unit), "payee": payee, "by": who, "at": clock.now()}
    follow = outbox.entry("bills", "booking.cash_taken", order=str(order_id))
    done = issuing.issue(order_id, who=who, changes={"cash": told}, more=[follow])
    outbox.wake("bills")
    return done


def taken(order_id: ObjectId) -> None:
    """Post the cash of an order to the ledger; repeating it posts once."""
    found = order.read(order_id)
    cash = found["cash"]
    told = _told(order_id, cash["box"], cash["at"])
    _post(f"sale:{order_id}", cash["box"], cash["payee"], found["total_fen"], what=cash_box.TICKET, told=told)


def hand_back(order_id: ObjectId, who: str) -> dict[str, Any]:
    """Note that a clerk hands back all cash that waits for an order, and return it; repeating it changes nothing.

    Raises:
        NotFound: no such order.
        NothingToCollect: nothing waits.
    """
    now, changed = clock.now(), False
    rest = {"refund.state": GIVEN, "cash.returned_at": now, "cash.returned_by": who}
    changed |= _note(order_id, who, {"refund.state": OWED}, rest)
    parts = {"parts.$[owed].state": GIVEN, "parts.$[owed].returned_at": now, "parts.$[owed].returned_by": who}
    changed |= _note(order_id, who, {"parts.state": OWED}, parts, array_filters=[{"owed.state": OWED}])
    found = order.read(order_id)
    if not changed and GIVEN not in {one.get("state") for one in (found.get("refund", {}), *found.get("parts", ()))}:
        raise NothingToCollect
    outbox.wake("bills")
    return found


def _note(order_id: ObjectId, who: str, waits: dict[str, Any], given: dict[str, Any], **options: Any) -> bool:
    follow = outbox.entry("bills", "booking.cash_returned", order=str(order_id))
    change = {
        "$set": given,
        "$push": {"history": {"$each": [order.event("cash_returned", who)], "$slice": -100}, "outbox": follow},
    }
    return bool(Order._get_collection().update_one({"_id": order_id, **waits}, change, **options).matched_count)


def returned(order_id: ObjectId) -> None:
    """Post to the ledger what was handed back; repeating it posts once."""
    taken(order_id)
    found = order.read(order_id)
    if (ended := found.get("refund", {})).get("state") == GIVEN:
        _give_back(found, f"sale:{order_id}:back", ended["fen"], found["cash"]["returned_at"])
    for part in found.get("parts", ()):
        if part["state"] == GIVEN:
            _give_back(found, f"sale:{order_id}:back:{part['part']}", part["fen"], part["returned_at"])


def _give_back(found: dict[str, Any], key: str, fen: int, at: datetime) -> None:
    cash, told = found["cash"], _told(found["_id"], found["cash"]["box"], at)
    try:
        _post(key, cash["payee"], cash["box"], fen, what=cash_box.TICKET_BACK, told=told)
    except (InsufficientFunds, AccountFrozen, AccountClosed):
        _post(key, SHORTFALL, cash["box"], fen, what=cash_box.TICKET_BACK, told=told)


def _told(order_id: ObjectId, box: str, at: datetime) -> dict[str, Any]:
    statement = cash_box.statement_of(box, clock.civil(at).date())
    return {"about": {"order": str(order_id)}, "reference": str(order_id), "statement": statement}


def _post(key: str, source: str, target: str, fen: int, *, what: str, told: dict[str, Any]) -> None:
    for account in (source, target):
        ledger_account.open_account(account)
    with suppress(KeyReused):
        transfer.post(key, source, target, fen, what=what, **told)
