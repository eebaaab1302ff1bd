"""A capture job: what became of one document, with errors by event.

    running ──► done      success tells whether every event was stored

Small documents are done when they are answered; large ones lie in the job until the queue carries them out. Events of
`rollback` and the job's end are one transaction. Of `proceed` each event is stored by itself: a job that is carried
out again after a kill finds those of the first time by their eventIDs, which count on from the job's id.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import paging, transactions
from models.audit import entry
from models.epcis import capture, envelope
from models.epcis.capture import Checked
from models.epcis.errors import EventsRefused, Refusal
from models.epcis.readers import Reader
from models.identity.actors import Staff

Behaviour = Literal["rollback", "proceed"]
BEHAVIOURS: tuple[Behaviour, ...] = ("rollback", "proceed")
AT_ONCE = 200
KEPT = timedelta(days=90)
MOST_ERRORS = 500
COLLECTION = "epcis_capture_jobs"

outbox.carried_by(COLLECTION)


class CaptureJob(Document):
    """`body` is the document, as long as it waits; `errors` hold index, event_id and reasons."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            outbox.INDEX,
            ["party", "-created_at", "-_id"],
            {"fields": ["created_at"], "expireAfterSeconds": int(KEPT.total_seconds())},
        ],
    }
    id = StringField(primary_key=True)
    party = StringField(required=True)
    behaviour = StringField(choices=BEHAVIOURS, required=True)
    state = StringField(choices=("running", "done"), required=True)
    success = BooleanField(required=True)
    number = IntField(required=True)
    stored = IntField(required=True)
    errors = ListField(DictField())
    created_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    body = BinaryField()
    outbox = ListField(DictField())


def accept(
    document: Any, body: bytes, party: str, behaviour: Behaviour = "rollback", *, by: Staff | None = None
) -> dict[str, Any]:
    """Take in a document; return its job. What the staff capture is noted in the audit log.

    Raises:
        DocumentWrong, TooManyEvents: it is no document that a capture takes.
    """
    told = envelope.read(document)
    job: dict[str, Any] = {
        "_id": capture.new_id().hex,
        "party": party,
        "behaviour": behaviour,
        "state": "running",
        "success": True,
        "number": len(told.events),
        "stored": 0,
        "errors": [],
        "created_at": clock.now(),
    }
    if by is not None:
        entry.write(entry.line(by.key, "epcis.capture", f"epcis_job:{job['_id']}", unit=by.unit, events=job["number"]))
    if len(told.events) > AT_ONCE:
        waiting = {**job, "body": body, "outbox": [outbox.entry("reports", "epcis.capture", job_id=job["_id"])]}
        CaptureJob._get_collection().insert_one(waiting)
        outbox.wake("reports")
        return job
    return _carry_out(job, capture.check(told.events, party, told.prefixes, UUID(job["_id"])))


def carry_out(job_id: str) -> None:
    """Do a job that waits; one that is done stays as it is."""
    job = CaptureJob._get_collection().find_one({"_id": job_id, "state": "running"})
    if job is not None:
        told = envelope.read(orjson.loads(job["body"]))
        named = capture.named(told.events, UUID(job_id))
        _carry_out(job, capture.check(named, job["party"], told.prefixes))


def _carry_out(job: dict[str, Any], checked: Checked) -> dict[str, Any]:
    if job["behaviour"] == "proceed":
        capture.store_good(checked)
        done = _done(job, checked, stored=len(checked.ids) - len(checked.reasons))
        _keep(done, None)
        return done
    if checked.reasons:
        done = _done(job, checked)
        _keep(done, None)
        return done
    return _all_or_none(job, checked)


def _all_or_none(job: dict[str, Any], checked: Checked) -> dict[str, Any]:
    done = _done(job, checked, stored=len(checked.ids))

    def change(session: ClientSession) -> None:
        capture.store_all(checked, session)
        _keep(done, session)

    for left in reversed(range(3)):
        try:
            transactions.run(change)
        except EventsRefused as refused:
            checked.reasons |= {one.index: one.reasons for one in refused.refusals}
            done = _done(job, checked)
            _keep(done, None)
            return done
        except BulkWriteError:  # another capture of the same events was quicker
            if not left:
                raise
        else:
            break
    return done


def _done(job: Mapping[str, Any], checked: Checked, stored: int = 0) -> dict[str, Any]:
    errors = [_error(one) for one in checked.refusals()[:MOST_ERRORS]]
    kept = {name: told for name, told in job.items() if name not in {"body", "outbox"}}
    return {
        **kept,
        "state": "done",
        "success": not checked.reasons,
        "stored": stored,
        "errors": errors,
        "finished_at": clock.now(),
    }


def _error(one: Refusal) -> dict[str, Any]:
    return {"index": one.index, "event_id": one.event_id, "reasons": [vars(reason) for reason in one.reasons]}


def _keep(done: dict[str, Any], session: ClientSession | None) -> None:
    """Write a job's end; of one that waited the entry stays in the outbox until its function has returned."""
    told = {name: part for name, part in done.items() if name != "_id"}
    change = {"$set": told, "$unset": {"body": ""}}
    CaptureJob._get_collection().update_one({"_id": done["_id"]}, change, upsert=True, session=session)


def read(job_id: str, reader: Reader) -> dict[str, Any]:
    """Return a job of the reader's own party; who reads all reads any.

    Raises:
        NotFound: there is none.
    """
    found = CaptureJob._get_collection().find_one({"_id": job_id}, {"body": 0, "outbox": 0})
    if found is None or not (reader.all or found["party"] == reader.party):
        raise NotFound
    return found


def listed(reader: Reader, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return the jobs of a party, newest first, and the next page's cursor."""
    without = {"body": 0, "outbox": 0, "errors": 0}
    query = {"party": reader.party}
    sort = ("created_at", -1)
    return paging.page(CaptureJob._get_collection(), query, sort=sort, cursor=cursor, limit=limit, projection=without)
