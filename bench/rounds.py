"""Rounds of product and floor in turns, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench import wrk
from bench.machine import BenchFailed, Meter
from bench.report import Figure
from deploy.stack import Stack

ROUNDS = 5


@dataclass(frozen=True)
class Run:
    """One round of the product or of the floor: rate, p99, CPU milliseconds an operation by part."""

    rate: float
    p99_ms: float
    cpu_ms: dict[str, float]


@dataclass(frozen=True)
class Pair:
    """The floor, and the product right after it."""

    floor: Run
    product: Run

    @property
    def ratio(self) -> float:
        """Return how much of the floor's rate the product reaches."""
        return self.product.rate / self.floor.rate


def meter(stack: Stack, **more: int) -> Meter:
    """Return a meter of the stand's store and Redis, and of `more` processes by their ids."""
    mongod, redis = stack.mongod, stack.redis
    if mongod is None or redis is None or mongod.child is None or redis.child is None:
        raise BenchFailed("the store must be the stand's own")
    return Meter({**more, "store": mongod.child.popen.pid, "redis": redis.child.popen.pid})


def each(used: Meter, operations: int) -> dict[str, float]:
    """Return the CPU milliseconds an operation."""
    return {part: seconds / operations * 1000 for part, seconds in used.seconds().items()}


def figures(name: str, pairs: Sequence[Pair], *, of: str, floor: str, target: float) -> list[Figure]:
    """Return rate, ratio, p99 and CPU of a benchmark over HTTP."""
    ours, least = [pair.product for pair in pairs], [pair.floor for pair in pairs]
    against = f"{floor}: {median(run.rate for run in least):.0f}/s"
    load = f"{wrk.CLIENTS} clients, median of {len(pairs)} rounds"
    ratios = sorted(pair.ratio for pair in pairs)
    cpu, floor_cpu = _cpu(ours), _cpu(least)
    return [
        Figure(f"{name}.rate", median(run.rate for run in ours), f"{of}s/s", f"{against}; {load}"),
        Figure(f"{name}.ratio", median(ratios), "of the floor", f"{ratios[0]:.2f} to {ratios[-1]:.2f}", target=target),
        Figure(f"{name}.p99", _p99(ours), "ms", f"{_p99(least):.0f} ms", better="lower"),
        Figure(f"{name}.cpu", sum(cpu.values()), f"ms/{of}", f"{_told(cpu)}; floor {_told(floor_cpu)}", better="lower"),
    ]


def _p99(runs: Sequence[Run]) -> float:
    return median(run.p99_ms for run in runs)


def _cpu(runs: Sequence[Run]) -> dict[str, float]:
    return {part: median(run.cpu_ms[part] for run in runs) for part in runs[0].cpu_ms}


def _told(cpu: dict[str, float]) -> str:
    return " + ".join(f"{part} {used:.2f}" for part, used in cpu.items())
