"""How many wait, as staff see it: lengths of lines, nobody's name."""

from datetime import date, timedelta
from typing import Any

from backend import clock
from models.booking import waiting_views
from models.identity.actors import Staff
from models.places import scope
from models.places.place_office import LONGEST_CALENDAR, DaysWrong


def lengths(actor: Staff, place_id: str, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Return how many parties wait for each slot of a place between two days, a month from today by default.

    Raises:
        NotFound: no such place in the actor's scope.
        DaysWrong: the span is empty or too long.
    """
    scope.place(actor, "place.read", place_id)
    start = first or clock.today()
    days = (last - start).days if last else min(30, (date.max - start).days)
    if not 0 <= days < LONGEST_CALENDAR:
        raise DaysWrong("to")
    return waiting_views.lengths(place_id, start.isoformat(), (start + timedelta(days=days)).isoformat())
