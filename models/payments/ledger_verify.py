"""The check of the whole ledger: closed days, balances and promises are computed again from the transfers."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from mongoengine.connection import get_connection
from pymongo.client_session import ClientSession

from backend import clock, metrics
from models.payments import ledger_account
from models.payments.closed_day import LedgerDay
from models.payments.ledger_account import FLOORED, KIND_ZH, LedgerAccount
from models.payments.ledger_day import FIRST, Tally, summary
from models.payments.transfer_record import Transfer

EVERYTHING = {"$gt": ""}
MOST = 1000
_WALLET = re.compile("wallet:[0-9a-f]{24}")


def findings() -> list[str]:
    """Return what is wrong in plain words, nothing when the ledger is whole. The ledger may be written meanwhile."""
    found = _marked([*_days(), *_balances()][:MOST])
    if found:
        metrics.ALARMS.labels("ledger_broken").inc()
    return found


def _marked(found: list[str]) -> list[str]:
    """Return findings in which a wallet goes by its mark."""
    wallets = [name for one in found for name in _WALLET.findall(one)]
    marks = ledger_account.marks(wallets)
    return [_WALLET.sub(lambda name: marks.get(name[0], "wallet:?"), one) for one in found]


def _days() -> Iterator[str]:
    previous, due = FIRST.hex(), None
    for found in LedgerDay._get_collection().find({"_id": EVERYTHING}).sort("_id", 1):
        day: date = clock.date_of(found["_id"])
        if due and day != due:
            yield f"{due}: the day is missing from the chain"
        tally = Tally(day, previous)
        for _line in tally.lines():
            pass
        yield from (
            f"{day}: {name} is not what was closed" for name, value in summary(tally).items() if found[name] != value
        )
        previous, due = found["digest"], day + timedelta(days=1)


def _balances() -> list[str]:
    with get_connection().start_session(snapshot=True) as session:
        query = {"kind": {"$in": list(KIND_ZH)}}
        kept: dict[str, Counter[str]] = {}
        for one in LedgerAccount._get_collection().find(query, session=session):
            sums = kept.setdefault(one["head"], Counter())
            sums.update({name: one[name] for name in ("balance_fen", "held_fen", "expected_fen")})
        moved, promised = _moved(session), _promised(session)
    wrong = [
        f"all balances together are {fen} fen" for fen in [sum(one["balance_fen"] for one in kept.values())] if fen
    ]
    for account in sorted({*kept, *moved}):
        has = kept.get(account, Counter())
        wrong += _wrong(account, has, moved.get(account, 0), promised)
    return wrong


def _wrong(account: str, has: Counter[str], moved: int, promised: dict[str, Counter[str]]) -> list[str]:
    want = {"balance_fen": moved, "held_fen": promised["source"][account], "expected_fen": promised["target"][account]}
    told = [
        f"{account}: {name} is {has[name]}, its transfers come to {fen}"
        for name, fen in want.items()
        if has[name] != fen
    ]
    if account.partition(":")[0] in FLOORED and has["balance_fen"] < has["held_fen"]:
        told.append(f"{account}: less than nothing is left")
    return told


def _moved(session: ClientSession) -> dict[str, int]:
    moved: Counter[str] = Counter()
    for name, sign in (("source", -1), ("target", 1)):
        for one in _sums({"posted_at": {"$gt": clock.at(date(2000, 1, 1), 0)}}, name, session):
            moved[one["_id"]] += sign * one["fen"]
    return moved


def _promised(session: ClientSession) -> dict[str, Counter[str]]:
    pending = {"state": "pending"}
    return {name: Counter({o["_id"]: o["fen"] for o in _sums(pending, name, session)}) for name in ("source", "target")}


def _sums(query: dict[str, Any], name: str, session: ClientSession) -> Iterator[dict[str, Any]]:
    group = {"$group": {"_id": f"${name}", "fen": {"$sum": "$fen"}}}
    yield from Transfer._get_collection().aggregate([{"$match": query}, group], session=session)
