"""Which units care for an elder: a unit is added and ended by staff who answer for it; each change is in the audit.

A unit that cares may look. That is why adding one is an act with its own operation, and is told to the elder and the
relatives.
Where the elder lives is told by the village clinic that cares for them.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import escalate, subject, tell_care
from models.eldercare.subject import HealthSubject
from models.identity import unit as units
from models.identity.actors import Staff
from models.identity.unit import UnitUnknown

OPERATION = "health.enrol"
LIVES_NEAR = "village_clinic"


class UnitsFull(Conflict):
    """409: as many units care for the elder as one record holds."""

    code = "health_units_full"
    zh = "照护单位已达上限,请先结束不再服务的单位后再添加。"
    en = "This elder has as many caring units as a record holds. End one of them first."


@dataclass(frozen=True)
class Place:
    """A unit that cares, and as what; `area` is the division code of where it lies."""

    unit: str
    cares_as: str
    area: str = ""


def wanted(actor: Staff, code: str, cares_as: str) -> Place:
    """Return a unit as a place, where the actor answers for it; an empty code is the actor's own unit.

    Raises:
        NotAllowed: no role of theirs places elders.
        UnitUnknown: no such unit, it is closed, or it is not theirs.
    """
    actor.require(OPERATION)
    chosen, reached = code or actor.unit, actor.units_for(OPERATION)
    try:
        found = units.read(chosen)
    except NotFound:
        raise UnitUnknown("unit", chosen) from None
    if found["state"] != "active" or (reached is not None and chosen not in reached):
        raise UnitUnknown("unit", chosen)
    return Place(chosen, cares_as, found.get("area") or "")


def put(actor: Staff, subject_id: ObjectId, told: Place, session: ClientSession) -> None:
    """Add a unit within a transaction; one that cares already stays as it is. The elder and the relatives hear of it.

    The caller wakes the queue after the transaction.

    Raises:
        UnitsFull: there is no room for another one.
    """
    now = clock.now()
    guard = {
        "_id": subject_id,
        "units.unit": {"$ne": told.unit},
        f"units.{subject.MOST_UNITS - 1}": {"$exists": False},
    }
    change: dict[str, Any] = {
        "$push": {
            "units": {"unit": told.unit, "as": told.cares_as, "since": now},
            "outbox": {"$each": tell_care.following(subject_id, "health_unit_added", told.unit)},
        },
        "$inc": {"seq": 1},
    }
    if told.area and told.cares_as == LIVES_NEAR:
        change["$set"] = {"area": told.area}
    collection = HealthSubject._get_collection()
    if collection.update_one(guard, change, session=session).modified_count:
        about = f"health_subject:{subject_id}"
        line = entry.line(actor.key, "health.place", about, unit=actor.unit, to=told.unit, cares_as=told.cares_as)
        entry.write(line, session)
    elif collection.find_one({"_id": subject_id, "units.unit": told.unit}, {"_id": 1}, session=session) is None:
        raise UnitsFull


def add(actor: Staff, subject_id: ObjectId, told: Place) -> dict[str, Any]:
    """Let one more unit care for an elder within the actor's reach; the same again changes nothing. Return the subject.

    Raises:
        NotFound: no such elder in reach.
        UnitsFull: there is no room for another one.
    """
    subject.in_reach(subject_id, actor.units_for(OPERATION))
    transactions.run(lambda session: put(actor, subject_id, told, session))
    outbox.wake(tell_care.QUEUE)
    escalate.follow_units(subject_id)
    return subject.read(subject_id)


def end(actor: Staff, subject_id: ObjectId, code: str) -> dict[str, Any]:
    """End the care of a unit that the actor answers for; the same again changes nothing. Return the subject.

    Raises:
        NotAllowed: no role of theirs places elders.
        NotFound: no such elder in reach, or the unit does not care for them.
    """
    actor.require(OPERATION)
    reached = actor.units_for(OPERATION)
    found = subject.in_reach(subject_id, reached)
    if (reached is not None and code not in reached) or code not in {one["unit"] for one in found["units"]}:
        raise NotFound
    line = entry.line(actor.key, "health.unplace", f"health_subject:{subject_id}", unit=actor.unit, ended=code)
    change = {"$pull": {"units": {"unit": code}}, "$inc": {"seq": 1}}

    def write(session: ClientSession) -> dict[str, Any]:
        guard = {"_id": subject_id, "units.unit": code}
        if HealthSubject._get_collection().update_one(guard, change, session=session).modified_count:
            entry.write(line, session)
        return documents.one(HealthSubject, {"_id": subject_id}, session=session)

    ended = transactions.run(write)
    escalate.follow_units(subject_id)
    return ended
