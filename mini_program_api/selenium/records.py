"""Growers who are natural persons: production records."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.record_routes import ROUTES

records = Surface(
    "production records", __name__, url_prefix="/mini/v1/selenium", description="富硒农产品:农户的生产记录"
)
ROUTES.serve(records, MATCHED)
