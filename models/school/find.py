"""Finding the children of a round in the household register, before its window: a job, page by page, a few at a time.

Each child and those whom the register names as parents become persons by their numbers, and the child one candidate of
the round. A kill goes on where it stood: the position names the page and the last child by a blind mark; doing a child
again changes nothing. While the register is away the job waits; a child about whom a register does not answer is
stored with what is known, and another run completes it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import identity_documents, jobs, outbox, runtime
from backend.errors import CityError, NotFound, Unprocessable
from backend.identity_documents import BadDocument
from backend.side_by_side import side_by_side
from backend.store import transactions
from models.audit import entry
from models.identity import person, staff
from models.identity.actors import Staff
from models.registers import school_age
from models.school import candidate, judge_candidate
from models.school import round as rounds

TASKS = ("school.find", "school.tell_found")
STATES = ("preparing", "open")
LONGEST_YEARS = 4
AT_A_TIME = 24


class BirthSpanWrong(Unprocessable):
    """422: the span of birth days is turned round, or too long for one stage."""

    code = "school_birth_span_wrong"
    zh = "出生日期范围有误:结束日期不早于开始日期,且跨度不超过 4 年。"
    en = "The span of birth days ends before it begins, or is longer than four years."

    def __init__(self) -> None:
        super().__init__(fields={"born_to": [self.zh]})


def start(actor: Staff, round_code: str, *, born_from: date, born_to: date) -> dict[str, Any]:
    """Begin to look for the children born in a span; return the job.

    Raises:
        NotAllowed: no role of the actor finds children.
        NotFound: no such round.
        RoundStateWrong: its list is frozen.
        BirthSpanWrong: the span cannot be so.
        NotInForce: a rule of the round has no version on its rule day.
        NotConnected: there is no register to ask.
    """
    actor.require("school.find")
    found = rounds.read(round_code)
    rounds.require_state(found, STATES)
    if not born_from <= born_to <= born_from.replace(year=born_from.year + LONGEST_YEARS, day=min(born_from.day, 28)):
        raise BirthSpanWrong
    judge_candidate.require_rules(found)
    school_age.require_connected()
    args = {"round": round_code, "born_from": born_from.isoformat(), "born_to": born_to.isoformat()}
    audit = entry.line(actor.key, "school_round.find", f"school_round:{round_code}", unit=actor.unit)

    def begin(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, audit, session)
        job = jobs.start("school.find", args=args, total=0, started_by=actor.key, unit=actor.unit, session=session)
        entry.write(audit, session)
        return job

    job = transactions.run(begin)
    outbox.wake("reports")
    return job


def read_job(job_id: ObjectId) -> dict[str, Any]:
    """Return a job that finds children or tells their families.

    Raises:
        NotFound: no such job.
    """
    found = jobs.read(job_id)
    if found["task"] not in TASKS:
        raise NotFound
    return found


def work(job_id: ObjectId) -> None:
    """Look for the next children.

    Raises:
        outbox.Later: more children follow.
        ExchangeFailure: the register does not answer; the queue tries again.
    """
    finding = _Finding(jobs.read(job_id))
    jobs.work(
        job_id,
        finding.following,
        finding.step,
        finding.last,
        ahead=finding.ahead,
        at_a_time=AT_A_TIME,
        named=lambda item: item.partition("|")[2],
    )


class _Finding:
    """One call of the job; an item is `<where the page begins>|<blind mark of the child>`."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        told = job["args"]
        self._round, self._run, self._id = told["round"], str(job["_id"]), job["_id"]
        self._span = date.fromisoformat(told["born_from"]), date.fromisoformat(told["born_to"])
        self._children: dict[str, Mapping[str, Any]] = {}
        self._results: dict[str, str | None] = {}

    def following(self, position: str | None) -> list[str]:
        after, _, _mark_of_last = (position or "").partition("|")
        while True:
            page = school_age.page(*self._span, after)
            self._children = {f"{after}|{_mark(one)}": one for one in page.children}
            items = list(self._children)
            done = items.index(position) + 1 if position in self._children else 0
            if done < len(items) or not page.next:
                return items[done:]
            after, position = page.next, None

    def ahead(self, items: Sequence[str]) -> None:
        """Look at some children side by side, the entries of one child in a row, each child once."""
        by_child: dict[str, list[str]] = {}
        for item in items:
            by_child.setdefault(self._children[item]["number"], []).append(item)
        noted = dict(zip(by_child, side_by_side(self._noted, by_child.values()), strict=True))
        judge_candidate.ask_ahead([one for one in noted.values() if one])
        looked = dict(zip(by_child, side_by_side(self._looked, noted.values()), strict=True))
        self._results = {item: looked[number] for number, some in by_child.items() for item in some}

    def last(self) -> None:
        """Look again at children whom an earlier run saw in a further household and this one did not."""
        for one in candidate.doubles(self._round):
            if candidate.prune(one, self._run):
                look(self._round, one["_id"])

    def step(self, item: str) -> str | None:
        return self._results[item]

    def _noted(self, items: Sequence[str]) -> dict[str, Any] | None:
        """Note the entries of a child, and return its candidate; None where its number is none."""
        noted = None
        for child in (self._children[item] for item in items):
            if (known := known_as(child["number"], child["name"])) is None:
                return None
            guardians = [one for g in child["guardians"] if (one := known_as(g["number"], g["name"]))]
            home = {"address": child["address"], "village": child["village_code"], "household": child["household_no"]}
            noted = candidate.found(self._round, known, guardians, home=home, source="register", run=self._run)
        return noted

    def _looked(self, noted: Mapping[str, Any] | None) -> str | None:
        return look(self._round, noted["_id"]) if noted else "number_wrong"


def look(round_code: str, candidate_id: ObjectId) -> str | None:
    """Judge a candidate; return what keeps it from being whole, None where nothing does."""
    try:
        seen = judge_candidate.judge(round_code, candidate_id)
    except CityError as error:
        if error.passing:
            raise
        return error.code
    return "register_away" if seen.get("asking") else None


def known_as(number: str, name: str) -> ObjectId | None:
    """Return the person of a number, declared where nobody knew them; None for what is no number."""
    try:
        document = identity_documents.parse("resident_id", number)
    except BadDocument:
        return None
    return person.find_or_declare(document, name)


def _mark(child: Mapping[str, Any]) -> str:
    about = f"{child['number']}:{child['household_no']}"
    return runtime.current().sealer.blind("school_candidates.mark", about).hex()[:16]
