"""What the queues do for selenium-rich produce."""

from bson import ObjectId

from backend import outbox
from models.selenium import recall_run, recall_start, roll


@outbox.function("selenium.make_codes")
def make_codes(job: str) -> None:
    """Make codes and sheets of a roll, a few parts at a time."""
    roll.make(ObjectId(job))


@outbox.function("selenium.start_recall")
def start_recall(recall: str, approval: str) -> None:
    """Start a recall that two persons agreed on."""
    recall_start.carry_out(recall, ObjectId(approval))


@outbox.function("selenium.drop_recall")
def drop_recall(recall: str, approval: str) -> None:
    """Let a recall be a drawing again that nobody approved."""
    recall_start.drop(recall, ObjectId(approval))


@outbox.function("selenium.run_recall")
def run_recall(job: str) -> None:
    """Work on what a recall reaches, some things at a time."""
    recall_run.work(ObjectId(job))
