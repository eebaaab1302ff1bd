"""One place, and the list of 20 places, over HTTP, against a bare WSGI app in the same server."""

import urllib.request
from typing import Any

import orjson

from backend.embedded.process import Child, free_port, wait_until
from bench import rounds, stand, wrk
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack, answers

SECONDS, WARM_SECONDS = 3, 1
PLACE, LIST = "/mini/v1/places/museum", "/mini/v1/places?limit=20"


def place() -> list[Figure]:
    """Read one place with its next free slots."""
    return _bench("place", PLACE, target=0.5)


def places() -> list[Figure]:
    """Read the first 20 places."""
    return _bench("places", LIST, target=0.35)


def _bench(name: str, path: str, *, target: float) -> list[Figure]:
    wrk.find()
    with stand.stand() as stack:
        product = stack.children["api"]
        base, floor = _start_floor(stack, product.command)
        try:
            _compare(stack.base + path, base + path)
            for url in (base, stack.base):
                wrk.run(url + path, WARM_SECONDS)
            pairs = [
                Pair(_run(stack, base + path, floor), _run(stack, stack.base + path, product))
                for _ in range(rounds.ROUNDS)
            ]
        finally:
            floor.stop()
    return rounds.figures(name, pairs, of="answer", floor="bare WSGI", target=target)


def _start_floor(stack: Stack, command: list[str]) -> tuple[str, Child]:
    """Serve the floor by the product's own command line, on another port."""
    port = str(free_port())
    changed = {str(stack.port): port, "wsgi:app": "bench.floors.reading:app"}
    log = stack.folder / "logs" / "floor.log"
    child = Child([changed.get(word, word) for word in command], log, env=stack.env)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(base + PLACE), seconds=20, what=f"the floor (see {log})")
    return base, child


def _run(stack: Stack, url: str, server: Child) -> Run:
    meter = rounds.meter(stack, api=server.popen.pid)
    load = wrk.run(url, SECONDS)
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests))


def _compare(product: str, floor: str) -> None:
    """Check that both say the same.

    Raises:
        BenchFailed: they do not, so that their speeds say nothing.
    """
    ours, bare = _read(product), _read(floor)
    if ours != bare:
        raise BenchFailed(f"the floor answers something else:\n{ours}\n{bare}")


def _read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return orjson.loads(answer.read())
