"""The long work of the guide."""

from bson import ObjectId

from backend import outbox
from models.tourism import exhibit_code


@outbox.function("tourism.exhibit_codes")
def exhibit_codes(job: str) -> None:
    """Make the next mini-program codes of exhibits."""
    exhibit_code.work(ObjectId(job))
