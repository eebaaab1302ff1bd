"""The booking functions that follow a write."""

from bson import ObjectId

from backend import outbox, periodic
from models.booking import (
    cancel,
    cancel_visitors,
    card_late,  # noqa: F401 - registers what settles venue codes
    cash,
    checkout,
    close_slot,
    gate_day_list,  # noqa: F401 - registers what settles documents
    gate_late,  # noqa: F401 - registers what settles tickets
    goodwill,
    issuing,
    offer,
    release_late,
    sweeper,
)
from models.places import closing


@outbox.function("booking.issue")
def issue(order: str) -> None:
    """Issue an order that needs no payment."""
    issuing.issue(ObjectId(order))


@outbox.function("booking.paid")
def paid(order: str) -> None:
    """Follow a payment: issue, revive or refund."""
    issuing.paid(ObjectId(order))
    outbox.wake("push")


@outbox.function("booking.expire")
def expire(order: str) -> None:
    """End a hold that nobody paid."""
    checkout.expire(ObjectId(order))


@outbox.function("booking.request_refund")
def request_refund(order: str, fen: int) -> None:
    """Ask for the refund of a cancelled order."""
    cancel.request_refund(ObjectId(order), fen)


@outbox.function("booking.cancel_closed")
def cancel_closed(job: str) -> None:
    """Work on closing a place for some days."""
    closing.work(ObjectId(job))


@outbox.function("booking.request_part")
def request_part(order: str, part: str) -> None:
    """Ask for the refund of visitors who were cancelled alone."""
    cancel_visitors.request_part(ObjectId(order), part)


@outbox.function("booking.request_parts")
def request_parts(order: str) -> None:
    """Ask for such refunds of an order that ended before they were asked for."""
    cancel_visitors.request_parts(ObjectId(order))


@outbox.function("booking.part_changed")
def part_changed(order: str, part: str) -> None:
    """Show the owner how such a refund ended."""
    cancel_visitors.part_changed(ObjectId(order), part)


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


@outbox.function("booking.cash_taken")
def cash_taken(order: str) -> None:
    """Post to the ledger what a window took for an order."""
    cash.taken(ObjectId(order))


@outbox.function("booking.cash_returned")
def cash_returned(order: str) -> None:
    """Post to the ledger what a window handed back of an order."""
    cash.returned(ObjectId(order))


@outbox.function("booking.offer_waiting")
def offer_waiting(slot: str) -> None:
    """Offer what came back to a slot to those who wait for it."""
    offer.pass_on(slot)


@outbox.function("booking.release_late")
def release_unused(order: str) -> None:
    """Give on the places of free tickets whose holders did not come."""
    release_late.release(ObjectId(order))


@outbox.function("booking.tell_limited")
def tell_limited(order: str) -> None:
    """Tell whom their no-shows limit."""
    release_late.tell_limited(ObjectId(order))


@periodic.every("booking.tend_waiting", queue="checkout", seconds=30)
def tend_waiting() -> None:
    """Look after the waiting lists: slots that begin, places collected too long."""
    offer.tend()


@periodic.every("booking.sweep_holds", queue="checkout", seconds=20)
def sweep_holds() -> None:
    """Give back holds whose order never came."""
    sweeper.sweep()


@periodic.daily("booking.recount", queue="reports", hour=4, minute=10)
def recount() -> None:
    """Compare the counters of coming slots with their orders."""
    sweeper.recount_coming()
