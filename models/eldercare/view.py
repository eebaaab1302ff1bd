"""Who may look at an elder's health: the elder, the family by a relation, the staff of a unit that cares.

In an emergency who broke the glass for the person looks as well, at everything, for an hour. Anybody else gets the
answer of an elder who does not exist.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from models.eldercare import subject
from models.eldercare.reader import Reader
from models.identity import break_glass, purposes
from models.identity.actors import Resident, Staff

PURPOSE = "health_care"


class NotEnrolled(NotFound):
    """404: nobody keeps a health record for this person yet."""

    code = "health_not_enrolled"
    zh = "还没有建立健康档案,请联系村卫生室或社区医生建档。"
    en = "There is no health record yet. Ask the village clinic to make one."


def of_staff(actor: Staff, subject_id: ObjectId, operation: str = "health.read") -> Reader:
    """Return the reader that a member of the staff is of an elder whom one of their units cares for.

    Raises:
        NotAllowed: no role of theirs holds the operation.
        NotFound: no such elder in their reach.
    """
    actor.require(operation)
    return caring(actor, subject.in_reach(subject_id, actor.units_for(operation)), operation)


def caring(actor: Staff, found: Mapping[str, Any], operation: str) -> Reader:
    """Return the reader that a member of the staff is of a subject that is in their reach."""
    reached = actor.units_for(operation)
    cares = {one["unit"] for one in found["units"]}
    units = frozenset(cares if reached is None else cares & reached)
    return Reader(actor, found, "staff", purpose=PURPOSE, units=units)


def of_emergency(actor: Staff, subject_id: ObjectId) -> Reader:
    """Return the reader that a member of the staff is who has broken the glass for this elder.

    Raises:
        NotFound: no such elder, or the glass is whole or an hour has passed.
    """
    reader = _opened(actor, subject.read(subject_id))
    if reader is None:
        raise NotFound
    return reader


def _opened(actor: Staff, found: Mapping[str, Any]) -> Reader | None:
    glass = break_glass.person_open(actor, subject.person_of(found))
    if glass is None:
        return None
    return Reader(actor, found, "emergency", purpose=purposes.EMERGENCY, case=f"break_glass:{glass}")


def of_resident(resident: Resident) -> Reader:
    """Return the reader that a resident is of themselves, or of whom they act for.

    Raises:
        NotEnrolled: nobody keeps a record for this person.
    """
    found = subject.of_person(resident.subject_id)
    if found is None:
        raise NotEnrolled
    if resident.acting:
        return Reader(resident, found, "family", purpose=purposes.ACTING)
    return Reader(resident, found, "self")


def of_caller(actor: Staff | Resident, subject_id: ObjectId) -> Reader:
    """Return the reader that somebody is of this elder: by their unit, by a broken glass, or as `of_resident` says.

    Who cares and broke the glass reads by it what the elder hid from their unit.

    Raises:
        NotAllowed: no role of theirs reads health records.
        NotFound: no such elder in their reach.
    """
    if isinstance(actor, Resident):
        return _own(actor, subject_id)
    try:
        reader = of_staff(actor, subject_id)
    except NotFound:
        return of_emergency(actor, subject_id)
    if reader.hidden_words or reader.hidden_items:
        return _opened(actor, reader.subject) or reader
    return reader


def _own(resident: Resident, subject_id: ObjectId) -> Reader:
    """Return a resident as the reader of this elder; to who has no record it is as missing as anybody else's."""
    try:
        reader = of_resident(resident)
    except NotEnrolled:
        raise NotFound from None
    if reader.subject_id != subject_id:
        raise NotFound
    return reader
