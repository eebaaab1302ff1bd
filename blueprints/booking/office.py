"""The office surfaces of booking."""

from backend.http.surface import Surface
from blueprints.booking import (
    office_closings,
    office_exports,
    office_orders,
    office_refunds,
    office_slots,
    office_waiting,
)

OFFICE: list[Surface] = [
    office_slots.slots,
    office_closings.closings,
    office_exports.exports,
    office_orders.orders,
    office_refunds.refunds,
    office_waiting.waiting,
]
