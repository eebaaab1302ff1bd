"""The periodic work of the places."""

from backend import periodic
from models.places import place


@periodic.daily("places.open_slots", queue="reports", hour=0, minute=20)
def open_slots() -> None:
    """Open the slots of the day that came into reach."""
    place.open_coming_slots()
