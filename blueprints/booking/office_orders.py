"""Orders of the places in one's scope."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.booking import schemas
from models.booking.order_office_views import Filter
from models.places import order_office

orders = Surface("office orders", __name__, url_prefix="/office/v1", description="订单查询")
PURPOSE = "booking_service"


@orders.get("/orders", access=staff("order.list", PURPOSE))
@orders.arguments(schemas.OfficeOrderQuery, location="query")
@orders.answer(200, schemas.OfficeOrderList)
def list_orders(query: dict[str, Any]) -> dict[str, Any]:
    """Orders of a slot, or of a place and a day, newest first."""
    day = query["day"].isoformat() if "day" in query else None
    wanted = Filter(query.get("slot"), query.get("place"), day, query.get("state"))
    items, following = order_office.listed(
        g.actor, wanted, purpose=PURPOSE, cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@orders.get("/orders/<order_id>", access=staff("order.read", PURPOSE))
@orders.answer(200, schemas.OfficeOrderWhole)
def read_order(order_id: str) -> dict[str, Any]:
    """One order with its tickets and history."""
    return order_office.read(g.actor, object_ids.read(order_id), purpose=PURPOSE)
