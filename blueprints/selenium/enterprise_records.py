"""Growers that are organisations: production records."""

from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium.record_routes import ROUTES

records = Surface(
    "enterprise production records",
    __name__,
    url_prefix="/enterprise/v1/selenium",
    description="富硒农产品:单位的生产记录",
)
ROUTES.serve(records, MEMBER)
