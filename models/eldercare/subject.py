"""A health subject (健康档案主体): the random id under which a person's measurements lie, and the units that care.

Measurements stay in the clear under this id; which person it is stands here only,
sealed, and is found by a blind index.
`units` are those that care for the elder and so may look: {unit, as, since}. `latest` is when something was last
written, by which work lists are read. What the elder hid stands in `hidden`.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Blind, Holding, Sealed
from backend.store import documents
from models.identity import person as persons

COLLECTION = "health_subjects"
PERSON = "health_subjects.person"
MOST_UNITS = 12
CARES_AS = {"village_clinic": "村卫生室", "care_home": "养老机构", "care_station": "居家养老服务站", "hospital": "医院"}
ID_BYTES = 12
FIRST = 1
outbox.carried_by(COLLECTION)


class HealthSubject(Document):
    """`area` is the division code of where the elder lives; `birth_year` and `sex` choose rules (65+, waist)."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person_key"], "unique": True},
            {"fields": ["units.unit", "-latest", "-_id"]},
            {"fields": ["area", "birth_year", "_id"]},
            outbox.INDEX,
        ],
    }
    person = BinaryField(required=True)
    person_key = ListField(BinaryField(), required=True)
    units = ListField(DictField())
    area = StringField()
    birth_year = IntField()
    sex = StringField()
    latest = DateTimeField(required=True)
    hidden = ListField(DictField())
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)
    seq = IntField(required=True)
    outbox = ListField(DictField())


def of_persons(person_ids: Iterable[ObjectId]) -> list[ObjectId]:
    """Return the ids of the subjects that these persons are, for the copy of one's own data and for erasure."""
    keys = [key for one in person_ids for key in _keys(one)]
    found = HealthSubject._get_collection().find({"person_key": {"$in": keys}}, {"_id": 1}) if keys else ()
    return [one["_id"] for one in found]


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 主体和照护单位",
        linked=("_id", of_persons),
        sealed=(Sealed("person", secret=True),),
        blind=(Blind("person_key", PERSON, source="person"),),
        traces=("area", "birth_year", "sex", "units", "hidden"),
        level="verified",
        at_deletion="delete",
    )
)


def _keys(person_id: ObjectId) -> list[bytes]:
    return runtime.current().sealer.blinds(PERSON, str(person_id))


def of_person(
    person_id: ObjectId | None, shown: Mapping[str, Any] | None = None, *, session: ClientSession | None = None
) -> dict[str, Any] | None:
    """Return the subject that a person is, None where nobody enrolled them."""
    if person_id is None:
        return None
    return HealthSubject._get_collection().find_one({"person_key": {"$in": _keys(person_id)}}, shown, session=session)


def by_person(person_ids: Iterable[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return the subjects that these persons are, by person."""
    whose = {key: one for one in person_ids for key in _keys(one)}
    found = HealthSubject._get_collection().find({"person_key": {"$in": list(whose)}}) if whose else ()
    return {whose[key]: one for one in found for key in one["person_key"] if key in whose}


def enrol(person_id: ObjectId, *, by: str, area: str = "", session: ClientSession | None = None) -> dict[str, Any]:
    """Return the subject of a person, made where there was none; making it twice at once makes one.

    Raises:
        NotFound: no such person.
    """
    known, now = persons.read(person_id, session), clock.now()
    if found := of_person(person_id, session=session):
        return found
    subject_id = ObjectId(os.urandom(ID_BYTES))
    made = {
        "_id": subject_id,
        "person": runtime.current().sealer.seal(PERSON, subject_id, str(person_id)),
        "person_key": _keys(person_id),
        "units": [],
        "area": area,
        "latest": now,
        "hidden": [],
        "created_at": now,
        "created_by": by,
        "seq": FIRST,
    }
    made |= {"birth_year": known.birth.year} if known.birth else {}
    made |= {"sex": known.sex} if known.sex else {}
    try:
        HealthSubject._get_collection().insert_one(made, session=session)
    except DuplicateKeyError:
        if session is not None:
            raise
        found = of_person(person_id)
        assert found is not None
        return found
    return made


def person_of(subject: Mapping[str, Any]) -> ObjectId:
    """Return which person a subject is."""
    return ObjectId(runtime.current().sealer.open(PERSON, subject["_id"], subject["person"]))


def read(subject_id: ObjectId, shown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a subject.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthSubject, {"_id": subject_id}, shown)


def reached(units: set[str] | None) -> dict[str, Any]:
    """Return the query of the subjects whom some of these units care for, of all for None."""
    return {} if units is None else {"units.unit": {"$in": sorted(units)}}


def in_reach(subject_id: ObjectId, units: set[str] | None) -> dict[str, Any]:
    """Return a subject whom some of these units care for.

    Raises:
        NotFound: there is none, or other units care for it.
    """
    found = read(subject_id)
    if units is not None and not {one["unit"] for one in found["units"]} & units:
        raise NotFound
    return found


def touched(subject_id: ObjectId, at: datetime, session: ClientSession | None = None) -> None:
    """Note that something was written, so that lists show this subject first; an earlier time changes nothing."""
    HealthSubject._get_collection().update_one({"_id": subject_id}, {"$max": {"latest": at}}, session=session)
