"""The load generator: wrk with `load.lua`, the same for product and floors."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.machine import BenchFailed

SCRIPT = Path(__file__).parent / "load.lua"
CLIENTS, THREADS = 50, 2


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    p95_ms: float = 0.0
    errors: float = 0.0
    """How many of all answers were no success, or broke off."""

    @property
    def rate(self) -> float:
        """Return answers per second."""
        return self.requests / self.seconds


def find() -> str:
    """Return wrk's path.

    Raises:
        BenchFailed: it is not installed.
    """
    if found := shutil.which("wrk"):
        return found
    raise BenchFailed("wrk is missing; install it with `apt-get install wrk`")


def run(
    url: str, seconds: float, *, env: dict[str, str] | None = None, most_errors: float = 0.0, clients: int = CLIENTS
) -> Load:
    """Load `url` for some seconds.

    Raises:
        BenchFailed: more answers than `most_errors` of all were no success, or broke off.
    """
    threads = min(THREADS, clients)
    command = [find(), f"-t{threads}", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(SCRIPT), url]
    given = {**os.environ, "THREADS": str(threads), **(env or {})}
    told = subprocess.run(command, env=given, capture_output=True, text=True, timeout=seconds + 60, check=False)
    line = next((one for one in told.stdout.splitlines() if one.startswith("result ")), None)
    if line is None:
        raise BenchFailed(f"wrk gave no result: {told.stdout} {told.stderr}")
    seen = json.loads(line.removeprefix("result "))
    failed = seen["refused"] + seen["broken"]
    if not seen["requests"] or failed > most_errors * seen["requests"]:
        raise BenchFailed(f"answers that are no success: {seen}")
    errors = failed / seen["requests"]
    return Load(seen["requests"] - failed, seen["seconds"], seen["p50_ms"], seen["p99_ms"], seen["p95_ms"], errors)
