"""A firm applies with a booked time."""

from backend.http.route_set import member_for
from backend.http.surface import Surface
from models.places.appointment_routes import ROUTES

appointments = Surface(
    "enterprise appointments", __name__, url_prefix="/enterprise/v1", description="企业办事:预约时段办理"
)
ROUTES.serve(appointments, member_for("matters"))
