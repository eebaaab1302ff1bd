"""The message functions that follow a write, and the reminders of visits."""

from contextlib import suppress
from datetime import date

from bson import ObjectId

from backend import clock, outbox, periodic
from backend.errors import NotFound
from models.messaging import deliver as delivery
from models.messaging import push_event, quiet, send_sms
from models.places import remind, tell_order
from models.rules import facts, parameters

LIMITS = ("quiet_hours_from", "quiet_hours_to", "sms_daily_cap")


@outbox.function("messaging.apply_push")
def apply_push(event: str) -> None:
    """Carry out an event that WeChat pushed."""
    push_event.apply(event)


@outbox.function("messaging.deliver")
def deliver(notice: str) -> None:
    """Bring a notice to its person, by the rules of this day."""
    delivery.deliver(ObjectId(notice), limits(clock.today()))


@outbox.function("messaging.ask_receipt")
def ask_receipt(notice: str) -> None:
    """Ask for the receipt of an SMS that nobody pushed."""
    send_sms.ask_receipt(ObjectId(notice))


@outbox.function("messaging.order_issued")
def order_issued(order: str) -> None:
    """Tell the owner that the tickets are there."""
    with suppress(NotFound):  # it went with its owner
        tell_order.tell(ObjectId(order), "order_issued")


@outbox.function("messaging.tell_order")
def tell_of_order(order: str, kind: str, key: str = "", urgent: bool = False, **values: str) -> None:
    """Tell the owner of an order something about it; `key` tells two tellings of one kind apart."""
    with suppress(NotFound):  # it went with its owner
        tell_order.tell(ObjectId(order), kind, key=key, urgent=urgent, **values)


@periodic.daily("messaging.remind_tomorrow", queue="reports", hour=18, minute=0)
def remind_tomorrow() -> None:
    """Remind who visits tomorrow, a batch at a time."""
    remind.tomorrow()


@periodic.every("messaging.remind_soon", queue="reports", seconds=300)
def remind_soon() -> None:
    """Remind whose visit begins in some hours, a batch at a time."""
    remind.soon()


def limits(day: date) -> delivery.Limits:
    """Return the rules of a day: without a cap no SMS goes out, without quiet hours nothing waits."""
    found = parameters.in_force(LIMITS, day)
    begins, ends, most = (facts.decode(found[code]["value"]) if code in found else None for code in LIMITS)
    return delivery.Limits(quiet.read(begins, ends), most if isinstance(most, int) else 0)
