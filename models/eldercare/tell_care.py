"""Telling an elder, and the relatives who may see their health, who cares and what was written down in their name.

A notice names the unit and nothing of health. What hides something from the relatives is told to the elder alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import NotFound
from models.eldercare import alert, subject, tell_family
from models.identity import account, unit
from models.messaging import notice

QUEUE = "care"


def following(subject_id: ObjectId, kind: str, unit_code: str, *, private: bool = False) -> list[dict[str, Any]]:
    """Return the outbox entries that tell of something; `private` leaves out the relatives.

    A notice is about an id of its own: the subject's would join an account to what lies under it.
    """
    told: dict[str, Any] = {"subject": str(subject_id), "kind": kind, "unit": unit_code, "private": private}
    return [outbox.entry("care", "eldercare.tell_of_care", **told, news=str(ObjectId()), at=clock.now().isoformat())]


@dataclass(frozen=True)
class News:
    """One change, under an id of its own: its kind, the unit, when it was, and whether relatives do not hear of it."""

    id: str
    kind: str
    unit: str
    at: datetime
    private: bool


def tell(subject_id: ObjectId, news: News) -> None:
    """Tell the elder's accounts and the relatives' of one change; again tells nobody twice."""
    try:
        found = subject.read(subject_id)
    except NotFound:  # the elder was erased: there is nobody to tell any more
        return
    if alert.died(subject_id):
        return
    person, moment = subject.person_of(found), clock.civil(news.at)
    values = {"unit": unit.names([news.unit]).get(news.unit, news.unit), "day": moment.date().isoformat()}
    values |= {"time": moment.strftime("%H:%M")}
    told = [(one, news.kind) for one in account.of_person(person)]
    told += [] if news.private else [(one, f"{news.kind}_family") for one in tell_family.relatives(person)]
    for one, kind in told:
        notice.tell(one, kind, key=f"{news.id}:{kind}", values=values)
