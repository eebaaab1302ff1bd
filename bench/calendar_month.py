"""A month of all slots over HTTP while the store holds 10,000 bookings, and again when it holds a million."""

import time
from datetime import timedelta
from statistics import median

import psutil
from mongoengine.connection import get_db

from backend import clock
from bench import bookings_100k, stand, wrk
from bench.report import Figure, console

FEW, MANY = 10_000, 1_000_000
ROUNDS, SECONDS, WARM_SECONDS = 5, 3, 2
CLIENTS = 4
MOST = 1.5
IDLE_SECONDS = 0.2
"""CPU seconds of the whole stack in two seconds: its looks into empty queues."""


def bench() -> list[Figure]:
    """Ask for the month with few bookings, fill the store, ask again."""
    wrk.find()
    with stand.stand() as stack:
        first, last = (clock.today() + timedelta(days=days) for days in (0, 30))
        url = f"{stack.base}/mini/v1/places/pingshan/slots?from={first}&to={last}"
        bookings_100k.fill(FEW)
        few = _median(url)
        for number in range((MANY - FEW) // 99_000):
            console.print(f"{FEW + number * 99_000:,} bookings in the store")
            bookings_100k.fill(99_000)
        _calm()
        many = _median(url)
    against = f"{FEW:,}: {few:.2f} ms, {MANY:,}: {many:.2f} ms; median of {ROUNDS} rounds, {CLIENTS} clients"
    return [Figure("calendar_month.growth", many / few, "x", against, target=MOST, better="lower")]


def _calm() -> None:
    """Wait until the store has put away what came in, and nothing of the stack works any more, two minutes at most."""
    get_db().client.admin.command("fsync")
    for _ in range(60):
        before = _worked()
        time.sleep(2)
        if _worked() - before < IDLE_SECONDS:
            return


def _worked() -> float:
    """Return the CPU seconds of all processes that this one started."""
    times = [each.cpu_times() for each in psutil.Process().children(recursive=True)]
    return sum(one.user + one.system for one in times)


def _median(url: str) -> float:
    """Return the median time of an answer in milliseconds."""
    wrk.run(url, WARM_SECONDS, clients=CLIENTS)
    return median(wrk.run(url, SECONDS, clients=CLIENTS).p50_ms for _ in range(ROUNDS))
