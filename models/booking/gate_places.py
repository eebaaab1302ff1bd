"""What staff at a gate can do for who came too late: whether the slot of a released ticket still has places.

Nobody is let in by a released ticket: its place is on sale again. The window sells on the same counters, also to whom
no-shows limit, so a ticket for a place that is left is the way in.
"""

from collections.abc import Mapping
from typing import Any

from backend.errors import NotFound
from models.booking import order, order_views, slot


def left(ticket: Mapping[str, Any]) -> int:
    """Return how many places the slot of a ticket has left for sale; none where it is over or stopped."""
    try:
        found = slot.read(order.read(ticket["order"])["slot"])
    except NotFound:
        return 0
    return int(order_views.slot_shown(found, order_views.counted_along(found))["left"])
