"""Bookings per second over HTTP on one hot slot, against the fewest writes that could book."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend import clock
from bench import rounds, stand, visitors, wrk
from bench.floors import booking as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack
from models.booking.order import Order
from models.booking.slot import Slot
from models.booking.sweeper import recount

SECONDS, WARM_SECONDS = 5, 2
ACCOUNTS, QUOTA = 2_500, 100_000
PLACE = "pingshan"
"""A paid place: the order stays held."""
SETTLE_SECONDS = 5


def bench() -> list[Figure]:
    """Run product and floor in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        people = visitors.seed(ACCOUNTS)
        warm, *slots = _hot_slots(rounds.ROUNDS + 1)
        book(stack, people, warm, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: book_barely(stack, number, WARM_SECONDS).rate)
        pairs = [Pair(book_barely(stack, processes, SECONDS), book(stack, people, hot, SECONDS)) for hot in slots]
    found = rounds.figures("booking", pairs, of="booking", floor=f"floor in {processes} process(es)", target=0.35)
    return [replace(one, target=200) if one.name == "booking.p99" else one for one in found]


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
    lines.write_text("".join(f"{one.token} {one.companion} {slot}-{n} {slot}\n" for n, one in enumerate(people)))
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"BOOKINGS": str(lines)})
    orders, drift = _settled(slot), recount(slot)
    if drift or not load.requests <= orders <= load.requests + wrk.CLIENTS:
        raise BenchFailed(f"{load.requests} answers, {orders} orders, drift {drift}")
    return Run(load.rate, load.p99_ms, rounds.each(meter, orders))


def _settled(slot: str) -> int:
    """Return the number of orders when the requests that wrk left behind are done and places sold = orders."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        orders = Order._get_collection().count_documents({"takes.slot": slot})
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
    meter = rounds.meter(stack)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 30)[0]) for one in running]
    done = sum(one["done"] for one in told)
    if done != database[floor.ORDERS].estimated_document_count():
        raise BenchFailed("the floor lost orders")
    cpu = rounds.each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told) / done * 1000}
    return Run(done / seconds, max(one["p99_ms"] for one in told), cpu)
