"""The booking functions that follow a write."""

from bson import ObjectId

from backend import outbox, periodic
from models.booking import (
    cancel,
    card_late,  # noqa: F401 - registers what settles venue codes
    checkout,
    close_slot,
    gate_late,  # noqa: F401 - registers what settles tickets
    goodwill,
    sweeper,
)


@outbox.function("booking.issue")
def issue(order: str) -> None:
    """Issue an order that needs no payment."""
    checkout.issue(ObjectId(order))


@outbox.function("booking.paid")
def paid(order: str) -> None:
    """Follow a payment: issue, revive or refund."""
    checkout.paid(ObjectId(order))
    outbox.wake("push")


@outbox.function("booking.expire")
def expire(order: str) -> None:
    """End a hold that nobody paid."""
    checkout.expire(ObjectId(order))


@outbox.function("booking.request_refund")
def request_refund(order: str, fen: int) -> None:
    """Ask for the refund of a cancelled order."""
    cancel.request_refund(ObjectId(order), fen)


@outbox.function("booking.refund_changed")
def refund_changed(order: str) -> None:
    """Show the owner how the refund ended."""
    cancel.refund_changed(ObjectId(order))


@outbox.function("booking.approved_refund")
def approved_refund(approval: str) -> None:
    """Ask for a refund beyond the rule that two persons agreed on."""
    goodwill.refund_approved(ObjectId(approval))


@outbox.function("booking.cancel_slot_orders")
def cancel_slot_orders(job: str) -> None:
    """Work on closing a slot."""
    close_slot.cancel_orders(ObjectId(job))


@periodic.every("booking.sweep_holds", queue="checkout", seconds=20)
def sweep_holds() -> None:
    """Give back holds whose order never came."""
    sweeper.sweep()


@periodic.daily("booking.recount", queue="reports", hour=4, minute=10)
def recount() -> None:
    """Compare the counters of coming slots with their orders."""
    sweeper.recount_coming()
