"""What the queues do in the review: cases are opened, applications decided, families told, what got lost is healed."""

from bson import ObjectId

from backend import outbox, periodic
from models.school import (
    correction,  # noqa: F401 - registers what follows when a family is asked
    decide,
    review_settle,  # noqa: F401 - registers what follows the decision of a point
    review_start,
    review_sweep,
    tell_decision,
)


@outbox.function("school.review_begin")
def begin(application: str) -> None:
    """Begin, or go on with, the review of an application."""
    review_start.begin(ObjectId(application))


@outbox.function("school.decide")
def decide_application(application: str) -> None:
    """Decide an application whose points are all settled."""
    decide.decide(ObjectId(application))


@outbox.function("school.tell")
def tell(application: str, kind: str, seq: int) -> None:
    """Tell a family how its application goes on."""
    tell_decision.tell(ObjectId(application), kind, seq)


@periodic.every("school.sweep_reviews", queue="affairs", seconds=300)
def sweep() -> None:
    """Help on applications whose review got lost or whose time to answer is over."""
    review_sweep.sweep()
