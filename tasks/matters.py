"""What follows the turns of service items: results on paper and their delivery, return visits, kept places."""

from bson import ObjectId

from backend import outbox
from models.affairs import delivery_handle, result_make, return_visit  # noqa: F401 - both register what they settle


@outbox.function("affairs.tell_delivery")
def tell_delivery(paper: str, state: str) -> None:
    """Tell an applicant that their paper lies at the counter or is on the post."""
    delivery_handle.tell(ObjectId(paper), state)
