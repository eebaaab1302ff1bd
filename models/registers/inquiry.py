"""An inquiry: what one source was asked about one subject, when it answered, and who is asking at this moment.

One document a source and subject. The lease lets one process ask at a time; `turn` fences one that was slow, and makes
two answers that are stored at the same moment collide. A killed process holds up the next one for `LEASE` at most.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from models.registers.catalogue import EVERY_SOURCE, asked_about
from models.registers.subject import Subject

COLLECTION = "register_inquiries"
LEASE = timedelta(seconds=30)
OUTCOMES = ("found", "no_record", "not_matched")
_DUPLICATE = 11000
outbox.carried_by(COLLECTION)


class Inquiry(Document):
    """The id reads source and subject. `outcome` is that of the last answer, `failed_at` newer than it when stale.

    `taking` names the last call that took the turns of several at once.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["person"], "sparse": True}, {"fields": ["organisation"], "sparse": True}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    source = StringField(required=True)
    person = ObjectIdField()
    organisation = StringField()
    turn = IntField()
    taking = ObjectIdField()
    lease_until = DateTimeField()
    asked_at = DateTimeField()
    answered_at = DateTimeField()
    fresh_until = DateTimeField()
    outcome = StringField(choices=OUTCOMES)
    failed_at = DateTimeField()
    reason = StringField()
    outbox = ListField()


personal_data.declare(
    Holding(COLLECTION, zh="向登记部门查询的记录", persons=("person",), traces=("outcome",), at_deletion="delete")
)


class Overtaken(Conflict):
    """409: another process asked meanwhile, and its answer counts."""

    code = "inquiry_overtaken"


@dataclass(frozen=True)
class Turn:
    """The right to ask one source about a person, once; the number fences one that was slow."""

    source: str
    person: ObjectId
    number: int


def inquiry_id(source: str, subject: Subject) -> str:
    """Return the id of an inquiry."""
    return f"{source}:{subject.key}"


def of(subject: Subject) -> dict[str, dict[str, Any]]:
    """Return the inquiries about a subject by source."""
    ids = [inquiry_id(source, subject) for source in asked_about(subject)]
    return {one["source"]: one for one in Inquiry._get_collection().find({"_id": {"$in": ids}})}


def several(pairs: Iterable[tuple[str, ObjectId]]) -> dict[tuple[str, ObjectId], dict[str, Any]]:
    """Return the inquiries of sources about persons."""
    ids = {_id_of(*one): one for one in pairs}
    found = Inquiry._get_collection().find({"_id": {"$in": list(ids)}}, {"outbox": 0}) if ids else ()
    return {ids[one["_id"]]: one for one in found}


def _id_of(source: str, person: ObjectId) -> str:
    return inquiry_id(source, Subject(person=person))


def read(text: str) -> dict[str, Any] | None:
    """Return an inquiry by its id, None when it was deleted with its person."""
    return Inquiry._get_collection().find_one({"_id": text})


def is_fresh(inquiry: dict[str, Any] | None, now: datetime) -> bool:
    """Tell whether the last answer still counts without asking again."""
    return bool(inquiry and inquiry.get("fresh_until") and inquiry["fresh_until"] > now)


def asking(inquiry: dict[str, Any], now: datetime) -> bool:
    """Tell whether somebody asks at this moment, or a worker is going to."""
    queued = any("due" in entry for entry in inquiry.get("outbox", []))
    return queued or bool(inquiry.get("lease_until") and inquiry["lease_until"] > now)


def take(source: str, subject: Subject) -> int | None:
    """Take the turn to ask; None while somebody else is asking."""
    guard, change = _taking(source, subject, clock.now())
    try:
        taken = Inquiry._get_collection().find_one_and_update(
            guard,
            change,
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:
        return None
    return int(taken["turn"])


def _taking(source: str, subject: Subject, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return when the turn is free, and what takes it."""
    free = [{"lease_until": {"$exists": False}}, {"lease_until": {"$lte": now}}]
    change = {
        "$set": {"lease_until": now + LEASE, "asked_at": now},
        "$inc": {"turn": 1},
        "$setOnInsert": {"source": source, **subject.where},
    }
    return {"_id": inquiry_id(source, subject), "$or": free}, change


def take_several(pairs: Sequence[tuple[str, ObjectId]]) -> list[Turn]:
    """Take the turns to ask that are free, in one write, and return them."""
    if not pairs:
        return []
    now, taking, inquiries = clock.now(), ObjectId(), Inquiry._get_collection()
    writes = []
    for source, person in pairs:
        guard, change = _taking(source, Subject(person=person), now)
        change["$set"]["taking"] = taking
        writes.append(UpdateOne(guard, change, upsert=True))
    try:
        inquiries.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):  # a duplicate is one not free
            raise
    ids = {_id_of(*one): one for one in pairs}
    taken = inquiries.find({"_id": {"$in": list(ids)}, "taking": taking}, {"turn": 1})
    return [Turn(*ids[one["_id"]], one["turn"]) for one in taken]


def give_back(turn: Turn) -> None:
    """Give a turn back that nobody used."""
    mine = {"_id": _id_of(turn.source, turn.person), "turn": turn.number}
    Inquiry._get_collection().update_one(mine, {"$unset": {"lease_until": ""}})


def answered(
    source: str, subject: Subject, turn: int, outcome: str, *, at: datetime, session: ClientSession | None = None
) -> None:
    """Note an answer and give the turn back, in the transaction that stores the facts.

    Raises:
        Overtaken: the lease ran out and another process took the turn.
    """
    guard, change = _ending(source, subject, turn, outcome, at)
    if not Inquiry._get_collection().update_one(guard, change, session=session).matched_count:
        raise Overtaken


def _ending(
    source: str, subject: Subject, turn: int, outcome: str, at: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return whose turn it must still be, and what ends it."""
    told: dict[str, Any] = {"answered_at": at, "outcome": outcome}
    if outcome != "not_matched":  # of which nothing was stored
        told["fresh_until"] = at + EVERY_SOURCE[source].fresh
    change = {"$set": told, "$unset": {"lease_until": "", "failed_at": "", "reason": ""}}
    return {"_id": inquiry_id(source, subject), "turn": turn}, change


def answered_several(told: Sequence[tuple[Turn, str]], *, at: datetime, session: ClientSession) -> None:
    """Note some answers and give their turns back, in the transaction that stores the facts: all of them or none.

    Raises:
        Overtaken: a lease ran out and another process took the turn.
    """
    ends = [_ending(one.source, Subject(person=one.person), one.number, outcome, at) for one, outcome in told]
    writes = [UpdateOne(guard, change) for guard, change in ends]
    if Inquiry._get_collection().bulk_write(writes, session=session).matched_count < len(writes):
        raise Overtaken


def failed(source: str, subject: Subject, turn: int, reason: str) -> None:
    """Note a failure and give the turn back; what was known stays as it is."""
    change = {"$set": {"failed_at": clock.now(), "reason": reason}, "$unset": {"lease_until": ""}}
    Inquiry._get_collection().update_one({"_id": inquiry_id(source, subject), "turn": turn}, change)


def queue(source: str, subject: Subject) -> None:
    """Have a worker ask; where one is to ask already, nothing is added. What was given up gives way."""
    record = inquiry_id(source, subject)
    change = {
        "$set": {"outbox": [outbox.entry("affairs", "registers.ask", inquiry=record)]},
        "$setOnInsert": {"source": source, **subject.where},
    }
    try:
        Inquiry._get_collection().update_one({"_id": record, "outbox.due": {"$exists": False}}, change, upsert=True)
    except DuplicateKeyError:
        return
    outbox.wake("affairs")
