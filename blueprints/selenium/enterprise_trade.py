"""Growers that are organisations: buyers, boxes and shipments; and what comes in for an organisation that buys."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium import shipping
from models.selenium import trade_forms as schemas
from models.selenium import trade_views as views
from models.selenium.grower_forms import PageQuery
from models.selenium.trade_routes import ROUTES

trade = Surface(
    "enterprise trade", __name__, url_prefix="/enterprise/v1/selenium", description="富硒农产品:单位的买家、装箱和发货"
)
ROUTES.serve(trade, MEMBER)


@trade.get("/deliveries", access=member())
@trade.arguments(PageQuery, location="query")
@trade.answer(200, schemas.DeliveryList)
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """What growers have sent to one's organisation, newest first."""
    items, following = views.deliveries(g.actor.organisation_id, **query)
    return {"items": items, "next": following}


@trade.post("/deliveries/<shipment_no>/receive", access=member())
@trade.answer(200, schemas.DeliveryView)
def receive_delivery(shipment_no: str) -> dict[str, Any]:
    """Confirm that a shipment to one's organisation has arrived."""
    return views.delivery(shipping.receive_own(g.actor, shipment_no))
