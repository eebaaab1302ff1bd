"""Growers that are organisations: recalls of their own lots."""

from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium.recall_routes import ROUTES

recalls = Surface(
    "enterprise recalls", __name__, url_prefix="/enterprise/v1/selenium", description="富硒农产品:单位的产品召回"
)
ROUTES.serve(recalls, MEMBER)
