"""Growers who are natural persons: buyers, boxes and shipments."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.trade_routes import ROUTES

trade = Surface("trade", __name__, url_prefix="/mini/v1/selenium", description="富硒农产品:农户的买家、装箱和发货")
ROUTES.serve(trade, MATCHED)
