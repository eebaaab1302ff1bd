"""The function that rotates keys."""

from bson import ObjectId

from backend import outbox
from backend.keys import rotation


@outbox.function("keys.rotate")
def rotate(job: str) -> None:
    """Work on a rotation of keys."""
    rotation.work(ObjectId(job))
