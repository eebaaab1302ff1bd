"""The checks of a batch as a long job: a thousand lines a step, with progress, resumed after a kill.

    start: collecting or checked ▶ checking ── steps ──▶ recount ──▶ checked ──▶ the job says done

A step reads what it needs in a dozen queries and writes its lines in one. Repeating a step replaces the same findings.
Whoever reads that the job is done may publish at once: the batch is checked by then.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox, runtime
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.benefits import batch, checks, evidence, finding, line, scope
from models.benefits.batch import BenefitBatch
from models.benefits.bulk_move import LinesMoved
from models.benefits.checks import Checked, Rule
from models.benefits.evidence import About, Row, Scope
from models.benefits.line import BenefitLine
from models.identity.actors import Staff

LINES = 1_000
TRIES = 5
STEPS = 8
"""How many steps one call of the worker takes, well within its lease."""
STARTING = ("collecting", "checked")


def start(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Begin to check a batch that its town submitted; while checks run, this returns the same job.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is elsewhere.
        NotInForce: the item's rule has no version on the day; checks that began would never end.
    """
    found = batch.reach(actor, "benefit.check", batch_id)
    if found["state"] == "checking":
        return jobs.read(found["job"])
    batch.require_state(found, STARTING if found["step"] == "department_review" else ())
    scope.prepared(found)
    total = -(-sum(found["counts"].values()) // LINES)
    line_of_audit = entry.line(actor.key, "benefit.check", f"benefit_batch:{batch_id}", unit=actor.unit)

    def begin(session: ClientSession) -> dict[str, Any]:
        args = {"batch": str(batch_id)}
        job = jobs.start(
            "benefits.check", args=args, total=total, started_by=actor.key, unit=found["unit"], session=session
        )
        batch.move(batch_id, STARTING, "checking", told={"job": job["_id"]}, step="department_review", session=session)
        entry.write(line_of_audit, session)
        return job

    job = transactions.run(begin)
    outbox.wake("reports")
    return job


def running(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Return the last run of the checks of a batch.

    Raises:
        NotFound: no such batch within the actor's scope, or it was never checked.
    """
    found = batch.reach(actor, "benefit.list", batch_id)
    if not found.get("job"):
        raise NotFound
    return jobs.read(found["job"])


def work(job_id: ObjectId) -> None:
    """Check the next lines of a batch; after the last one, count what came out.

    Raises:
        outbox.Later: more lines follow.
    """
    job = jobs.read(job_id)
    batch_id = ObjectId(job["args"]["batch"])
    found = batch.read(batch_id)
    if found["state"] != "checking" or found.get("job") != job_id:
        jobs.end(job_id)  # a kill came between the batch's move and the job's
        return
    steps = _Steps(found)
    jobs.work(job_id, steps.following, steps.step, lambda: _finish(batch_id, job_id))


def _finish(batch_id: ObjectId, job_id: ObjectId) -> None:
    line.recount(batch_id)
    told = {"findings": dict(_findings(batch_id)), "checked_at": clock.now()}
    guard = {"_id": batch_id, "state": "checking", "job": job_id}
    BenefitBatch._get_collection().update_one(guard, {"$set": {"state": "checked", **told}})


def _findings(batch_id: ObjectId) -> Counter[str]:
    grouped = BenefitLine._get_collection().aggregate(
        [
            {"$match": {"batch": batch_id, "findings.code": {"$gt": ""}}},
            {"$unwind": "$findings"},
            {"$group": {"_id": "$findings.code", "number": {"$sum": 1}}},
        ]
    )
    return Counter({one["_id"]: one["number"] for one in grouped})


class _Steps:
    """The steps of one call of the job; an item of the job is the id of the last line of a step."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._batch = found
        self._scope, self._rule = scope.prepared(found)
        if self._rule:
            _keep_rule(found["_id"], self._rule)
        self._position = ""

    def following(self, position: str | None) -> list[str]:
        self._position, ends = position or "", []
        after = ObjectId(position) if position else None
        for _ in range(STEPS):
            ids = _ids(self._batch["_id"], after)
            if not ids:
                break
            after = ids[-1]
            ends.append(str(after))
        return ends

    def step(self, item_id: str) -> None:
        after = ObjectId(self._position) if self._position else None
        self._position = item_id
        for _ in range(TRIES):
            rows = line.of_batch(self._batch["_id"], after=after, most=LINES)
            rows = [row for row in rows if row["state"] in line.CHECKABLE and row["_id"] <= ObjectId(item_id)]
            if not rows or _check(self._scope, self._rule, rows):
                return
        raise LinesMoved


def _ids(batch_id: ObjectId, after: ObjectId | None) -> list[ObjectId]:
    query: dict[str, Any] = {"batch": batch_id} | ({"_id": {"$gt": after}} if after else {})
    found = BenefitLine._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(LINES)
    return [one["_id"] for one in found]


def _check(about_batch: Scope, rule: Rule | None, rows: Sequence[Row]) -> bool:
    """Check some lines; return False where an objection to one of them was decided meanwhile."""
    known = evidence.of_lines(about_batch, rows)
    given = _Given(about_batch, known, rows[0]["_id"])
    at, writes = clock.now(), []
    for row, about in zip(rows, known, strict=True):
        told = checks.check(about_batch, rule, row, about, given=given.to(about), at=at)
        findings = finding.merged(told.findings, row["findings"])
        state = finding.state_of(findings)
        if state in evidence.COUNTED:
            given.add(about, row["amount_fen"])
        writes.append(_written(rule, row, about, told, findings=findings, state=state))
    return BenefitLine._get_collection().bulk_write(writes, ordered=False).matched_count == len(writes)


def _keep_rule(batch_id: ObjectId, rule: Rule) -> None:
    """Keep what all decisions have in common before the first of them is written."""
    kept = {f"rules.{rule.head['hash']}": orjson.dumps(rule.head).decode()}
    BenefitBatch._get_collection().update_one({"_id": batch_id}, {"$set": kept})


class _Given:
    """What the lines so far give to each household; nothing is looked up where the item has no cap."""

    def __init__(self, about_batch: Scope, known: Sequence[About], before: ObjectId) -> None:
        capped = bool(about_batch.item["household_cap_fen"])
        blinds = {blind for about in known for blind in about.household} if capped else set()
        self._given: dict[bytes, int] = defaultdict(int, evidence.given_before(about_batch, blinds, before))

    def to(self, about: About) -> int:
        return max((self._given[blind] for blind in about.household), default=0)

    def add(self, about: About, fen: int) -> None:
        for blind in about.household:
            self._given[blind] += fen


def _written(
    rule: Rule | None, row: Row, about: About, told: Checked, *, findings: list[dict[str, Any]], state: str
) -> UpdateOne:
    sets: dict[str, Any] = {"findings": findings, "state": state}
    unset = {}
    for name, value in (
        ("person", about.person),
        ("household", list(about.household)),
        ("decided_fen", told.decided_fen),
        ("decision", _sealed(row, told)),
        ("rule", rule.head["hash"] if rule and told.record else None),
    ):
        if value:
            sets[name] = value
        else:
            unset[name] = ""
    change: dict[str, Any] = {"$set": sets} | ({"$unset": unset} if unset else {})
    return UpdateOne({"_id": row["_id"], "state": row["state"], "findings": row["findings"]}, change)


def _sealed(row: Row, told: Checked) -> bytes | None:
    if told.record is None:
        return None
    text = orjson.dumps(told.record).decode()
    return runtime.current().sealer.seal("benefit_lines.decision", row["_id"], text)
