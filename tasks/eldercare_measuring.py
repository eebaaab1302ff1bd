"""What the queues do with what kiosks and wearables handed in."""

from bson import ObjectId

from backend import clock, outbox
from models.eldercare import bucket_day, excursion, kiosk_readings


@outbox.function("eldercare.close_session")
def close_session(session: str) -> None:
    """End a session at a kiosk, and make observations of what it holds."""
    kiosk_readings.close(session)


@outbox.function("eldercare.excursion")
def look_at_samples(bucket: str) -> None:
    """See whether samples beyond a bound went on for long."""
    excursion.look(bucket)


@outbox.function("eldercare.roll_up")
def roll_up_samples(subject: str, quantity: str, day: str) -> None:
    """Compute a day of samples anew."""
    bucket_day.roll_up(ObjectId(subject), quantity, clock.date_of(day))
