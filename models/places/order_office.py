"""The orders of the places in a member's scope."""

from typing import Any

from bson import ObjectId

from backend.errors import BadInput
from models.booking import order, order_office_views
from models.identity import break_glass, purposes
from models.identity.actors import Staff
from models.places import scope


class FilterNeeded(BadInput):
    """400: orders are listed by slot, or by place and day."""

    code = "filter_needed"
    zh = "请按时段(slot)查询,或同时指定景点(place)和日期(day)。"
    en = "Name a slot, or a place and a day."

    def __init__(self) -> None:
        super().__init__(fields={"slot": [self.zh]})


def listed(
    actor: Staff, wanted: order_office_views.Filter, *, purpose: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of orders of a slot, or of a place and day; the access line is stored before.

    Raises:
        FilterNeeded: neither was named.
        NotFound: outside the actor's scope.
    """
    actor.require("order.list")
    if not wanted.slot and not (wanted.place and wanted.day):
        raise FilterNeeded
    if wanted.place:
        scope.place(actor, "order.list", wanted.place)
    if wanted.slot:
        scope.slot(actor, "order.list", wanted.slot)
    return order_office_views.listed(actor, wanted, purpose=purpose, cursor=cursor, limit=limit)


def read(actor: Staff, order_id: ObjectId, *, purpose: str) -> dict[str, Any]:
    """Return an order with its tickets and history; the access line is stored before.

    In an emergency a broken glass opens it outside of the actor's scope, and shows children.

    Raises:
        NotFound: no such order in the actor's scope.
    """
    actor.require("order.read")
    found = order.read(order_id)
    if glass := break_glass.order_open(actor, order_id):
        return order_office_views.whole(actor, found, purpose=purposes.EMERGENCY, glass=glass)
    scope.place(actor, "order.read", found["place"])
    return order_office_views.whole(actor, found, purpose=purpose)
