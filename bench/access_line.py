"""What the access line adds to a read: an order read by staff, against the same server with the line taken out."""

from statistics import median

import requests

from backend.embedded.process import Child, free_port, wait_until
from bench import clerks, rounds, stand, visitors, wrk
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack, answers
from models.audit.access_line import AccessLine

SECONDS, WARM_SECONDS = 4, 1
CLERKS, ORDERS = 200, 200
MOST_MS = 0.5
UNIT = "culture_tourism"


def bench() -> list[Figure]:
    """Run both in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        lines = _reads(stack)
        product = stack.children["api"]
        base, without = _start_without(stack, product.command)
        try:
            for url in (base, stack.base):
                _run(stack, url, lines, product, WARM_SECONDS)
            pairs = [_pair(stack, base, without, lines) for _ in range(rounds.ROUNDS)]
        finally:
            without.stop()
    return _figures(pairs)


def _reads(stack: Stack) -> str:
    """Book orders over HTTP and write down who of the staff reads which."""
    slots = requests.get(f"{stack.base}/mini/v1/places/museum/slots", timeout=10).json()["items"]
    slot = max(slots, key=lambda one: one["left"])["id"]
    made = []
    for visitor in visitors.seed(ORDERS)[:ORDERS]:
        headers = {"Authorization": f"Bearer {visitor.token}", "Idempotency-Key": str(visitor.account)}
        body = {"slot_id": slot, "visitors": [{"companion_id": visitor.companion, "ticket_type": "adult"}]}
        answer = requests.post(f"{stack.base}/mini/v1/orders", json=body, headers=headers, timeout=10)
        if answer.ok:
            made.append(answer.json()["id"])
    if not made:
        raise BenchFailed("no order could be booked")
    people = clerks.seat(CLERKS, "tourism_office", UNIT)
    path = stack.folder / "reads.txt"
    told = [f"{one.token} /office/v1/orders/{made[number % len(made)]}\n" for number, one in enumerate(people)]
    path.write_text("".join(told))
    return str(path)


def _start_without(stack: Stack, command: list[str]) -> tuple[str, Child]:
    port = str(free_port())
    changed = {str(stack.port): port, "wsgi:app": "bench.floors.access_line:app"}
    log = stack.folder / "logs" / "without.log"
    child = Child([changed.get(word, word) for word in command], log, env=stack.env)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{base}/health/ready"), seconds=30, what=f"the server without the line (see {log})")
    return base, child


def _pair(stack: Stack, base: str, without: Child, lines: str) -> Pair:
    """Run both; the product must leave a line for each answer, the other none.

    Raises:
        BenchFailed: the lines do not agree with the answers.
    """
    kept = AccessLine._get_collection()
    before = kept.estimated_document_count()
    floor, _ = _run(stack, base, lines, without, SECONDS)
    between = kept.estimated_document_count()
    product, answered = _run(stack, stack.base, lines, stack.children["api"], SECONDS)
    stored = kept.estimated_document_count() - between
    if between - before > wrk.CLIENTS or stored < answered:  # what was under way when a run ended is stored after it
        raise BenchFailed(f"{answered} answers left {stored} lines, the server without them {between - before}")
    return Pair(floor, product)


def _run(stack: Stack, base: str, lines: str, server: Child, seconds: float) -> tuple[Run, int]:
    meter = rounds.meter(stack, api=server.popen.pid)
    load = wrk.run(base, seconds, env={"GETS": lines})
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests)), load.requests


def _figures(pairs: list[Pair]) -> list[Figure]:
    added = [sum(one.product.cpu_ms.values()) - sum(one.floor.cpu_ms.values()) for one in pairs]
    told = f"API, store and Redis; {min(added):.2f} to {max(added):.2f} over {len(pairs)} rounds, {wrk.CLIENTS} clients"
    rate = median(one.product.rate for one in pairs)
    bare = median(one.floor.rate for one in pairs)
    return [
        Figure("access_line.cpu", median(added), "ms a read", told, target=MOST_MS, better="lower"),
        Figure("access_line.rate", rate, "reads/s", f"without the line {bare:.0f}/s"),
    ]
