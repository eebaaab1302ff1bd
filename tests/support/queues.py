"""The queues of a test, run in its own process: what a worker does, without the wait."""

from backend import outbox
from tasks import functions  # noqa: F401 - registers all of them


def drain(*queues: str) -> int:
    """Run what is due until nothing is; return how many entries were run."""
    total = 0
    while ran := sum(outbox.drain(queue) for queue in queues or outbox.QUEUES):
        total += ran
    return total
