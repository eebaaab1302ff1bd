"""The day's close: all transfers of a civil day in one order, hashed into a chain that anybody can recompute.

    h0 = the digest of the day before, 32 zero bytes for the first day
    h(i) = SHA-256(h(i-1) + line(i))        the last one is the day's digest

Lines are JSON in UTF-8 without spaces, names sorted: a head (`day`, `previous`, `version`); each transfer that the
ledger learned of on that day, by `posted_at` and id; each account that moved, by name, with what it opened and closed
with; a foot with counts. Wallets go by their random marks, so that the proof names no person.

A day is closed some minutes after midnight: no transaction of the store lasts as long, so nothing is added any more,
and what a server with a wrong clock posts afterwards enters the first open day (`closed_day.open_moment`).
What is learned later is posted on a later day, with its own `happened_at`.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from mongoengine import Document, IntField, StringField
from pymongo import ReplaceOne

from backend import clock, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents
from models.payments import closed_day, ledger_account
from models.payments.closed_day import LedgerDay
from models.payments.transfer_record import Transfer

VERSION = 1
FIRST = bytes(32)
BATCH = 1000
CLOSES_AFTER_MINUTES = 10
_LINE = ("source", "target", "fen", "what", "about", "reference", "statement", "refund_of", "of_hold")


class LedgerBalance(Document):
    """What an account opened and closed with on a day on which it moved; the id reads day and account."""

    meta = {
        "collection": "ledger_balances",
        "auto_create_index": False,
        "indexes": [{"fields": ["account", "-day"]}, {"fields": ["day", "account"]}],
    }
    id = StringField(primary_key=True)
    account = StringField(required=True)
    day = StringField(required=True)
    opening_fen = IntField(required=True)
    in_fen = IntField(required=True)
    out_fen = IntField(required=True)
    closing_fen = IntField(required=True)


personal_data.declare(
    Holding(
        "ledger_balances",
        "钱包日终余额",
        via=(("account", ledger_account.COLLECTION),),
        at_deletion="keep",
        because="只含编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 总账、明细账保管 30 年",
    )
)


class DayOpen(Conflict):
    """409: the day is not over, or one before it was not closed."""

    code = "ledger_day_open"
    zh = "该日尚未日终,请在次日零点十分以后再试。"
    en = "This day is not over yet. Try ten minutes after its midnight."


class Tally:
    """The chain and the sums of one day while its lines pass by."""

    def __init__(self, day: date, previous: str) -> None:
        self.day, self.previous = day, previous
        self.digest = bytes.fromhex(previous)
        self.transfers = self.moved_fen = 0
        self.balances: dict[str, dict[str, int]] = {}

    def lines(self) -> Iterator[bytes]:
        """Yield every line of the day, as it goes into the chain."""
        yield self._hashed({"day": self.day.isoformat(), "previous": self.previous, "version": VERSION})
        for batch in _batches(self.day):
            marks = ledger_account.marks(account for one in batch for account in one["accounts"])
            for one in batch:
                self._count(one)
                yield self._hashed(_line(one, marks))
        yield from self._balance_lines()
        counts = {"transfers": self.transfers, "moved_fen": self.moved_fen, "accounts": len(self.balances)}
        yield self._hashed(counts)

    def _balance_lines(self) -> Iterator[bytes]:
        names = sorted(self.balances)
        for start in range(0, len(names), BATCH):
            some = names[start : start + BATCH]
            opening, marks = openings(some, self.day), ledger_account.marks(some)
            for name in some:
                moved = self.balances[name]
                moved["opening_fen"] = opening.get(name, 0)
                moved["closing_fen"] = moved["opening_fen"] + moved["in_fen"] - moved["out_fen"]
                yield self._hashed({"account": marks.get(name, name), **moved})

    def _count(self, one: dict[str, Any]) -> None:
        self.transfers += 1
        self.moved_fen += one["fen"]
        for account, name in ((one["source"], "out_fen"), (one["target"], "in_fen")):
            self.balances.setdefault(account, {"in_fen": 0, "out_fen": 0})[name] += one["fen"]

    def _hashed(self, content: dict[str, Any]) -> bytes:
        line = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        self.digest = hashlib.sha256(self.digest + line).digest()
        return line


def _line(one: dict[str, Any], marks: dict[str, str]) -> dict[str, Any]:
    told = {name: one[name] for name in _LINE if name in one}
    told |= {name: marks.get(one[name], one[name]) for name in ("source", "target")}
    return {"id": one["_id"], **told, **{name: _moment(one[name]) for name in ("happened_at", "posted_at")}}


def _moment(at: datetime) -> str:
    return clock.civil(at).isoformat(timespec="milliseconds")


def _batches(day: date) -> Iterator[list[dict[str, Any]]]:
    span = {"$gte": clock.at(day, 0), "$lt": clock.at(day, 24 * 60).astimezone(UTC)}
    projection = dict.fromkeys((*_LINE, "accounts", "happened_at", "posted_at"), 1)
    found = Transfer._get_collection().find({"posted_at": span}, projection).sort([("posted_at", 1), ("_id", 1)])
    batch: list[dict[str, Any]] = []
    for one in found.batch_size(BATCH):
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def openings(accounts: list[str], day: date) -> dict[str, int]:
    """Return what accounts held when a day began."""
    earlier = {"account": {"$in": accounts}, "day": {"$lt": day.isoformat()}}
    newest = [
        {"$match": earlier},
        {"$sort": {"account": 1, "day": -1}},
        {"$group": {"_id": "$account", "fen": {"$first": "$closing_fen"}}},
    ]
    return {one["_id"]: one["fen"] for one in LedgerBalance._get_collection().aggregate(newest)}


def close_due(*, most: int = 400) -> list[str]:
    """Close every day that is over, the oldest first; return which. Repeating it, or a kill in between, is safe."""
    closed: list[str] = []
    while len(closed) < most and (day := _next_day()) and _is_over(day):
        close(day)
        closed.append(day.isoformat())
    return closed


def _is_over(day: date) -> bool:
    return clock.now() >= clock.at(day, 24 * 60 + CLOSES_AFTER_MINUTES)


def _next_day() -> date | None:
    if last := closed_day.newest():
        return clock.date_of(last["_id"]) + timedelta(days=1)
    query = {"posted_at": {"$gte": datetime.min.replace(year=2000, tzinfo=UTC)}}
    first = Transfer._get_collection().find_one(query, {"posted_at": 1}, sort=[("posted_at", 1)])
    return clock.civil(first["posted_at"]).date() if first else None


def close(day: date) -> dict[str, Any]:
    """Close a day that is over, and return it; closing it again gives the same.

    Raises:
        DayOpen: it is not over, or the day before it was not closed.
    """
    following = _next_day()  # read before the day itself: who loses a race finds the day closed, never a day too far
    if known := LedgerDay._get_collection().find_one({"_id": day.isoformat()}):
        return known
    if not _is_over(day) or day != following:
        raise DayOpen
    tally = Tally(day, previous_of(day))
    for _line_of_day in tally.lines():
        pass
    _keep_balances(tally)
    record = {"_id": day.isoformat(), **summary(tally), "closed_at": clock.now()}
    LedgerDay._get_collection().update_one({"_id": record["_id"]}, {"$setOnInsert": record}, upsert=True)
    return read(day)


def _keep_balances(tally: Tally) -> None:
    day = tally.day.isoformat()
    records = [
        ReplaceOne({"_id": f"{day}|{account}"}, {"account": account, "day": day, **moved}, upsert=True)
        for account, moved in tally.balances.items()
    ]
    # Replaced, never deleted first: of two who close at once, one may be killed after the other has finished.
    for start in range(0, len(records), BATCH):
        LedgerBalance._get_collection().bulk_write(records[start : start + BATCH], ordered=False)
    there = LedgerBalance._get_collection().find({"day": day}, {"account": 1})
    strays = [one["_id"] for one in there if one["account"] not in tally.balances]
    LedgerBalance._get_collection().delete_many({"_id": {"$in": strays}})


def previous_of(day: date) -> str:
    """Return the digest of the day before, zeros before the first."""
    before = LedgerDay._get_collection().find_one({"_id": (day - timedelta(days=1)).isoformat()})
    return str(before["digest"]) if before else FIRST.hex()


def summary(tally: Tally) -> dict[str, Any]:
    """Return what a day comes to."""
    counts = {"transfers": tally.transfers, "moved_fen": tally.moved_fen, "accounts": len(tally.balances)}
    return {"previous": tally.previous, "digest": tally.digest.hex(), **counts}


def read(day: date) -> dict[str, Any]:
    """Return a closed day.

    Raises:
        NotFound: it was not closed.
    """
    return documents.one(LedgerDay, {"_id": day.isoformat()})


def export(day: date) -> Iterator[bytes]:
    """Yield the lines of a closed day, one a line, and at the end the digest as it was written down at the close.

    Raises:
        NotFound: it was not closed.
    """
    found = read(day)
    tally = Tally(day, found["previous"])
    return _export(tally, found["digest"])


def _export(tally: Tally, digest: str) -> Iterator[bytes]:
    for line in tally.lines():
        yield line + b"\n"
    yield orjson.dumps({"digest": digest}) + b"\n"
