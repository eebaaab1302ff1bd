"""What the queues do for 雩企通."""

from bson import ObjectId

from backend import outbox
from models.enterprise import comparison, find, firm, policy_rule
from models.rules import activation


@outbox.function("enterprise.collect")
def collect(job: str) -> None:
    """Take in the next organisations as firms."""
    firm.work(ObjectId(job))


@outbox.function("enterprise.activate")
def activate(approval: str) -> None:
    """Put the conditions of a policy in force that two persons agreed on."""
    policy_rule.activate(ObjectId(approval))


@outbox.function("enterprise.reopen")
def reopen(approval: str) -> None:
    """Turn conditions that were not agreed on into a draft again."""
    activation.reopen(ObjectId(approval))


@outbox.function("enterprise.compare")
def compare(job: str) -> None:
    """Look at the next firms under two versions of a policy's conditions."""
    comparison.work(ObjectId(job))


@outbox.function("enterprise.run")
def run_policy(job: str) -> None:
    """Judge the next firms of a run."""
    find.work(ObjectId(job))
