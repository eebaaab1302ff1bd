"""The periodic work of the places, and what follows a change of their plans."""

from bson import ObjectId

from backend import outbox, periodic
from models.places import appoint, appointment, place, renewal, resource  # noqa: F401 - the first registers itself


@outbox.function("places.renew_slots")
def renew_slots(job: str) -> None:
    """Work on the open slots of a place or resource whose plan, prices, hours or limits changed."""
    renewal.work(ObjectId(job))


@outbox.function("places.heal_appointment")
def heal_appointment(appointment_id: str) -> None:
    """Give back the time that no case came to."""
    appointment.heal(ObjectId(appointment_id))


@periodic.daily("places.open_slots", queue="reports", hour=0, minute=20)
def open_slots() -> None:
    """Open the slots of the day that came into reach."""
    place.open_coming_slots()
    resource.open_coming_slots()
