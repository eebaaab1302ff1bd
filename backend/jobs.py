"""Long jobs: a document with progress, worked on in steps by the outbox, so that a kill resumes where it stood."""

from collections.abc import Callable
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import NotFound

COLLECTION = "jobs"
outbox.carried_by(COLLECTION)


class Job(Document):
    """`done` of `total` steps; `failures` names what needs a person, bounded."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["unit", "-_id"]}, outbox.INDEX],
    }
    task = StringField(required=True)
    args = DictField()
    unit = StringField()
    state = StringField(choices=("running", "done"), required=True)
    done = IntField(required=True)
    total = IntField(required=True)
    position = StringField()
    failures = ListField(DictField())
    started_by = StringField(required=True)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    outbox = ListField(DictField())


def start(
    task: str,
    *,
    args: dict[str, Any],
    total: int,
    started_by: str,
    unit: str = "",
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Store a job whose steps the registered function `task` works on; return it.

    Inside a transaction, who began it wakes the queue `reports` after it.
    """
    job_id = ObjectId()
    record = {
        "_id": job_id,
        "task": task,
        "args": args,
        "unit": unit,
        "state": "running",
        "done": 0,
        "total": total,
        "failures": [],
        "started_by": started_by,
        "started_at": clock.now(),
        "outbox": [outbox.entry("reports", task, job=str(job_id))],
    }
    Job._get_collection().insert_one(record, session=session)
    if session is None:
        outbox.wake("reports")
    return record


def read(job_id: ObjectId) -> dict[str, Any]:
    """Return a job.

    Raises:
        NotFound: no such job.
    """
    found = Job._get_collection().find_one({"_id": job_id}, {"outbox": 0})
    if found is None:
        raise NotFound
    return found


def work(
    job_id: ObjectId,
    batch: Callable[[str | None], list[str]],
    step: Callable[[str], str | None],
    last: Callable[[], None] | None = None,
    *,
    counts: Callable[[str], bool] = lambda _item: True,
    named: Callable[[str], str] = str,
) -> None:
    """Work through a job: `batch(position)` names the next items, `step(item)` does one and may return a failure.

    The position moves after each item, so a step may run twice after a kill and must be safe to repeat. So must
    `last`, which runs when no item is left: the job says that it is done only after it. `counts` tells which items
    are of the job's total; those looked at once more are not. `named` gives what a failure calls an item.

    Raises:
        outbox.Later: a batch is done and more may follow.
    """
    found = read(job_id)
    items = batch(found.get("position"))
    for item in items:
        failure = step(item)
        change: dict[str, Any] = {"$set": {"position": item}, "$inc": {"done": int(counts(item))}}
        if failure:
            change["$push"] = {"failures": {"$each": [{"item": named(item), "reason": failure}], "$slice": -200}}
        Job._get_collection().update_one({"_id": job_id}, change)
    if items:
        raise outbox.Later(0)
    if last:
        last()
    end(job_id)


def expect(job_id: ObjectId, total: int) -> None:
    """Say how many steps a job has, where that is only known once it runs; they are counted from here on."""
    Job._get_collection().update_one({"_id": job_id, "state": "running"}, {"$set": {"total": total, "done": 0}})


def end(job_id: ObjectId) -> None:
    """Let a job say that it is done; again changes nothing.

    Raises:
        NotFound: no such job.
    """
    found = read(job_id)
    # A step done just before a kill is in no later batch: it was not counted, but it is done.
    finished = {"$set": {"state": "done", "finished_at": clock.now()}, "$max": {"done": found["total"]}}
    Job._get_collection().update_one({"_id": job_id, "state": "running"}, finished)
