"""What the queues do for health alerts and care: raise, go up the ladder, tell the elder and the family."""

from datetime import datetime

from bson import ObjectId

from backend import outbox
from models.eldercare import escalate, raise_found, tell_care, tell_family
from models.eldercare.tell_care import News


@outbox.function("eldercare.raise")
def raise_alert(finding: str) -> None:
    """Make the alert of a finding, or link it to the one that is live."""
    raise_found.raise_found(ObjectId(finding))


@outbox.function("eldercare.look_at_alert")
def look_at_alert(alert: str, beat: int) -> None:
    """Go one rung up for an alert whose clock ran out."""
    escalate.look(ObjectId(alert), beat)


@outbox.function("eldercare.tell_of_alert")
def tell_of_alert(alert: str, news: str) -> None:
    """Tell the elder and the family of an alert."""
    tell_family.tell(ObjectId(alert), news)


@outbox.function("eldercare.tell_of_care")
def tell_of_care(subject: str, kind: str, unit: str, *, private: bool, news: str, at: str) -> None:
    """Tell the elder and the family who cares, and what was written down in the elder's name."""
    tell_care.tell(ObjectId(subject), News(news, kind, unit, datetime.fromisoformat(at), private))
