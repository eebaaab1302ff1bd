"""An inquiry: what one source was asked about one subject, when it answered, and who is asking at this moment.

One document a source and subject. The lease lets one process ask at a time; `turn` fences one that was slow, and makes
two answers that are stored at the same moment collide. A killed process holds up the next one for `LEASE` at most.
"""

from datetime import datetime, timedelta
from typing import Any

from mongoengine import DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from models.registers.source import SOURCES
from models.registers.subject import Subject

COLLECTION = "register_inquiries"
LEASE = timedelta(seconds=30)
OUTCOMES = ("found", "no_record", "not_matched")
outbox.carried_by(COLLECTION)


class Inquiry(Document):
    """The id reads source and subject. `outcome` is that of the last answer, `failed_at` newer than it when stale."""

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


def inquiry_id(source: str, subject: Subject) -> str:
    """Return the id of an inquiry."""
    return f"{source}:{subject.key}"


def of(subject: Subject) -> dict[str, dict[str, Any]]:
    """Return the inquiries about a subject by source."""
    ids = [inquiry_id(source, subject) for source in SOURCES]
    return {one["source"]: one for one in Inquiry._get_collection().find({"_id": {"$in": ids}})}


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
    now = clock.now()
    free = [{"lease_until": {"$exists": False}}, {"lease_until": {"$lte": now}}]
    change = {
        "$set": {"lease_until": now + LEASE, "asked_at": now},
        "$inc": {"turn": 1},
        "$setOnInsert": {"source": source, **subject.where},
    }
    try:
        taken = Inquiry._get_collection().find_one_and_update(
            {"_id": inquiry_id(source, subject), "$or": free},
            change,
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:
        return None
    return int(taken["turn"])


def answered(
    source: str, subject: Subject, turn: int, outcome: str, *, at: datetime, session: ClientSession | None = None
) -> None:
    """Note an answer and give the turn back, in the transaction that stores the facts.

    Raises:
        Overtaken: the lease ran out and another process took the turn.
    """
    told: dict[str, Any] = {"answered_at": at, "outcome": outcome}
    if outcome != "not_matched":  # of which nothing was stored
        told["fresh_until"] = at + SOURCES[source].fresh
    change = {"$set": told, "$unset": {"lease_until": "", "failed_at": "", "reason": ""}}
    mine = {"_id": inquiry_id(source, subject), "turn": turn}
    if not Inquiry._get_collection().update_one(mine, change, session=session).matched_count:
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
