"""The service counter: persons are registered by the document that a clerk sees, and served while they stand there.

A counter session is the clerk's word that the person is present. Acts in the person's name demand one; it ends by
itself after a quarter of an hour. Nothing is scanned or copied: only which kind of document was seen is kept.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bson import ObjectId
from mongoengine import DateTimeField, Document, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict, NotFound
from backend.identity_documents import IdentityDocument
from backend.store import transactions
from models.audit import entry
from models.identity import person, relation, staff
from models.identity.actors import Staff
from models.identity.companion import GuardianNeeded

LASTS = timedelta(minutes=15)
HEADER = "Counter-Session"
SEEN_ZH = {
    "identity_card": "居民身份证",
    "temporary_identity_card": "临时居民身份证",
    "household_register": "户口簿",
    "birth_certificate": "出生医学证明",
    "passport": "护照",
    "travel_permit": "来往内地(大陆)通行证",
    "residence_card": "外国人永久居留身份证",
    "social_security_card": "社会保障卡",
}
"""What a clerk may have seen of a person."""


class CounterSession(Document):
    """One person at one clerk's counter. The audit keeps that it was; this record goes after a month."""

    meta = {
        "collection": "counter_sessions",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person"]},
            {"fields": ["until"], "expireAfterSeconds": 30 * 24 * 3600},
        ],
    }
    clerk = ObjectIdField(required=True)
    unit = StringField()
    person = ObjectIdField(required=True)
    seen = StringField(choices=tuple(SEEN_ZH), required=True)
    since = DateTimeField(required=True)
    until = DateTimeField(required=True)
    ended_at = DateTimeField()


personal_data.declare(
    personal_data.Holding("counter_sessions", zh="窗口接待记录", persons=("person",), staff=("clerk",))
)


@dataclass(frozen=True)
class Serving:
    """Who stands at the counter; `for_person_id` is whom they act for, by `relation_id`, or they themselves."""

    id: ObjectId
    person_id: ObjectId
    seen: str
    until: datetime
    for_person_id: ObjectId
    relation_id: ObjectId | None = None


class CounterSessionOver(Conflict):
    """409: nobody stands at this clerk's counter by this session."""

    code = "counter_session_over"
    zh = "接待已结束或已超过 15 分钟,请重新核验办事人证件并开始接待。"
    en = "This counter session is over. See the person's document again and begin a new one."


class NotStandingHere(Conflict):
    """409: the person at the counter is another one, and may not do this for them."""

    code = "person_not_at_counter"
    zh = "在场的办事人不是本人,也没有有效的监护或代办关系,不能办理。"
    en = "The person at the counter is not the one concerned, and no relation lets them act for them."


def register(actor: Staff, document: IdentityDocument, name: str, *, birth: date | None, seen: str) -> ObjectId:
    """Register a person whose document the clerk has seen; the document's word replaces what was declared before.

    A person who was declared by somebody's phone is the same person: phones are not touched. Repeating it is harmless.
    """
    actor.require("person.register")
    person_id = person.find_or_declare(document, name)
    known = person.read(person_id)
    profile = person.seen_profile(known, document, name, birth)
    line = entry.line(
        actor.key,
        "person.register",
        f"person:{person_id}",
        unit=actor.unit,
        seen=seen,
        was=known.level,
        name_corrected=not person.same_name(known.name, name),
    )
    verification = {"method": "counter", "seen": seen, "by": actor.key, "at": line["at"]}

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        person.verify(person_id, profile, verification, session)
        entry.write(line, session)

    transactions.run(change)
    return person_id


def serve(actor: Staff, person_id: ObjectId, *, seen: str) -> Serving:
    """Note that a person stands at the clerk's counter and has shown a document.

    Raises:
        NotFound: no such person.
        GuardianNeeded: a child is served through their guardian.
    """
    actor.require("person.serve")
    if person.read(person_id).is_child:
        raise GuardianNeeded
    line = entry.line(actor.key, "person.serve", f"person:{person_id}", unit=actor.unit, seen=seen)
    record = {
        "_id": ObjectId(),
        "clerk": actor.staff_id,
        "unit": actor.unit,
        "person": person_id,
        "seen": seen,
        "since": line["at"],
        "until": line["at"] + LASTS,
    }

    def change(session: ClientSession) -> None:
        CounterSession._get_collection().insert_one(record, session=session)
        entry.write(line | {"details": line["details"] | {"counter_session": str(record["_id"])}}, session)

    transactions.run(change)
    return Serving(record["_id"], person_id, seen, record["until"], person_id)


def require(actor: Staff, session_id: str, for_person: ObjectId | None = None, *, scope: str = "affairs") -> Serving:
    """Return who stands at this clerk's counter, for themselves or for whom a relation lets them do `scope`.

    Raises:
        CounterSessionOver: nobody does by this session.
        NotStandingHere: it is somebody else, without a relation.
    """
    query = {
        "_id": ObjectId(session_id) if ObjectId.is_valid(session_id) else None,
        "clerk": actor.staff_id,
        "until": {"$gt": clock.now()},
        "ended_at": None,
    }
    found = CounterSession._get_collection().find_one(query)
    if found is None:
        raise CounterSessionOver
    present, about = found["person"], for_person or found["person"]
    by = None if about == present else relation.between(about, present, scope)
    if about != present and by is None:
        raise NotStandingHere
    return Serving(found["_id"], present, found["seen"], found["until"], about, by["_id"] if by else None)


def end(actor: Staff, session_id: ObjectId) -> None:
    """End the serving; repeating it changes nothing.

    Raises:
        NotFound: no such session of this clerk.
    """
    query = {"_id": session_id, "clerk": actor.staff_id}
    change = {"$min": {"ended_at": clock.now()}}
    if not CounterSession._get_collection().update_one(query, change).matched_count:
        raise NotFound
