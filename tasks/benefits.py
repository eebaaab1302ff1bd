"""The benefit functions that follow a write, up to the end of publicity."""

from bson import ObjectId

from backend import outbox
from models.benefits import ask, check_job, publicity


@outbox.function("benefits.check")
def check_lines(job: str) -> None:
    """Check the next lines of a batch."""
    check_job.work(ObjectId(job))


@outbox.function("benefits.ask")
def ask_registers(job: str) -> None:
    """Ask the registers about the next lines of a batch."""
    ask.work(ObjectId(job))


@outbox.function("benefits.publicity_over")
def end_publicity(batch: str) -> None:
    """Let a batch move on when its publicity is over."""
    publicity.over(ObjectId(batch))
