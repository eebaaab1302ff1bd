"""What the queues do after the placing: offers, reminders, ends, refills."""

from bson import ObjectId

from backend import outbox, periodic
from models.school import (
    appeal_settle,  # noqa: F401 - registers what follows the decision of an appeal
    offer_answer,
    offer_make,
    offer_tell,
    refill,
    report_day,
)


@outbox.function("school.make_offers")
def make_offers(draw: str) -> None:
    """Make the offers of a published draw, a batch at a time."""
    offer_make.make_offers(ObjectId(draw))


@outbox.function("school.tell_offer")
def tell_offer(offer: str, news: str) -> None:
    """Tell a family of an offer: that it came, that its time is nearly over, that it lapsed."""
    offer_tell.tell(ObjectId(offer), news)


@outbox.function("school.tell_report_day")
def tell_report_day(job: str) -> None:
    """Tell the families of a round on which day children report, some at a time."""
    report_day.tell(ObjectId(job))


@outbox.function("school.lapse_offer")
def lapse_offer(offer: str) -> None:
    """End an offer that nobody answered in time."""
    offer_answer.lapse(ObjectId(offer))


@outbox.function("school.refill")
def refill_school(round: str, school: str) -> None:  # noqa: A002 - the word that entries use
    """Offer the free places of a school to who waits."""
    refill.refill(round, school)


@periodic.every("school.look_at_places", queue="affairs", seconds=3600)
def look_at_places() -> None:
    """Release what withdrawn applications hold, and offer what is free: whatever an entry missed."""
    refill.look()
