"""The machine of a benchmark: two CPUs for everything, and how much CPU each part used."""

import os
import time
from collections.abc import Mapping

import psutil

CORES = 2
"""The targets are set for two cores, load generator included."""


class BenchFailed(RuntimeError):
    """A benchmark has no result; the sentence says why."""


def pin() -> str:
    """Bind this process, and so all that it starts, to two CPUs; return the sentence that says so."""
    usable, load = sorted(os.sched_getaffinity(0)), f"load average before: {os.getloadavg()[0]:.1f}"
    if len(usable) <= CORES:
        return f"{len(usable)} CPUs, none left out; {load}"
    os.sched_setaffinity(0, usable[:CORES])
    bound = " and ".join(map(str, usable[:CORES]))
    return f"everything, load generator included, is bound to CPUs {bound} of {os.cpu_count()}; {load}"


class Neighbours:
    """How much of the bound CPUs programs took that are not part of the benchmark, since this was made."""

    def __init__(self) -> None:
        self._began, self._before = time.monotonic(), self._read()

    def share(self) -> float:
        """Return their share of these CPUs, 0 to 1."""
        available = (time.monotonic() - self._began) * len(os.sched_getaffinity(0))
        return max(0.0, self._read() - self._before) / available

    @staticmethod
    def _read() -> float:
        bound = os.sched_getaffinity(0)
        busy = sum(
            sum(one) - one.idle - one.iowait for n, one in enumerate(psutil.cpu_times(percpu=True)) if n in bound
        )
        own = psutil.Process()
        return busy - own.cpu_times().children_user - own.cpu_times().children_system - _tree(own)


class Meter:
    """CPU seconds of process trees since the meter was made."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)
        self._before = self._read()

    def seconds(self) -> dict[str, float]:
        """Return the CPU seconds that each part has used."""
        return {name: used - self._before[name] for name, used in self._read().items()}

    def _read(self) -> dict[str, float]:
        return {name: _tree(psutil.Process(pid)) for name, pid in self._roots.items()}


def _tree(root: psutil.Process) -> float:
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(one.user + one.system for one in times)
