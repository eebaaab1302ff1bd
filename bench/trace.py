"""The full trace both ways of one lot: among 10,000 events, and among a million."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from statistics import median
from typing import Any

from backend import clock
from bench import stand
from bench.machine import BenchFailed
from bench.report import Figure
from models.epcis import event, trace
from models.epcis.event import Event

FEW, MANY = 10_000, 1_000_000
TRACED, ROUNDS = 40, 5
AT_ONCE = 2_000
MOST_MS, MOST_RATIO = 1_000, 1.5
_BASE = "https://example.org"
_EACH_PAIR = 16
_REACHED = 1 + 2 + 80 + 8
"""A graded lot reaches itself, the two that it was mixed from, its packages and their boxes (`_pair`)."""


def bench() -> list[Figure]:
    """Fill a store in two steps, and trace the same kind of lots in both."""
    with stand.stand():
        made, pairs = 0, count()
        times = []
        for number in (FEW, MANY):
            made += _fill(pairs, number - made)
            lots = [f"{_BASE}/lot/graded-{random.randrange(made // _EACH_PAIR)}" for _ in range(TRACED)]
            times.append([_trace(lots) for _ in range(ROUNDS)])
    few, many = (median(one) for one in times)
    told = f"{TRACED} lots, median of {ROUNDS} rounds; at {FEW:,} events {few:.1f} ms"
    return [
        Figure("trace.million", many, "ms a lot", f"both ways, {_REACHED} things; {told}", MOST_MS, "lower"),
        Figure("trace.ratio", many / few, f"of {FEW:,} events", told, MOST_RATIO, "lower"),
    ]


def _pair(number: int) -> Iterator[dict[str, Any]]:
    """Two harvested lots, mixed and graded into one that is packed in 80 packages and 8 boxes, which are shipped."""
    harvested = [f"{_BASE}/lot/harvest-{number}-{one}" for one in range(2)]
    graded = f"{_BASE}/lot/graded-{number}"
    for lot in harvested:
        yield _event("ObjectEvent", action="ADD", bizStep="commissioning", quantityList=[_kilograms(lot, 500)])
    mixed = {"inputQuantityList": [_kilograms(lot, 500) for lot in harvested]}
    yield _event("TransformationEvent", **mixed, outputQuantityList=[_kilograms(graded, 960)])
    for part in range(2):
        packages = [f"{_BASE}/01/06901234567892/21/{number}-{part}-{one}" for one in range(40)]
        yield _event("TransformationEvent", inputQuantityList=[_kilograms(graded, 480)], outputEPCList=packages)
        for place in range(4):
            told = {
                "parentID": f"{_BASE}/box/{number}-{part}-{place}",
                "childEPCs": packages[place * 10 : place * 10 + 10],
            }
            yield _event("AggregationEvent", action="ADD", bizStep="packing", **told)
    boxes = [f"{_BASE}/box/{number}-{part}-{place}" for part in range(2) for place in range(4)]
    for step in ("shipping", "receiving", "retail_selling"):
        yield _event("ObjectEvent", action="OBSERVE", bizStep=step, epcList=boxes)


def _event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "eventTime": "2026-11-20T08:30:00.000+08:00", "eventTimeZoneOffset": "+08:00", **more}


def _kilograms(lot: str, quantity: int) -> dict[str, Any]:
    return {"epcClass": lot, "quantity": quantity, "uom": "KGM"}


def _fill(pairs: Iterator[int], number: int) -> int:
    at, party = clock.now(), f"{_BASE}/party/1"
    stories = islice(pairs, -(-number // _EACH_PAIR))
    told = (
        event.record(one, f"urn:bench:{pair}:{place}", party, "", at)
        for pair in stories
        for place, one in enumerate(_pair(pair))
    )
    made = 0
    with ThreadPoolExecutor(2) as pool:
        under_way: list[Any] = []
        while some := list(islice(told, AT_ONCE)):
            made += len(some)
            under_way.append(pool.submit(Event._get_collection().insert_many, some, ordered=False))
            if len(under_way) > 3:
                under_way.pop(0).result()
        for one in under_way:
            one.result()
    return made


def _trace(lots: list[str]) -> float:
    """Return the milliseconds a lot.

    Raises:
        BenchFailed: a trace did not reach what it should.
    """
    began = time.perf_counter()
    for lot in lots:
        found = trace.reach(lot)
        if len(found.nodes) != _REACHED or found.cut:
            raise BenchFailed(f"{lot} reaches {len(found.nodes)} things")
    return (time.perf_counter() - began) * 1000 / len(lots)
