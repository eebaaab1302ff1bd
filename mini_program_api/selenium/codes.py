"""Codes of growers who are natural persons: quota, rolls of labels, packs."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.code_routes import ROUTES
from models.selenium.label_routes import ROUTES as LABELS

codes = Surface("codes", __name__, url_prefix="/mini/v1/selenium", description="富硒农产品:农户的产品码")
ROUTES.serve(codes, MATCHED)
LABELS.serve(codes, MATCHED)
