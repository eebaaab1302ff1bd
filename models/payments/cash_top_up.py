"""Cash over the counter into a wallet, for who has no phone: a unit's cash box is a clearing account.

    clearing:cash-<unit> ──cash:<key>──▶ wallet        taken by a clerk while the person stands there
    wallet ──approval:<id>──▶ clearing:cash-<unit>     handed back when two of finance agree (`manual_transfer.py`)

What a box holds is what its account is below zero. `reference` is the number of the receipt, `statement` box and day.
"""

from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import KeyReused
from backend.store import paging, transactions
from models.audit import access_line, entry
from models.identity import staff
from models.identity.actors import Staff
from models.identity.counter import Serving
from models.payments import ledger_account, transfer
from models.payments.ledger_account import LedgerAccount
from models.payments.posting import WalletFull
from models.payments.transfer_record import Transfer

WHAT, REVERSAL = "cash_top_up", "cash_reversal"
BOXES, BEHIND_BOXES = "clearing:cash-", "clearing:cash."
NUMBER_LENGTH = 16
PURPOSE, FIELDS = "card_service", ("wallet",)


def box_of(unit: str) -> str:
    """Return the account of a unit's cash box."""
    return f"{BOXES}{unit}"


def statement_of(box: str, day: date) -> str:
    """Return how transfers name what passed through a box on a day."""
    return f"{box.removeprefix('clearing:')}:{day.isoformat()}"


def take(actor: Staff, serving: Serving, fen: int, *, key: str) -> dict[str, Any]:
    """Top up the wallet of who is served by the cash that they hand over, once under the key; they are told.

    A refusal tells the clerk how much room is left, which is what is in the wallet: that leaves an access line.

    Raises:
        WalletFull, AccountClosed: no cash may be taken.
        KeyReused: the key came with another person or amount.
    """
    actor.require("wallet.top_up")
    made, unit = f"cash:{key}", _unit(actor)
    box, wallet = box_of(unit), ledger_account.wallet_of(serving.for_person_id)
    for account in (box, wallet):
        ledger_account.open_account(account)
    told = {"counter_session": str(serving.id), "fen": fen, "transfer": made}
    line = entry.line(actor.key, "wallet.top_up", f"person:{serving.for_person_id}", unit=unit, **told)
    papers = {"reference": key[:NUMBER_LENGTH].upper(), "statement": statement_of(box, clock.today())}
    follow = outbox.entry("notify", "payments.tell_wallet", transfer=made)

    def change(session: ClientSession) -> dict[str, Any]:
        if known := transfer.find(made, session):
            return known
        staff.require_acting(actor, line, session)
        moved = transfer.post(made, box, wallet, fen, what=WHAT, about={}, session=session, follow=follow, **papers)
        entry.write(line, session)
        return moved

    try:
        moved = transactions.run(change)
    except WalletFull:
        access_line.record(actor, purpose=PURPOSE, subjects=[serving.for_person_id], fields=FIELDS)
        raise
    if (moved["target"], moved["fen"]) != (wallet, fen):
        raise KeyReused
    outbox.wake("notify")
    return moved


def _unit(actor: Staff) -> str:
    """Return the unit at whose counter the actor takes cash."""
    units = actor.units_for("wallet.top_up")
    return actor.unit if units is None or actor.unit in units else min(units)


def receipt(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the receipt of a cash top-up says."""
    return {
        "receipt_number": found["reference"],
        "amount_fen": found["fen"],
        "unit": found["source"].removeprefix(BOXES),
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
    }


def handed_back(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a transfer says that hands the cash of a top-up back today."""
    return {
        "what": REVERSAL,
        "reference": found["reference"],
        "statement": statement_of(found["source"], clock.today()),
    }


def boxes(actor: Staff, day: date, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the cash boxes with what passed through each on a day, to be compared with the cash counted."""
    actor.require("ledger.read")
    query = {"kind": "clearing", "part": 0, "_id": {"$gte": BOXES, "$lt": BEHIND_BOXES}}
    found, following = paging.page(LedgerAccount._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    names = [one["_id"] for one in found]
    passed = _passed([statement_of(name, day) for name in names])
    held = {one["_id"]: -one["balance_fen"] for one in ledger_account.several(names)}
    return [_box(name, day, passed, held[name]) for name in names], following


def _passed(statements: list[str]) -> dict[tuple[str, str], dict[str, int]]:
    group = {"_id": {"statement": "$statement", "what": "$what"}, "count": {"$sum": 1}, "fen": {"$sum": "$fen"}}
    found = Transfer._get_collection().aggregate([{"$match": {"statement": {"$in": statements}}}, {"$group": group}])
    return {(one["_id"]["statement"], one["_id"]["what"]): one for one in found}


def _box(name: str, day: date, passed: dict[tuple[str, str], dict[str, int]], held: int) -> dict[str, Any]:
    none = {"count": 0, "fen": 0}
    taken, returned = (passed.get((statement_of(name, day), what), none) for what in (WHAT, REVERSAL))
    return {
        "unit": name.removeprefix(BOXES),
        "account": name,
        "day": day.isoformat(),
        "top_ups": taken["count"],
        "taken_fen": taken["fen"],
        "returns": returned["count"],
        "returned_fen": returned["fen"],
        "day_fen": taken["fen"] - returned["fen"],
        "box_fen": held,
    }
