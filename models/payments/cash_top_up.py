"""Cash over the counter into a wallet, for who has no phone: a unit's cash box is a clearing account.

    clearing:cash-<unit> ──cash:<key>──▶ wallet        taken by a clerk while the person stands there
    wallet ──approval:<id>──▶ clearing:cash-<unit>     handed back when two of finance agree (`manual_transfer.py`)

`reference` is the number of the receipt, `statement` box and day (`cash_box.py`).
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import KeyReused
from backend.store import transactions
from models.audit import access_line, entry
from models.identity import staff
from models.identity.actors import Staff
from models.identity.counter import Serving
from models.payments import cash_box, ledger_account, transfer
from models.payments.posting import WalletFull

WHAT, REVERSAL = cash_box.TOP_UP, cash_box.TOP_UP_BACK
NUMBER_LENGTH = 16
PURPOSE, FIELDS = "card_service", ("wallet",)


def take(actor: Staff, serving: Serving, fen: int, *, key: str) -> dict[str, Any]:
    """Top up the wallet of who is served by the cash that they hand over, once under the key; they are told.

    A refusal tells the clerk how much room is left, which is what is in the wallet: that leaves an access line.

    Raises:
        WalletFull, AccountClosed: no cash may be taken.
        KeyReused: the key came with another person or amount.
    """
    actor.require("wallet.top_up")
    made, unit = f"cash:{key}", _unit(actor)
    box, wallet = cash_box.box_of(unit), ledger_account.wallet_of(serving.for_person_id)
    for account in (box, wallet):
        ledger_account.open_account(account)
    told = {"counter_session": str(serving.id), "fen": fen, "transfer": made}
    line = entry.line(actor.key, "wallet.top_up", f"person:{serving.for_person_id}", unit=unit, **told)
    papers = {"reference": key[:NUMBER_LENGTH].upper(), "statement": cash_box.statement_of(box, clock.today())}
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
        "unit": cash_box.unit_of(found["source"]),
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
    }


def handed_back(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a transfer says that hands the cash of a top-up back today."""
    return {
        "what": REVERSAL,
        "reference": found["reference"],
        "statement": cash_box.statement_of(found["source"], clock.today()),
    }
