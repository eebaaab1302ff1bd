"""The machine of a benchmark: two CPUs for everything, and how much CPU each part used."""

import os
from collections.abc import Mapping

import psutil

CORES = 2
"""The targets are set for two cores, load generator included."""


class BenchFailed(RuntimeError):
    """A benchmark has no result; the sentence says why."""


def pin() -> str:
    """Bind this process, and so all that it starts, to two CPUs; return the sentence that says so."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) <= CORES:
        return f"{len(usable)} CPUs, none left out"
    os.sched_setaffinity(0, usable[:CORES])
    bound = " and ".join(map(str, usable[:CORES]))
    return f"everything, load generator included, is bound to CPUs {bound} of {os.cpu_count()}"


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
