"""What the queues do for 雩企通."""

from bson import ObjectId

from backend import outbox
from models.enterprise import (
    claw_back,
    comparison,
    find,
    firm,
    pay_overdue,
    payout_propose,
    payout_send,
    payout_settle,
    policy_rule,
    promise_check,
    publicity,
)
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


@outbox.function("enterprise.publicity_over")
def end_publicity(publicity_id: str) -> None:
    """Make payable what nobody objects to, when the time of a list is over."""
    publicity.over(ObjectId(publicity_id))


@outbox.function("enterprise.pay_due")
def pay_due(offer: str) -> None:
    """Act when the time is over within which a policy promised to pay."""
    pay_overdue.over(ObjectId(offer))


@outbox.function("enterprise.payout_approved")
def payout_approved(payout: str) -> None:
    """Promise the sum of a batch that two persons agreed on, and let it go to the bank."""
    payout_propose.carry_out(payout)


@outbox.function("enterprise.payout_not_approved")
def payout_not_approved(payout: str) -> None:
    """Give the offers of a batch back that was not agreed on."""
    payout_propose.give_up(payout)


@outbox.function("enterprise.send_payout")
def send_payout(payout: str) -> None:
    """Hand a batch's file in, or ask whether the bank has it."""
    payout_send.send(payout)


@outbox.function("enterprise.ask_bank")
def ask_bank(payout: str) -> None:
    """Ask the bank how far a batch is, and apply what came back."""
    payout_send.ask(payout)


@outbox.function("enterprise.post_payout")
def post_payout(payout: str) -> None:
    """Post what the bank paid of a batch."""
    payout_settle.post(payout)


@outbox.function("enterprise.book_reversal")
def book_reversal(payment: str) -> None:
    """Give a reversed payment back to its fund."""
    payout_settle.book_reversal(payment)


@outbox.function("enterprise.check_promise")
def check_promise(promise: str) -> None:
    """Check what a firm promised, when its last day is over."""
    promise_check.due(ObjectId(promise))


@outbox.function("enterprise.claw_back_agreed")
def claw_back_agreed(claw_back_id: str, approval: str) -> None:
    """Make a claw-back what two persons agreed on: a receivable, or waived."""
    claw_back.agreed(ObjectId(claw_back_id), ObjectId(approval))


@outbox.function("enterprise.claw_back_reopen")
def claw_back_reopen(claw_back_id: str, approval: str) -> None:
    """Let a claw-back wait for another proposal."""
    claw_back.reopen(ObjectId(claw_back_id), ObjectId(approval))
