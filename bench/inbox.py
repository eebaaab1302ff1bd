"""The inbox of a clerk with 10,000 and with 1,000,000 open cases on the desk: how long each page takes, what it reads.

The cases are of the product's own making, multiplied; time is that of the product's function, with a store of its own.
"""

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any

from mongoengine.connection import get_db
from pymongo import MongoClient

from bench import clerks, stand
from bench.machine import BenchFailed
from bench.report import Figure
from models.affairs import case_views, kind_table
from models.affairs.case_views import Filter
from models.affairs.open_case import Matter
from models.identity.actors import Staff

FEW, MANY, BATCH = 10_000, 1_000_000, 1_000
ROUNDS, PAGE = 300, 20
UNIT, TOWN = kind_table.DATA_UNIT, "360731100"
MOST = 1.5
_numbers, _minutes = itertools.count(1), itertools.count(1)


def bench() -> list[Figure]:
    """Ask both clerks for the same pages in turns."""
    with stand.stand() as stack:
        # Filling is no part of the measurement: without the product's time limits and majority it takes minutes less.
        store = MongoClient(stack.env["MONGODB_URI"], w=1).get_default_database()
        few, many = (_clerk_with(store, number, unit) for number, unit in ((FEW, UNIT), (MANY, "public_security")))
        return [figure for name, wanted in _questions().items() for figure in _compare(name, few, many, wanted)]


def _questions() -> dict[str, Filter]:
    return {"first_page": Filter(), "one_kind": Filter(kind="privacy_copy"), "waiting": Filter(state="waiting")}


def _clerk_with(store: Any, number: int, unit: str) -> Staff:
    actor = clerks.seat(1, "case_handler", unit, TOWN)[0].actor
    for batch in _batches(number, unit):
        store.cases.insert_many(batch, ordered=False)
    return actor


def _batches(number: int, unit: str) -> Iterator[list[dict[str, Any]]]:
    likes = [clerks.a_case(told, Matter(unit, "请说明", area=f"{TOWN}001")) for told in kind_table.PRIVACY.values()]
    for _ in range(number // BATCH):
        made = [clerks.another(likes[place % len(likes)], f"I-{next(_numbers)}") for place in range(BATCH)]
        for one in made:
            one["work"]["due"] += timedelta(minutes=next(_minutes) * 7919 % 43_200)
            one["outbox"] = []
        yield made


def _compare(name: str, few: Staff, many: Staff, wanted: Filter) -> list[Figure]:
    cursors = {actor.key: _page(actor, wanted, None)[1] for actor in (few, many)}
    took: dict[tuple[str, bool], list[float]] = {}
    for number in range(ROUNDS):
        for actor in (few, many):
            further = bool(number % 2)
            began = time.perf_counter()
            items, _ = _page(actor, wanted, cursors[actor.key] if further else None)
            took.setdefault((actor.key, further), []).append(time.perf_counter() - began)
            if len(items) != PAGE:
                raise BenchFailed(f"a page of {len(items)}")
    found = []
    for further, page in ((False, name), (True, f"{name}_next")):
        least, most = (median(took[actor.key, further]) * 1000 for actor in (few, many))
        against = f"{least:.2f} ms with {FEW:,}, {most:.2f} ms with {MANY:,} cases; {_read(many, wanted)}"
        found.append(Figure(f"inbox.{page}", most / least, "× the time", against, target=MOST, better="lower"))
    return found


def _page(actor: Staff, wanted: Filter, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    return case_views.inbox(actor, wanted, cursor=cursor, limit=PAGE)


def _read(actor: Staff, wanted: Filter) -> str:
    query = case_views._query(actor, wanted)
    found = {"find": "cases", "filter": query, "sort": {"work.due": 1, "_id": 1}, "limit": PAGE + 1}
    stats = get_db().command("explain", found, verbosity="executionStats")["executionStats"]
    return f"reads {stats['totalKeysExamined']} keys, {stats['totalDocsExamined']} documents for {stats['nReturned']}"
