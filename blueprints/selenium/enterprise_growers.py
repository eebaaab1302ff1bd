"""Growers that are organisations: producer, plots, trade items, lots."""

from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium.grower_routes import ROUTES

growers = Surface("enterprise growers", __name__, url_prefix="/enterprise/v1/selenium", description="富硒农产品:单位")
_ELSE = {
    "register": "Register one's organisation as a producer.",
    "read_producer": "The producer that one's organisation is.",
}
ROUTES.serve(growers, MEMBER, _ELSE)
