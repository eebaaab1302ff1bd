"""The queues of a test, run in its own process: what a worker does, without the wait."""

from backend import outbox
from tasks import (  # noqa: F401 - registers their functions
    affairs,
    audit,
    benefit_payments,
    benefits,
    booking,
    cards,
    devices,
    identity,
    keys,
    media,
    messaging,
    payments,
    privacy,
    registers,
    rules,
    staff,
    tourism,
    transit,
)


def drain(*queues: str) -> int:
    """Run what is due until nothing is; return how many entries were run."""
    total = 0
    while ran := sum(outbox.drain(queue) for queue in queues or outbox.QUEUES):
        total += ran
    return total
