"""Transfers per second over HTTP, one in ten into one hot fund, against the fewest writes that could transfer."""

import itertools
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bson import ObjectId

from backend import clock
from bench import rounds, stand, visitors, wrk
from bench.floors import transfers as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack
from models.identity.account import Account
from models.onecard.card import Card
from models.payments import ledger_account, ledger_verify, merchant, transfer
from models.payments.ledger_account import LedgerAccount
from models.payments.transfer_record import Transfer

SECONDS, WARM_SECONDS = 5, 2
PEOPLE, SHOPS, HOT_PARTS = 1_000, 50, 8
LINES = 20_000
HOT = "fund:hot"
EACH_FEN = 100_000
SETTLE_SECONDS = 5
P95_MS, P99_MS, MOST_ERRORS = 300, 600, 0.001
_numbers = itertools.count()


def bench() -> list[Figure]:
    """Run product and floor in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        prepare()
        people = persons(PEOPLE)
        pay(stack, people, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: pay_barely(stack, number, WARM_SECONDS).rate)
        runs = [(pay_barely(stack, processes, SECONDS), *pay(stack, people, SECONDS)) for _ in range(rounds.ROUNDS)]
        _require_whole()
    pairs = [Pair(least, ours) for least, ours, _ in runs]
    found = rounds.figures("transfers", pairs, of="transfer", floor=f"floor in {processes} process(es)", target=0.35)
    load = f"{wrk.CLIENTS} clients, one in ten into one fund"
    return [
        *found,
        Figure("transfers.p95", median(seen.p95_ms for *_, seen in runs), "ms", load, P95_MS, "lower"),
        Figure("transfers.p99_bar", median(seen.p99_ms for *_, seen in runs), "ms", load, P99_MS, "lower"),
        Figure("transfers.errors", max(seen.errors for *_, seen in runs), "of all", load, MOST_ERRORS, "lower"),
    ]


def prepare() -> None:
    """Open the hot fund and register merchants."""
    ledger_account.open_account(HOT, parts=HOT_PARTS)
    for number in range(SHOPS):
        merchant.seed(f"shop-{number}", name=f"商户{number}", unit="changzhengyuan")


def persons(number: int) -> list[visitors.Visitor]:
    """Store residents with an active card and money in their wallets."""
    people = visitors.seed(number)[:number]
    ids = [one.account for one in people]
    Account._get_collection().update_many({"_id": {"$in": ids}}, {"$set": {"level": "verified"}})
    now = clock.now()
    same = {"live": True, "state": "active", "physical": "none", "electronic": "active", "seq": 1}
    cards = [{"_id": ObjectId(), "person": one.person, **same, "checked_at": now, "created_at": now} for one in people]
    Card._get_collection().insert_many(cards)
    for one in people:
        told: dict[str, Any] = {"what": "top_up", "about": {}}
        wallet = ledger_account.wallet_of(one.person)
        transfer.post(f"fill:{one.person}", "clearing:wechat", wallet, EACH_FEN, **told)
    return people


def pay(stack: Stack, people: list[visitors.Visitor], seconds: float) -> tuple[Run, wrk.Load]:
    """Pay one 分 a request as fast as it goes; count the transfers afterwards.

    Raises:
        BenchFailed: transfers and answers do not agree.
    """
    before = _posted()
    lines = Path(stack.folder) / "transfers.txt"
    lines.write_text("".join(_line(one) for one, _ in zip(itertools.cycle(people), range(LINES), strict=False)))
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"TRANSFERS": str(lines)}, most_errors=MOST_ERRORS)
    made = _settled(before, load)
    return Run(load.rate, load.p99_ms, rounds.each(meter, made)), load


def _line(one: visitors.Visitor) -> str:
    payee = HOT if random.randrange(floor.HOT_EVERY) == 0 else f"merchant:shop-{random.randrange(SHOPS)}"
    return f"{one.token} {payee} bench-{next(_numbers)}\n"


def _posted() -> int:
    return Transfer._get_collection().estimated_document_count()


def _settled(before: int, load: wrk.Load) -> int:
    """Return how many were posted, when the requests that wrk left behind are done."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        made = _posted() - before
        time.sleep(0.3)
        if made == _posted() - before:
            break
    if not load.requests <= made <= load.requests + wrk.CLIENTS:
        raise BenchFailed(f"{load.requests} answers, {made} transfers")
    return made


def _require_whole() -> None:
    if found := ledger_verify.findings():
        raise BenchFailed(found[0])


def pay_barely(stack: Stack, processes: int, seconds: float) -> Run:
    """Transfer by the floor from 50 threads in one or two processes."""
    database = Transfer._get_collection().database
    accounts = [{**one, "balance_fen": 10**9, "head": one["_id"]} for one in LedgerAccount._get_collection().find()]
    floor.prepare(database, accounts)
    command = [sys.executable, "-m", "bench.floors.transfers", stack.env["MONGODB_URI"]]
    command += [str(wrk.CLIENTS // processes), str(seconds)]
    meter = rounds.meter(stack)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 30)[0]) for one in running]
    done = sum(one["done"] for one in told)
    if done != database[floor.TRANSFERS].estimated_document_count():
        raise BenchFailed("the floor lost transfers")
    cpu = rounds.each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told) / done * 1000}
    return Run(done / seconds, max(one["p99_ms"] for one in told), cpu)
