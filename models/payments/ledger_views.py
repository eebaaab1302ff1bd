"""Accounts, transfers and days as staff see them: plain dicts in which a wallet goes by its mark and names nobody."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from backend import clock
from backend.store import paging
from models.audit import entry
from models.identity.actors import Staff
from models.payments import ledger_account, ledger_day, ledger_verify
from models.payments.closed_day import LedgerDay
from models.payments.ledger_account import KIND_ZH, AccountUnknown, LedgerAccount
from models.payments.transfer_record import STATE_ZH, Transfer
from models.payments.wallet import WHAT_ZH

Page = tuple[list[dict[str, Any]], str | None]
SUMS = ("balance_fen", "held_fen", "expected_fen", "available_fen")


def accounts(actor: Staff, kind: str, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the accounts of a kind, which is no resident's."""
    actor.require("ledger.read")
    query = {"kind": kind, "part": 0}
    found, following = paging.page(LedgerAccount._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [_account(one) for one in ledger_account.several(one["_id"] for one in found)], following


def account(actor: Staff, name: str) -> dict[str, Any]:
    """Return one account.

    Raises:
        AccountUnknown: it was never opened, or is a resident's.
    """
    actor.require("ledger.read")
    if name.startswith("wallet:"):
        raise AccountUnknown
    return _account(ledger_account.read(name))


def _account(found: dict[str, Any]) -> dict[str, Any]:
    told = {"id": found["_id"], "kind": found["kind"], "kind_zh": KIND_ZH[found["kind"]], "parts": found["parts"]}
    state = {"state": found["state"], "state_zh": ledger_account.STATE_ZH[found["state"]]}
    return {**told, **{name: found[name] for name in SUMS}, **state}


def transfers(actor: Staff, name: str, *, cursor: str | None, limit: int) -> Page:
    """Return a page of an account's transfers, newest first.

    Raises:
        AccountUnknown: it was never opened, or is a resident's.
    """
    account(actor, name)
    query = {"accounts": name}
    found, following = paging.page(Transfer._get_collection(), query, sort=("at", -1), cursor=cursor, limit=limit)
    marks = ledger_account.marks(one for each in found for one in each["accounts"])
    return [_transfer(one, marks) for one in found], following


def _transfer(found: dict[str, Any], marks: dict[str, str]) -> dict[str, Any]:
    sides = {name: marks.get(found[name], found[name]) for name in ("source", "target")}
    told = {"id": found["_id"], **sides, "amount_fen": found["fen"], "what": found["what"]}
    told |= {"what_zh": WHAT_ZH.get(found["what"], "转账"), "state": found["state"]}
    told |= {name: found[name] for name in ("refunded_fen", "refund_of", "reference") if name in found}
    times: dict[str, Any] = {
        name: _time(found[name]) for name in ("happened_at", "posted_at", "until") if name in found
    }
    return {**told, "state_zh": STATE_ZH[found["state"]], **times}


def _time(at: Any) -> str:
    return clock.civil(at).isoformat(timespec="milliseconds")


def days(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the closed days, newest first."""
    actor.require("ledger.read")
    found, following = paging.page(
        LedgerDay._get_collection(), {"_id": {"$gt": ""}}, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [_day(one) for one in found], following


def day(actor: Staff, wanted: date) -> dict[str, Any]:
    """Return a closed day.

    Raises:
        NotFound: it was not closed.
    """
    actor.require("ledger.read")
    return _day(ledger_day.read(wanted))


def _day(found: dict[str, Any]) -> dict[str, Any]:
    names = ("previous", "digest", "transfers", "moved_fen", "accounts")
    return {"day": found["_id"], **{name: found[name] for name in names}, "closed_at": _time(found["closed_at"])}


def proof(actor: Staff, wanted: date) -> Iterator[bytes]:
    """Return the lines of a closed day, from which its digest can be computed again.

    Raises:
        NotFound: it was not closed.
    """
    actor.require("ledger.read")
    lines = ledger_day.export(wanted)
    entry.write(entry.line(actor.key, "ledger.export", f"ledger_day:{wanted.isoformat()}", unit=actor.unit))
    return lines


def check(actor: Staff) -> dict[str, Any]:
    """Compute the whole ledger again, and return what is wrong and what all accounts hold together."""
    actor.require("ledger.read")
    wrong = ledger_verify.findings()
    return {"whole": not wrong, "findings": wrong, "total_fen": ledger_account.total()["balance_fen"]}
