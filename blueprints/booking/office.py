"""The office surfaces of booking."""

from backend.http.surface import Surface
from blueprints.booking import office_orders, office_slots

OFFICE: list[Surface] = [office_slots.slots, office_orders.orders]
