"""What was told to the owner of an order, for staff whose scope holds the order's place."""

from typing import Any

from bson import ObjectId

from models.booking import order
from models.identity.account import persons_of
from models.identity.actors import Staff
from models.messaging import notice_views
from models.places import scope


def listed(
    actor: Staff, order_id: ObjectId, *, purpose: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the notices about an order, newest first; the access line is stored before.

    Raises:
        NotFound: no such order in the actor's scope.
    """
    actor.require(notice_views.READ)
    found = order.read(order_id)
    scope.place(actor, notice_views.READ, found["place"])
    owner = persons_of([found["account"]]) if found.get("account") else []
    return notice_views.about(actor, str(order_id), owner, purpose=purpose, cursor=cursor, limit=limit)
