"""Growers that are organisations: certifications, certificates, commitments."""

from backend.http.route_set import MEMBER
from backend.http.surface import Surface
from models.selenium.certification_routes import ROUTES

certifications = Surface(
    "enterprise certifications",
    __name__,
    url_prefix="/enterprise/v1/selenium",
    description="富硒认定和承诺达标合格证:单位",
)
ROUTES.serve(certifications, MEMBER)
