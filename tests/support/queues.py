"""The queues of a test: run in its own process without the wait, or by a worker that it may kill."""

import subprocess
import sys
from pathlib import Path

from backend import outbox
from tasks import functions  # noqa: F401 - registers all of them

ROOT = Path(__file__).parents[2]


def drain(*queues: str) -> int:
    """Run what is due until nothing is; return how many entries were run."""
    total = 0
    while ran := sum(outbox.drain(queue) for queue in queues or outbox.QUEUES):
        total += ran
    return total


def start_worker(env: dict[str, str], queue: str) -> subprocess.Popen:
    """Start a worker for a test to kill; it begins when this returns."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.support.queue_worker", queue],
        env={**env, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdout.readline() == b"ready\n"
    worker.stdout.close()
    return worker
