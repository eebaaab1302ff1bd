"""What the tests of money share: two of the finance staff, refunds that end badly, and time that passes."""

import itertools

from bson import ObjectId

from models.booking.order import Order
from models.payments import refund
from tests.office.conftest import on_duty
from tests.support import timeline
from tests.support.patience import until
from tests.support.queues import drain


def finance(client, admin) -> list:
    return [
        on_duty(client, f"finance-{number}", lambda: admin.hire("finance_clerk", unit="finance")) for number in (1, 2)
    ]


def order_of(order: dict) -> dict:
    return Order._get_collection().find_one({"_id": ObjectId(order["id"])})


def payment_of(order: dict) -> ObjectId:
    return order_of(order)["payment"]


def refunds_of(order: dict) -> list[dict]:
    return refund.of_payment(payment_of(order))


def let_pass(shift_clock, done, *, seconds: int = 61, what: str = "the refund"):
    """Let minutes pass, from where the clock stands, and the queues work until something is so; return it."""
    rounds, start = itertools.count(1), timeline.shifted()

    def looked():
        shift_clock(start + seconds * next(rounds))
        drain()
        return done()

    return until(looked, what=what)


def ended(found: dict) -> bool:
    return found["state"] not in {"requested", "processing"}


def approve(clerk, approval_id: str):
    answer = clerk.post(f"/office/v1/approvals/{approval_id}/approve")
    assert answer.status_code == 200, answer.json
    drain()
    return answer.json
