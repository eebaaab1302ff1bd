"""Enrolling an elder: staff see the document, and the elder has a health record that their unit cares for.

Enrolling is how a unit comes to look, so it asks for the document and the name together, and is in the audit. Where
another unit enrolled the elder before, the unit is added to the same record.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import outbox
from backend.errors import Conflict, NotFound, Unprocessable
from backend.identity_documents import IdentityDocument
from backend.store import transactions
from models.audit import entry
from models.eldercare import escalate, place, subject, tell_care
from models.eldercare.place import Place
from models.identity import person
from models.identity.actors import Staff

ATTEMPTS = 3


class PersonDiffers(Conflict):
    """409: the document is known under another name."""

    code = "health_person_differs"
    zh = "证件号码与姓名不一致,请核对证件原件;证件无误的,请本人先到政务服务窗口更正登记。"
    en = "The document is known under another name. Check it, or let the person correct the entry at a counter."


class NoElder(Unprocessable):
    """422: a child has no record of this kind."""

    code = "health_no_elder"
    zh = "未满 14 周岁的儿童不在老年健康档案范围内,请核对证件。"
    en = "A child has no elder's health record. Check the document."


@dataclass(frozen=True)
class Seen:
    """What the staff read from the document that the elder showed; `kind` is which paper it was."""

    document: IdentityDocument
    name: str
    kind: str


def enrol(actor: Staff, seen: Seen, told: Place) -> dict[str, Any]:
    """Return the subject of an elder whom this unit cares for from now on; the same again changes nothing.

    Raises:
        PersonDiffers: the document is known under another name.
        NoElder: it is a child's.
        UnitsFull: as many units care for them as a record holds.
    """
    for attempt in range(ATTEMPTS):
        try:
            subject_id = transactions.run(lambda session: put(actor, seen, told, session))
        except DuplicateKeyError:  # another call enrolled the same person a moment ago; now it is found
            if attempt == ATTEMPTS - 1:
                raise
        else:
            outbox.wake(tell_care.QUEUE)
            escalate.follow_units(subject_id)
            return subject.read(subject_id)
    raise AssertionError


def put(actor: Staff, seen: Seen, told: Place, session: ClientSession) -> ObjectId:
    """Enrol within a transaction, and return the id of the subject; after it live alerts follow its units.

    Raises:
        PersonDiffers, NoElder, UnitsFull: as `enrol` says.
        DuplicateKeyError: another call enrols them at this moment; it ends the transaction.
    """
    actor.require(place.OPERATION)
    person_id = person.find_or_declare(seen.document, seen.name, session)
    known = person.read(person_id, session)
    if not person.same_name(known.name, seen.name):
        raise PersonDiffers
    if known.is_child:
        raise NoElder
    found = subject.enrol(person_id, by=actor.key, area=told.area, session=session)
    if found["seq"] == subject.FIRST:  # made just now: its first unit is placed in this same transaction
        about = f"health_subject:{found['_id']}"
        entry.write(entry.line(actor.key, "health.enrol", about, unit=actor.unit, seen=seen.kind), session)
    place.put(actor, found["_id"], told, session)
    return ObjectId(found["_id"])


def find(actor: Staff, document: IdentityDocument, name: str) -> dict[str, Any]:
    """Return the elder with this document, where a unit of the actor's cares for them.

    Raises:
        NotAllowed: no role of theirs reads health records.
        NotFound: no such elder in reach, or another name.
    """
    actor.require("health.read")
    found = person.find(document)
    if found is None or not person.same_name(person.opened(found).name, name):
        raise NotFound
    told = subject.of_person(found["_id"])
    if told is None:
        raise NotFound
    return subject.in_reach(told["_id"], actor.units_for("health.read"))
