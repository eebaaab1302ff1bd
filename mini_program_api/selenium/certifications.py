"""Growers who are natural persons: certifications, certificates, commitments."""

from backend.http.route_set import MATCHED
from backend.http.surface import Surface
from models.selenium.certification_routes import ROUTES

certifications = Surface(
    "certifications", __name__, url_prefix="/mini/v1/selenium", description="富硒认定和承诺达标合格证:农户"
)
ROUTES.serve(certifications, MATCHED)
