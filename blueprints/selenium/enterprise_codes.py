"""Codes of growers that are organisations: quota, rolls of labels, packs."""

from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium.code_routes import ROUTES
from models.selenium.label_routes import ROUTES as LABELS

codes = Surface(
    "enterprise codes", __name__, url_prefix="/enterprise/v1/selenium", description="富硒农产品:单位的产品码"
)
ROUTES.serve(codes, MEMBER)
LABELS.serve(codes, MEMBER)
