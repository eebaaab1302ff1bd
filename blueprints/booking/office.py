"""The office surfaces of booking."""

from backend.http.surface import Surface
from blueprints.booking import office_exports, office_orders, office_refunds, office_slots

OFFICE: list[Surface] = [office_slots.slots, office_exports.exports, office_orders.orders, office_refunds.refunds]
