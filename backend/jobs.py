"""Long jobs: a document with progress, worked on in steps by the outbox, so that a kill resumes where it stood."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import documents, read_once

COLLECTION = "jobs"
outbox.carried_by(COLLECTION)
SECONDS = 10.0
"""How long a worker goes on before others have their turn, far within the lease of an entry."""


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
    return documents.one(Job, {"_id": job_id}, {"outbox": 0})


def work(
    job_id: ObjectId,
    batch: Callable[[str | None], list[str]],
    step: Callable[[str], str | None],
    last: Callable[[], None] | None = None,
    *,
    ahead: Callable[[Sequence[str]], None] | None = None,
    at_a_time: int = 1,
    counts: Callable[[str], bool] = lambda _item: True,
    named: Callable[[str], str] = str,
) -> None:
    """Work through a job for some seconds.

    `batch(position)` names the next items, `step(item)` does one and may return a failure. Items are done `at_a_time`;
    `ahead` looks at them together before the steps. The position moves after these, so a step may run twice after a
    kill and must be safe to repeat. So must `last`, which runs when no item is left: the job says that it is done only
    after it. `counts` tells which items are of the job's total; those looked at once more are not. `named` gives what a
    failure calls an item. What offices set is read once in this time (`read_once`).

    Raises:
        outbox.Later: time is over and more may follow.
    """
    deadline, position = time.monotonic() + SECONDS, read(job_id).get("position")
    with read_once.span():
        while items := batch(position):
            for first in range(0, len(items), at_a_time):
                some = items[first : first + at_a_time]
                if ahead:
                    ahead(some)
                _do(job_id, some, step, counts, named)
                if time.monotonic() > deadline:
                    raise outbox.Later(0)
            position = items[-1]
        if last:
            last()
    end(job_id)


def _do(
    job_id: ObjectId,
    items: Sequence[str],
    step: Callable[[str], str | None],
    counts: Callable[[str], bool],
    named: Callable[[str], str],
) -> None:
    """Do some items and note those that are done, also where one of them breaks off."""
    done, failures = list[str](), list[dict[str, Any]]()
    try:
        for item in items:
            if failure := step(item):
                failures.append({"item": named(item), "reason": failure})
            done.append(item)
    finally:
        if done:
            change: dict[str, Any] = {"$set": {"position": done[-1]}, "$inc": {"done": sum(map(counts, done))}}
            if failures:
                change["$push"] = {"failures": {"$each": failures, "$slice": -200}}
            Job._get_collection().update_one({"_id": job_id}, change)


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
