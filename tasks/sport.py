"""What follows the writes of sport: closings, and sales of pools by their water."""

from bson import ObjectId

from backend import outbox, periodic
from models.sport import close_venue, water_state


@outbox.function("sport.cancel_orders")
def cancel_orders(job: str) -> None:
    """Work on the orders of a closing."""
    close_venue.cancel_orders(ObjectId(job))


@outbox.function("sport.follow_water")
def follow_water(water: str) -> None:
    """Bring the sales of a pool to what its water says."""
    water_state.follow(water)


@periodic.every("sport.follow_waters", queue="gates", seconds=600)
def follow_waters() -> None:
    """Stop the sales of days that came into reach while a pool is halted."""
    water_state.follow_all()
