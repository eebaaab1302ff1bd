"""A spot: a place as a whole (zone "") or one zone (分区) of it; limits, counts and levels belong to spots."""

from datetime import UTC, datetime
from typing import NamedTuple

from backend import clock

WHOLE = ""


class Spot(NamedTuple):
    """Where people are counted."""

    place: str
    zone: str = WHOLE

    @property
    def key(self) -> str:
        """Return the id of the spot's documents: `museum`, or `museum.hall2` for a zone."""
        return f"{self.place}.{self.zone}" if self.zone else self.place


def minute_of(at: datetime) -> datetime:
    """Return the beginning of the minute of an instant, in UTC."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def day_of(at: datetime) -> str:
    """Return the civil day of an instant as `YYYY-MM-DD`."""
    return clock.civil(at).date().isoformat()
