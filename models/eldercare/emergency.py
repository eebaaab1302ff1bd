"""An emergency: who is beside an elder of another unit breaks the glass, and reads everything for an hour.

It is the broken glass of the house: with a reason, an alarm, and a review within three working days.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from backend.identity_documents import IdentityDocument
from models.eldercare import item_views, subject
from models.identity import break_glass, person
from models.identity.actors import Staff


@dataclass(frozen=True)
class Why:
    """What happened: a word of `break_glass.EMERGENCIES`, and the reason in words."""

    emergency: str
    reason: str


def open_elder(actor: Staff, subject_id: ObjectId, why: Why) -> dict[str, Any]:
    """Break the glass for an elder whose record is known by its id, and say until when it is open.

    Raises:
        NotAllowed: no role of theirs may.
        NotFound: no such elder.
    """
    actor.require("break_glass.open")
    person_id = subject.person_of(subject.read(subject_id))
    made = break_glass.open_person(actor, person_id, emergency=why.emergency, reason=why.reason)
    return {"elder_id": str(subject_id), "glass_id": str(made["_id"]), "until": item_views.wire(made["until"])}


def open_found(actor: Staff, document: IdentityDocument, name: str, why: Why) -> dict[str, Any]:
    """Break the glass for an elder by the document that they carry, and say until when it is open.

    Raises:
        NotAllowed: no role of theirs may.
        NotFound: nobody with this document and name has a health record.
    """
    actor.require("break_glass.open")
    found = person.find(document)
    if found is None or not person.same_name(person.opened(found).name, name):
        raise NotFound
    known = subject.of_person(found["_id"], {"_id": 1})
    if known is None:
        raise NotFound
    return open_elder(actor, known["_id"], why)
