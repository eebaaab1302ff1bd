"""Bookings per second over HTTP on one hot slot, against the fewest writes that could book."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import stand, visitors, wrk
from bench.floors import booking as floor
from bench.machine import BenchFailed, Meter
from bench.report import Figure
from backend import clock
from deploy.stack import Stack
from models.booking.order import Order
from models.booking.slot import Slot
from models.booking.sweeper import recount

ROUNDS, SECONDS, WARM_SECONDS = 5, 5, 2
ACCOUNTS, QUOTA = 2_500, 100_000
PLACE = "pingshan"
"""A paid place: the order stays held."""
SETTLE_SECONDS = 5


@dataclass(frozen=True)
class Run:
    """One round of the product or of the floor."""

    rate: float
    p99_ms: float
    cpu_ms: dict[str, float]


def bench() -> list[Figure]:
    """Run product and floor in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        people = visitors.seed(ACCOUNTS)
        slots = _hot_slots(ROUNDS + 1)
        book(stack, people, slots.pop(), WARM_SECONDS)
        processes = max((1, 2), key=lambda n: book_barely(stack, n, WARM_SECONDS).rate)
        pairs = []
        for hot in slots:
            least = book_barely(stack, processes, SECONDS)
            pairs.append((least, book(stack, people, hot, SECONDS)))
    return _figures(pairs, processes)


def _hot_slots(days: int) -> list[str]:
    """Return one slot a day of the place, with room for everybody."""
    slots = Slot._get_collection()
    query = {"place": PLACE, "day": {"$gt": clock.today().isoformat()}}
    first = {one["day"]: one["_id"] for one in slots.find(query).sort([("day", -1), ("start", -1)])}
    chosen = sorted(first.values())[:days]
    slots.update_many({"_id": {"$in": chosen}}, {"$set": {"quota": QUOTA, "left": QUOTA}})
    return chosen


def book(stack: Stack, people: list[visitors.Visitor], slot: str, seconds: float) -> Run:
    """Book one place for each visitor over HTTP as fast as it goes; count the places afterwards.

    Raises:
        BenchFailed: a booking was refused, or places sold, orders and answers do not agree.
    """
    lines = Path(stack.folder) / "bookings.txt"
    lines.write_text("".join(f"{one.token} {one.companion} {slot}-{n}\n" for n, one in enumerate(people)))
    meter = Meter(_parts(stack) | {"api": stack.children["api"].popen.pid})
    load = wrk.run(stack.base, seconds, env={"BOOKINGS": str(lines), "SLOT": slot})
    orders = _settled(slot)
    if not load.requests <= orders <= load.requests + wrk.CLIENTS or (drift := recount(slot)):
        raise BenchFailed(f"{load.requests} answers, {orders} orders, drift {drift}")
    return Run(load.rate, load.p99_ms, _each(meter, orders))


def _settled(slot: str) -> int:
    """Return the number of orders when the requests that wrk left behind are done and places sold = orders."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        orders = Order._get_collection().count_documents({"slot": slot})
        found: dict[str, Any] = Slot._get_collection().find_one({"_id": slot}) or {}
        if orders == found["quota"] - found["left"]:
            return orders
        if time.monotonic() > deadline:
            raise BenchFailed(f"sold {found['quota'] - found['left']}, orders {orders}")
        time.sleep(0.1)


def book_barely(stack: Stack, processes: int, seconds: float) -> Run:
    """Book by the floor from 50 threads in one or two processes."""
    database = Order._get_collection().database
    like = Order._get_collection().find_one({"state": "held"}) or {}
    floor.prepare(database, Slot._get_collection().find_one({"_id": like["slot"]}) or {})
    command = [sys.executable, "-m", "bench.floors.booking", stack.env["MONGODB_URI"]]
    command += [str(wrk.CLIENTS // processes), str(seconds)]
    meter = Meter(_parts(stack))
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 30)[0]) for one in running]
    done = sum(one["done"] for one in told)
    if done != database[floor.ORDERS].estimated_document_count():
        raise BenchFailed("the floor lost orders")
    cpu = _each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told) / done * 1000}
    return Run(done / seconds, max(one["p99_ms"] for one in told), cpu)


def _parts(stack: Stack) -> dict[str, int]:
    mongod, redis = stack.mongod, stack.redis
    if mongod is None or redis is None or mongod.child is None or redis.child is None:
        raise BenchFailed("the store must be the stand's own")
    return {"store": mongod.child.popen.pid, "redis": redis.child.popen.pid}


def _each(meter: Meter, operations: int) -> dict[str, float]:
    return {name: seconds / operations * 1000 for name, seconds in meter.seconds().items()}


def _figures(pairs: list[tuple[Run, Run]], processes: int) -> list[Figure]:
    least, ours = ([pair[n] for pair in pairs] for n in (0, 1))
    rate, floor_rate = (median(run.rate for run in runs) for runs in (ours, least))
    against = f"floor in {processes} process(es): {floor_rate:.0f}/s"
    cpu, floor_cpu = (_cpu(runs) for runs in (ours, least))
    ratio = median(one.rate / other.rate for other, one in pairs)
    return [
        Figure("booking.per_second", rate, "bookings/s", f"{against}, median of {len(pairs)} rounds, {wrk.CLIENTS} clients"),
        Figure("booking.ratio", ratio, "of the floor", against, target=0.35),
        Figure("booking.p99", median(run.p99_ms for run in ours), "ms", f"floor {_p99(least):.0f} ms", target=200, better="lower"),
        Figure("booking.cpu", sum(cpu.values()), "ms/booking", f"{_told(cpu)}; floor {_told(floor_cpu)}", better="lower"),
    ]


def _p99(runs: list[Run]) -> float:
    return median(run.p99_ms for run in runs)


def _cpu(runs: list[Run]) -> dict[str, float]:
    return {part: median(run.cpu_ms[part] for run in runs) for part in runs[0].cpu_ms}


def _told(cpu: dict[str, float]) -> str:
    return ", ".join(f"{part} {used:.2f}" for part, used in cpu.items())
