"""A rainy week: a place closes for some days; one job cancels and refunds 5,000 paid bookings, through a kill.

The bookings are paid at the WeChat sandbox, so that it can tell at the end what it gave back: each payment once. While
the job runs, its progress is read over HTTP, and both workers are killed with SIGKILL when two fifths are cancelled.
"""

import itertools
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any

import psutil
import requests
import structlog
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, outbox, runtime
from bench import clerks, stand, visitors
from bench.machine import BenchFailed
from bench.report import Figure, console
from deploy.stack import QUEUES, Stack
from models.booking import checkout, order, slot, sweeper
from models.booking.checkout import Buyer, Visitor
from models.booking.slot import Slot
from models.identity.account import Account
from models.payments import ledger_verify, payment
from models.payments.refund import Refund

BOOKINGS = int(os.environ.get("N") or 5_000)
PLACE, DAYS, PRICE_FEN, PAYERS = "pingshan", 6, 6_000, 8
KILL_AT = 0.4
LONGEST_SECONDS = 1_800
LOOK_SECONDS, SHOW_EVERY = 1.0, 10


@dataclass
class Seen:
    """What was seen from outside while the job ran."""

    rates: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    cancelled_after: float = 0.0
    refunded_after: float = 0.0
    killed_at: int = 0


def bench() -> list[Figure]:
    """Pay the bookings, close the place, kill the workers in the middle, and count what WeChat gave back."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with stand.stand() as stack:
        slots = _slots()
        _fill(stack, slots)
        seen = _close(stack)
        _check(stack, slots)
    load = f"{BOOKINGS:,} paid bookings on {DAYS} days, both workers killed once"
    return [
        Figure("bulk_refund.refunded_once", BOOKINGS, "orders", load, BOOKINGS),
        Figure("bulk_refund.cancelled_a_second", median(seen.rates), "orders/s", "while the job runs"),
        Figure("bulk_refund.cancelled_after", seen.cancelled_after, "s", f"{load}; a dead worker's lease is 60 s"),
        Figure("bulk_refund.refunded_after", seen.refunded_after, "s", "until the last payer has the money"),
        Figure("bulk_refund.workers_rss", max(seen.rss), "MB", "largest sum of the processes of both workers"),
    ]


def _slots() -> list[dict[str, Any]]:
    """Return slots of the place with room for all, the same number on each day."""
    days = [(clock.today() + timedelta(days=2 + n)).isoformat() for n in range(DAYS)]
    found = list(
        Slot._get_collection().find({"place": PLACE, "resource": "", "day": {"$in": days}, "kind": {"$ne": "day"}})
    )
    if not found:
        raise BenchFailed(f"the seed has no slots of {PLACE}")
    counted = sorted({one["_id"] for one in found} | {day for one in found for day in one.get("counters", [])})
    room = {"quota": BOOKINGS, "left": BOOKINGS, "shares": {}, "limits": []}
    Slot._get_collection().update_many({"_id": {"$in": counted}}, {"$set": room})
    return [slot.read(one["_id"]) for one in found]


def _fill(stack: Stack, slots: list[dict[str, Any]]) -> None:
    """Book and pay at the sandbox, one visitor a booking, and wait until every order is issued."""
    base = f"{stack.env['WECHATPAY_API_BASE']}/sandbox"
    payer = visitors.seed(1)[0].account
    openid = requests.post(f"{base}/users", json={"name": "bench"}, timeout=20).json()["openid"]
    sealer = runtime.current().sealer
    known = {
        "openid": sealer.seal("accounts.openid", payer, openid),
        "openid_index": sealer.blinds("accounts.openid", openid),
    }
    Account._get_collection().update_one({"_id": payer}, {"$set": known})
    numbers, pay = itertools.count(1), requests.Session()
    with ThreadPoolExecutor(PAYERS) as together:
        for _ in together.map(lambda n: _paid(pay, base, payer, slots[n % len(slots)]), range(BOOKINGS)):
            if (done := next(numbers)) % 1_000 == 0:
                console.print(f"  {done:,} bookings paid")
    _wait(lambda: _issued() == BOOKINGS, "every order to be issued")
    _wait(lambda: not _busy(), "the queues to be empty")


def _paid(http: requests.Session, base: str, payer: ObjectId, wanted: dict[str, Any]) -> None:
    key = secrets.token_bytes(32)
    who = Visitor(ObjectId(), "李小明", "adult", PRICE_FEN, age_band="adult")
    made = checkout.place(Buyer("system:bench", payer), wanted, [who], key=key, body=key)
    opened = payment.open_for(
        f"order:{made['_id']}",
        payer=payer,
        amount_fen=PRICE_FEN,
        description="门票",
        expires_at=made["hold_until"] - checkout.PAY_MARGIN,
        on_paid=outbox.entry("checkout", "booking.paid", order=str(made["_id"])),
        payee="merchant:changzhengyuan",
    )
    order.attach_payment(made["_id"], opened["_id"], clock.now())
    package = payment.prepay(opened)["package"].removeprefix("prepay_id=")
    http.post(f"{base}/payments/{package}/pay", json={"notify": False}, timeout=60).raise_for_status()
    payment.check(opened["_id"])


def _issued() -> int:
    return order.Order._get_collection().count_documents({"state": "issued", "place": PLACE})


def _busy() -> bool:
    due = {"outbox": {"$elemMatch": {"queue": {"$in": list(outbox.QUEUES)}, "due": {"$lte": clock.now()}}}}
    return any(
        get_db()[name].find_one(due, {"_id": 1}) for name in ("orders", "payments", "refunds", "payment_notices")
    )


def _close(stack: Stack) -> Seen:
    """Close the place over HTTP, look at the progress every second, kill the workers once, wait for the money."""
    token = clerks.seat(1, "tourism_office", "culture_tourism")[0].token
    office = requests.Session()
    office.headers["Authorization"] = f"Bearer {token}"
    days = [(clock.today() + timedelta(days=n)).isoformat() for n in (0, DAYS + 2)]
    span = {"place_id": PLACE, "first_day": days[0], "last_day": days[1], "reason": "暴雨红色预警,景区临时关闭"}
    answer = office.post(
        f"{stack.base}/office/v1/closings", json=span, headers={"Idempotency-Key": secrets.token_hex(16)}
    )
    if answer.status_code != requests.codes.accepted:
        raise BenchFailed(f"the closing was answered {answer.status_code}: {answer.text}")
    seen, began = Seen(), time.monotonic()
    for told in _looks(stack, office, answer.json()["id"], seen):
        if not seen.killed_at and told["done"] >= KILL_AT * BOOKINGS:
            seen.killed_at = told["done"]
            for name in QUEUES:
                stack.restart(name)
            console.print(f"  both workers killed at {seen.killed_at:,} of {told['total']:,}, and started again")
        if told["state"] == "done" and not seen.cancelled_after:
            seen.cancelled_after = time.monotonic() - began
        if told["refunds"]["succeeded"] >= BOOKINGS and seen.cancelled_after:
            seen.refunded_after = time.monotonic() - began
            return seen
    raise BenchFailed("the refunds did not end in time")


def _looks(stack: Stack, office: requests.Session, job: str, seen: Seen) -> Iterator[dict[str, Any]]:
    """Yield the progress about once a second, and note how fast it goes and how much memory it takes."""
    until, before, at = time.monotonic() + LONGEST_SECONDS, 0, time.monotonic()
    for number in itertools.count():
        time.sleep(LOOK_SECONDS)
        answer = office.get(f"{stack.base}/office/v1/closings/{job}", timeout=60)
        told: dict[str, Any] = answer.json()
        now = time.monotonic()
        if told["done"] > before:
            seen.rates.append((told["done"] - before) / (now - at))
        before, at = told["done"], now
        seen.rss.append(sum(_rss(stack.children[name].popen.pid) for name in QUEUES))
        if number % SHOW_EVERY == 0:
            money = told["refunds"]["succeeded"]
            console.print(
                f"  {told['done']:,} of {told['total']:,} cancelled, {money:,} refunded, {seen.rss[-1]:.0f} MB"
            )
        yield told
        if now > until:
            return


def _rss(pid: int) -> float:
    try:
        root = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (root, *root.children(recursive=True))) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def _check(stack: Stack, slots: list[dict[str, Any]]) -> None:
    """Compare what WeChat gave back with what was paid, and count places and books again.

    Raises:
        BenchFailed: somebody got nothing, or something twice.
    """
    _wait(lambda: not _busy(), "the queues to be empty")
    base = f"{stack.env['WECHATPAY_API_BASE']}/sandbox"
    there = requests.get(f"{base}/orders", timeout=60).json()["orders"]
    wrong = [one for one in there if (one["refunded"], one["refunding"]) != (PRICE_FEN, 0)]
    asked = Refund._get_collection().count_documents({"state": "succeeded"})
    drifted = [one["_id"] for one in slots if sweeper.recount(one["_id"])]
    books = ledger_verify.findings()
    if wrong or len(there) != BOOKINGS or asked != BOOKINGS or drifted or books:
        raise BenchFailed(f"{len(wrong)} refunded wrongly of {len(there)}, {asked} asked for, {drifted}, {books[:1]}")


def _wait(done: Callable[[], bool], what: str, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise BenchFailed(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.5)
