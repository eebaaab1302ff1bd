"""Growers who are natural persons: recalls of their own lots."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.recall_routes import ROUTES

recalls = Surface("recalls", __name__, url_prefix="/mini/v1/selenium", description="富硒农产品:农户的产品召回")
ROUTES.serve(recalls, MATCHED)
