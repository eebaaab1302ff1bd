"""The payment functions that follow a write."""

from datetime import timedelta

import structlog
from bson import ObjectId

from backend import clock, outbox, periodic
from backend.errors import CityError
from models.payments import bill
from models.payments import notice as notices
from models.payments import payment as payments
from models.payments import refund as refunds

log = structlog.get_logger()

CHECK_AGAIN_SECONDS = 60
REPORT_LATE = timedelta(hours=1)


@outbox.function("payments.apply_notice")
def apply_notice(notice: str) -> None:
    """Carry out a stored notice."""
    notices.apply(notice)


@outbox.function("payments.check")
def check(payment: str) -> None:
    """Ask WeChat about a payment whose notice may be lost, until its time is over."""
    payment_id = ObjectId(payment)
    state = payments.check(payment_id)
    if state == "prepaid" and payments.read(payment_id)["expires_at"] > clock.now():
        raise outbox.Later(CHECK_AGAIN_SECONDS)


@outbox.function("payments.send_refund")
def send_refund(refund: str) -> None:
    """Send a refund, or ask how far it is."""
    refunds.send(refund)


@outbox.function("payments.require_shipping")
def require_shipping(payment: str) -> None:
    """Note that WeChat must be told of the delivery."""
    payments.require_shipping(ObjectId(payment))


@outbox.function("payments.report_shipping")
def report_shipping(payment: str) -> None:
    """Tell WeChat of the delivery."""
    payments.report_shipping(ObjectId(payment))


@periodic.every("payments.reconcile_shipping", queue="bills", seconds=3600)
def reconcile_shipping() -> None:
    """Report again what WeChat was not told of within an hour."""
    for payment_id in payments.unreported_shipping(clock.now() - REPORT_LATE):
        try:
            payments.report_shipping(payment_id)
        except CityError as error:
            log.warning("shipping_not_reported", payment=str(payment_id), code=error.code)


@periodic.daily("payments.match_bill", queue="bills", hour=10, minute=30)
def match_bill() -> None:
    """Fetch yesterday's bill and match it; ask again in half an hour while WeChat has none."""
    if bill.fetch_and_match(clock.today() - timedelta(days=1)) is None:
        raise outbox.Later(1800)
