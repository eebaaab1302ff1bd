"""What the queues do before a round's window: finding the children, telling their families, seeing whom it reached."""

from bson import ObjectId

from backend import outbox
from models.school import find, tell_found


@outbox.function("school.find")
def find_children(job: str) -> None:
    """Look for the next children of a round in the household register."""
    find.work(ObjectId(job))


@outbox.function("school.tell_found")
def tell_families(job: str) -> None:
    """Tell the next families what was found."""
    tell_found.work(ObjectId(job))


@outbox.function("school.look_reached")
def look_reached(candidate: str) -> None:
    """Put a family on the village's list whom no message reached."""
    tell_found.look_reached(ObjectId(candidate))
