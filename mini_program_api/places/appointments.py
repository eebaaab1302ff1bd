"""A resident applies with a booked time."""

from backend.http.access import Access, resident
from backend.http.surface import Surface
from models.places.appointment_routes import ROUTES

appointments = Surface("appointments", __name__, url_prefix="/mini/v1", description="我要办事:预约时段办理")


def own(_roles: tuple[str, ...]) -> Access:
    """Return the rule of a natural person, or of who acts for one in matters."""
    return resident("matched", scope="affairs")


ROUTES.serve(appointments, own)
