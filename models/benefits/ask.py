"""Asking the registers about the people of a batch, before the checks: a job of its own, a few questions at a time.

Whoever nobody knew yet becomes a person by their number, as the list names them; the register's answer hangs on that.
What an answer is fresh for is not asked again, so the job may run as often as somebody likes.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import identity_documents, jobs, outbox
from backend.errors import CityError
from backend.identity_documents import BadDocument
from backend.store import transactions
from models.audit import entry
from models.benefits import batch, claim_facts, evidence, line, scope
from models.benefits.line import BenefitLine
from models.identity import person
from models.identity.actors import Staff
from models.registers import fetch
from models.registers.source import giving
from models.registers.subject import Subject

LINES = 10
AT_ONCE = 4
SECONDS = 5.0
ASKABLE = ("collecting", "checked", "returned")


def start(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Begin to ask the registers about everybody in a batch; return the job.

    Raises:
        NotFound: no such batch within the actor's scope.
        BatchStateWrong: it is being checked or was published.
        NotInForce: the item's rule has no version on the day.
    """
    found = batch.reach(actor, "benefit.check", batch_id)
    batch.require_state(found, ASKABLE)
    scope.prepared(found)
    total = -(-sum(found["counts"].values()) // LINES)
    audit = entry.line(actor.key, "benefit.ask", f"benefit_batch:{batch_id}", unit=actor.unit)

    def begin(session: ClientSession) -> dict[str, Any]:
        job = jobs.start(
            "benefits.ask", args={"batch": str(batch_id)}, total=total, started_by=actor.key, unit=found["unit"],
            session=session,
        )  # fmt: skip
        entry.write(audit, session)
        return job

    job = transactions.run(begin)
    outbox.wake("reports")
    return job


def work(job_id: ObjectId) -> None:
    """Ask about the next lines of a batch.

    Raises:
        outbox.Later: more lines follow.
    """
    found = batch.read(ObjectId(jobs.read(job_id)["args"]["batch"]))
    _, rule = scope.prepared(found)
    kinds = claim_facts.register_kinds(rule.names) if rule else ()
    sources = (*evidence.SOURCES, *sorted({giving(kind)[0] for kind in kinds} - set(evidence.SOURCES)))
    work = _Asking(found["_id"], sources)
    jobs.work(job_id, work.following, work.step)


class _Asking:
    """One call of the job; an item is the id of the last line of a step."""

    def __init__(self, batch_id: ObjectId, sources: tuple[str, ...]) -> None:
        self._batch, self._sources, self._position = batch_id, sources, ""

    def following(self, position: str | None) -> list[str]:
        self._position = position or ""
        rows = self._rows()
        return [str(rows[-1]["_id"])] if rows else []

    def _rows(self) -> list[dict[str, Any]]:
        after = ObjectId(self._position) if self._position else None
        return line.of_batch(self._batch, after=after, most=LINES)

    def step(self, item: str) -> str | None:
        rows = [row for row in self._rows() if row["_id"] <= ObjectId(item) and row["state"] in line.CHECKABLE]
        self._position = item
        people = [known for row in rows if (known := _person(row))]
        questions = [(source, Subject(person=one)) for one in people for source in self._sources]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda question: _ask(*question), questions))
        away = sum(one != "answered" for one in results)
        return f"{away} not answered" if away else None


def _person(row: dict[str, Any]) -> ObjectId | None:
    told = line.opened(row)
    try:
        document = identity_documents.parse("resident_id", told.number)
    except BadDocument:
        return None
    known = person.find_or_declare(document, told.name)
    if row.get("person") != known:
        BenefitLine._get_collection().update_one({"_id": row["_id"]}, {"$set": {"person": known}})
    return known


def _ask(source: str, about: Subject) -> str:
    try:
        answer = fetch.ask(source, about, seconds=SECONDS)
    except CityError:
        return "failed"
    return "answered" if answer.result in {"fresh", "found", "no_record", "not_matched"} else answer.result
