"""Growers who are natural persons: producer, plots, trade items, lots."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.grower_routes import ROUTES

growers = Surface("growers", __name__, url_prefix="/mini/v1/selenium", description="富硒农产品:农户")
ROUTES.serve(growers, MATCHED)
