"""What the queues do when a round's rule is tried on the applications of another round."""

from bson import ObjectId

from backend import outbox
from models.school import rule_preview


@outbox.function("school.try_rule")
def try_rule(job: str) -> None:
    """Look at the next applications."""
    rule_preview.work(ObjectId(job))
