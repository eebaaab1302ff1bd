"""A run of a policy over all firms (免申即享): who is eligible, who lacks data, who is not eligible and why.

A job goes through the firms by credit code, a batch at a time. The findings and offers of a batch may be written twice;
then one guarded update adds the batch to the counts and moves the position, so that a kill anywhere counts nothing
twice. The conditions are kept as they were when the run began: trees and parameters once a run, each firm's facts with
its finding, sealed. Both together make a decision again, whatever became of the policy since.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, DictField, Document, LongField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, jobs, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.enterprise import firm, judge, policy
from models.identity import staff
from models.identity.actors import Staff
from models.rules import evaluate
from models.rules.evaluate import Bound

COLLECTION = "enterprise_runs"
STATES = {"running": "进行中", "done": "已完成"}
BATCH = 200
_OF_ONE = ("facts", "outcome", "missing", "values")
"""What the record of a decision says of one firm; the rest is the same for all."""


class PolicyRun(Document):
    """`rule` is the version with all that it reads, `head` what all decisions have in common, as JSON.

    `open` stands while the run is not done: a policy has one such at a time.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["policy", "-_id"]},
            {"fields": ["unit", "state", "-_id"]},
            {"fields": ["state", "-_id"]},
            {"fields": ["policy"], "unique": True, "partialFilterExpression": {"open": True}, "name": "one_open"},
        ],
    }
    policy = StringField(required=True)
    unit = StringField()
    day = StringField(required=True)
    rule = DictField(required=True)
    head = StringField(required=True)
    rule_set = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    open = BooleanField()
    job = ObjectIdField(required=True)
    position = StringField()
    counts = DictField()
    eligible_fen = LongField()
    started_by = StringField(required=True)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策免申即享筛查",
        at_deletion="keep",
        because="行政给付的决定依据须留存备查(档案法), 不含个人信息",
    )
)


class RunOpen(Conflict):
    """409: a run of this policy is going on."""

    code = "enterprise_run_open"
    zh = "该政策正在筛查企业,请等本次筛查完成后再开始。"
    en = "A run of this policy is going on. Wait until it is done."


def start(actor: Staff, code: str) -> dict[str, Any]:
    """Begin to run an open policy over all firms, by the conditions in force today; return the run.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyStateWrong: it is not open, or its time is over.
        NotInForce: its conditions do not count today.
        RunOpen: a run of it is going on.
    """
    found, day = policy.within(actor, "policy.run", code), clock.today()
    if found["state"] != "open" or judge.out_of_time(found, day):
        raise policy.refused(code)
    made = _record(found, judge.bound(found, day), day, actor)
    line = entry.line(actor.key, "enterprise_policy.run", f"policy:{code}", unit=actor.unit, rule=made["rule_set"])
    args = {"run": str(made["_id"])}
    total = firm.count()

    def begin(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        job = jobs.start(
            "enterprise.run", args=args, total=total, started_by=actor.key, unit=actor.unit, session=session
        )  # fmt: skip
        PolicyRun._get_collection().insert_one(made | {"job": job["_id"]}, session=session)
        entry.write(line, session)
        return made | {"job": job["_id"]}

    try:
        stored = transactions.run(begin)
    except DuplicateKeyError:
        raise RunOpen from None
    outbox.wake("reports")
    return stored


def _record(terms: Mapping[str, Any], rule: Bound, day: date, actor: Staff) -> dict[str, Any]:
    whole = evaluate.decided(rule, {}).record()
    head = {name: value for name, value in whole.items() if name not in _OF_ONE}
    return {
        "_id": ObjectId(),
        "policy": terms["_id"],
        "unit": terms["unit"],
        "day": day.isoformat(),
        "rule": evaluate.frozen(rule),
        "head": orjson.dumps(head).decode(),
        "rule_set": f"{head['rule']}:{head['version']}",
        "state": "running",
        "open": True,
        "counts": {},
        "eligible_fen": 0,
        "started_by": actor.key,
        "started_at": clock.now(),
    }


def move(run_id: ObjectId, before: str | None, after: str, counts: dict[str, int], fen: int) -> None:
    """Add a batch to the counts of a run and move its position, once."""
    update: dict[str, Any] = {"$set": {"position": after}, "$inc": {"eligible_fen": fen}}
    update["$inc"] |= {f"counts.{name}": number for name, number in counts.items()}
    PolicyRun._get_collection().update_one({"_id": run_id, "position": before}, update)


def finish(run_id: ObjectId) -> None:
    """Say that a run is done; again changes nothing."""
    change = {"$set": {"state": "done", "finished_at": clock.now()}, "$unset": {"open": ""}}
    PolicyRun._get_collection().update_one({"_id": run_id, "state": "running"}, change)


def of_id(run_id: ObjectId) -> dict[str, Any]:
    """Return a run.

    Raises:
        NotFound: no such run.
    """
    return documents.one(PolicyRun, {"_id": run_id})


def read(actor: Staff, run_id: ObjectId) -> dict[str, Any]:
    """Return a run of a policy that the actor reaches.

    Raises:
        NotFound: no such run, or of another unit's policy.
    """
    found = of_id(run_id)
    policy.within(actor, "policy.read", found["policy"])
    return found


def listed(actor: Staff, code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the runs of a policy, newest first.

    Raises:
        NotFound: no such policy of the actor's unit.
    """
    policy.within(actor, "policy.read", code)
    runs, shown = PolicyRun._get_collection(), {"rule": 0, "head": 0}
    return paging.page(runs, {"policy": code}, sort=("_id", -1), cursor=cursor, limit=limit, projection=shown)
