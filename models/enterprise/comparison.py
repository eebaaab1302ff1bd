"""Two versions of a policy's conditions compared over all firms: who gains, who loses, for whom nobody can tell.

A job goes through the firms by credit code. One guarded update adds a batch to the counts and moves the position, so a
batch that is begun twice after a kill counts once. Both versions are kept as they were when the comparison began.
"""

from collections import Counter
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox, personal_data
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.enterprise import firm, firm_facts, judge, policy
from models.identity import staff
from models.identity.actors import Staff
from models.rules import difference, evaluate
from models.rules.decision import Light

COLLECTION = "enterprise_comparisons"
BATCH = 200
MOST_LISTED = 500
CHANGES = difference.CHANGES | {difference.SAME: "结果不变"}


class PolicyComparison(Document):
    """`before` and `after` are versions with all that they read; `counts` by change; `changed` the first that change.

    `gained_fen` and `lost_fen` sum the amounts that come and go.
    """

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["policy", "-_id"]}]}
    policy = StringField(required=True)
    before_id = StringField(required=True)
    after_id = StringField(required=True)
    before = DictField(required=True)
    after = DictField(required=True)
    day = StringField(required=True)
    state = StringField(choices=("running", "done"), required=True)
    position = StringField()
    counts = DictField()
    more_fen = IntField()
    changed = ListField(DictField())
    started_by = StringField(required=True)
    started_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策条件对比",
        at_deletion="keep",
        because="只含企业统一社会信用代码和结果变化, 不含个人信息(政府信息公开条例)",
    )
)


def start(actor: Staff, code: str, *, before: str, after: str, day: date) -> dict[str, Any]:
    """Begin to compare two versions of a policy's conditions, active or not; return the comparison.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyVersionUnknown: no such versions of it.
    """
    found = policy.within(actor, "policy.try", code)
    pair = [evaluate.frozen(judge.bound(found, day, one)) for one in (before, after)]
    made = {
        "_id": ObjectId(),
        "policy": code,
        "before_id": before,
        "after_id": after,
        "before": pair[0],
        "after": pair[1],
        "day": day.isoformat(),
        "state": "running",
        "counts": {},
        "more_fen": 0,
        "changed": [],
        "started_by": actor.key,
        "started_at": clock.now(),
    }
    told = {"before": before, "after": after}
    line = entry.line(actor.key, "enterprise_policy.compare", f"policy:{code}", unit=actor.unit, **told)
    args = {"comparison": str(made["_id"])}
    total = -(-firm.count() // BATCH)

    def begin(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        PolicyComparison._get_collection().insert_one(made, session=session)
        jobs.start(
            "enterprise.compare", args=args, total=total, started_by=actor.key, unit=actor.unit, session=session
        )  # fmt: skip
        entry.write(line, session)

    transactions.run(begin)
    outbox.wake("reports")
    return made


def work(job_id: ObjectId) -> None:
    """Look at the next firms.

    Raises:
        outbox.Later: more follow.
    """
    work_on = _Comparing(ObjectId(jobs.read(job_id)["args"]["comparison"]))
    jobs.work(job_id, work_on.following, work_on.step, work_on.last)


class _Comparing:
    """One call of the job; an item is the last firm of a batch, the comparison itself says what was done."""

    def __init__(self, comparison_id: ObjectId) -> None:
        self._id = comparison_id
        self._batch: list[str] = []
        self._found: dict[str, Any] = {}

    def following(self, _position: str | None) -> list[str]:
        self._found = documents.one(PolicyComparison, {"_id": self._id})
        self._batch = firm.after(self._found.get("position"), BATCH)
        return self._batch[-1:]

    def step(self, item: str) -> None:
        found, counts, changed, more = self._found, Counter[str](), list[dict[str, Any]](), 0
        terms = policy.read(found["policy"])
        both = difference.Difference(evaluate.thawed(found["after"]), evaluate.thawed(found["before"]))
        names = {*judge.names(both.after), *judge.names(evaluate.thawed(found["before"]))}
        stated = firm_facts.held(self._batch, found["day"])
        subjects = ((code, firm_facts.given(code, stated[code], names), None) for code in self._batch)
        for code, pair in both.over(subjects):
            counts[pair.change] += 1
            if pair.change != difference.SAME:
                sides = {"before_fen": _fen(terms, pair.before), "after_fen": _fen(terms, pair.after)}
                more += sides["after_fen"] - sides["before_fen"]
                changed.append({"firm": code, "change": pair.change, "missing": list(pair.missing), **sides})
        guard = {"_id": self._id, "position": found.get("position")}
        update: dict[str, Any] = {"$set": {"position": item}, "$push": {"changed": _kept(changed)}}
        update["$inc"] = {"more_fen": more} | {f"counts.{name}": number for name, number in counts.items()}
        PolicyComparison._get_collection().update_one(guard, update)

    def last(self) -> None:
        done = {"$set": {"state": "done"}}
        PolicyComparison._get_collection().update_one({"_id": self._id, "state": "running"}, done)


def _fen(terms: dict[str, Any], side: Light) -> int:
    return max(judge.amount(terms, side.values), 0) if side.outcome == "yes" else 0


def _kept(changed: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$each": changed, "$slice": MOST_LISTED}


def read(actor: Staff, code: str, comparison_id: ObjectId) -> dict[str, Any]:
    """Return a comparison of a policy.

    Raises:
        NotFound: no such policy of the actor's unit, or no such comparison of it.
    """
    policy.within(actor, "policy.try", code)
    return documents.one(PolicyComparison, {"_id": comparison_id, "policy": code})


def listed(actor: Staff, code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the comparisons of a policy, newest first.

    Raises:
        NotFound: no such policy of the actor's unit.
    """
    policy.within(actor, "policy.try", code)
    left_out = {"before": 0, "after": 0, "changed": 0}
    found = PolicyComparison._get_collection()
    return paging.page(found, {"policy": code}, sort=("_id", -1), cursor=cursor, limit=limit, projection=left_out)
