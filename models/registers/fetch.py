"""Asking the registers: one process at a time for each source and subject, at once for a screen or by the queue.

The answer is stored with the turn's end in one transaction. A process that is killed before it has stored nothing: its
lease runs out and the next one asks again. A source that does not answer takes nothing away: what was known stays, with
its date and the mark that it is stale.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import structlog
from bson import ObjectId

from backend import clock, outbox, runtime
from backend.errors import NotFound
from backend.exchange import ExchangeFailure
from models.identity import consent, person
from models.identity.person import Known
from models.registers import inquiry, record, source_state, statement, subject
from models.registers.catalogue import EVERY_SOURCE
from models.registers.firm_source import ABOUT_FIRMS
from models.registers.source import SOURCES
from models.registers.statement import Statement
from models.registers.subject import Subject

log = structlog.get_logger()
SCREEN_SECONDS = 2.5
QUEUE_SECONDS = 10.0
RETRY_SECONDS = 5.0

Outcome = Literal["found", "no_record", "not_matched"]
Result = Outcome | Literal["fresh", "asking", "away", "not_connected", "not_askable"]
RESULT_ZH: dict[Result, str] = {
    "fresh": "已是最新",
    "found": "已更新",
    "no_record": "登记部门没有记录",
    "not_matched": "姓名与登记不一致",
    "asking": "正在查询",
    "away": "登记部门系统暂时没有响应,显示的是上次查询的结果",
    "not_connected": "尚未接入",
    "not_askable": "您的证件种类不能查询这项登记",
}
Accept = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Answer:
    """How asking one source went; `failure` where no trustworthy answer came."""

    source: str
    result: Result
    failure: ExchangeFailure | None = None


def ask(
    source: str,
    about: Subject,
    *,
    seconds: float = SCREEN_SECONDS,
    again: bool = False,
    accept: Accept = lambda _record: True,
) -> Answer:
    """Ask a source about a subject unless its answer is fresh (`again` asks all the same) and store what it says.

    A record that is not accepted is not stored, nor a status under somebody else's name or birth date. Never raises for
    what a source does wrong.

    Raises:
        NotFound: there is no such person.
    """
    exchange, asked = runtime.current().exchange, _question(source, about)
    if exchange is None or asked is None:
        return Answer(source, "not_connected" if exchange is None else "not_askable")
    if not again and inquiry.is_fresh(inquiry.read(inquiry.inquiry_id(source, about)), clock.now()):
        return Answer(source, "fresh")
    if not source_state.may_ask(source):
        return Answer(source, "away")
    turn = inquiry.take(source, about)
    if turn is None:
        return Answer(source, "asking")
    try:
        found = exchange.ask(source, asked, seconds=seconds)
        stated = statement.read(source, found, asked, clock.today().isoformat())
    except ExchangeFailure as failure:
        log.warning("register_failed", source=source, reason=failure.reason)
        inquiry.failed(source, about, turn, failure.reason)
        source_state.failed(source, failure.reason)
        return Answer(source, "away", failure)
    source_state.answered(source, "found" if found else "no_record")
    outcome: Outcome = "no_record"
    if found is not None:
        outcome = "found" if accept(found) and _fits(source, about, found) else "not_matched"
    return Answer(source, _store(source, about, stated, turn=turn, outcome=outcome))


def _fits(source: str, about: Subject, record: Mapping[str, Any]) -> bool:
    return about.person is None or SOURCES[source].consent == "facts" or fits(source, person.read(about.person), record)


def fits(source: str, known: Known, record: Mapping[str, Any]) -> bool:
    """Tell whether a record of a status names the person who was asked about, as far as it names anybody."""
    if SOURCES[source].consent == "facts":
        return True
    birth = known.birth.isoformat() if known.birth else None
    same = "name" not in record or person.same_name(str(record["name"]), known.name)
    return same and (birth is None or record.get("birth", birth) == birth)


def _store(source: str, about: Subject, stated: Sequence[Statement], *, turn: int, outcome: Outcome) -> Result:
    at = clock.now()
    note = partial(inquiry.answered, source, about, turn, outcome, at=at)
    try:
        if outcome == "not_matched":
            note()
        else:
            record.record(about, source, stated, at=at, guard=lambda session: note(session=session))
    except inquiry.Overtaken:
        return "asking"
    return outcome


def _question(source: str, about: Subject) -> dict[str, str] | None:
    if about.organisation:
        return {"credit_code": about.organisation} if EVERY_SOURCE[source].organisations else None
    assert about.person is not None
    if source not in SOURCES:
        return None
    return question(person.read(about.person))


def question(known: Known) -> dict[str, str] | None:
    """Return what a source is asked about a person, None for a document by which nobody can be asked about."""
    return {"kind": known.kind, "number": known.number} if known.kind == "resident_id" else None


def refresh(person_id: ObjectId) -> list[Answer]:
    """Have the workers ask all sources about a person again to which the person consents."""
    about, may = Subject(person=person_id), consent.holds(person_id, "entitlements")
    sources = [one for one in SOURCES if SOURCES[one].consent == "facts" or may]
    if runtime.current().exchange is None:
        return [Answer(source, "not_connected") for source in sources]
    askable = _question("household", about) is not None
    for source in sources if askable else ():
        inquiry.queue(source, about)
    return [Answer(source, "asking" if askable else "not_askable") for source in sources]


def refresh_firm(code: str) -> list[Answer]:
    """Have the workers ask every register about the firm with a credit code whose answer is not fresh any more."""
    about, now = Subject(organisation=code), clock.now()
    if runtime.current().exchange is None:
        return [Answer(source, "not_connected") for source in ABOUT_FIRMS]
    asked = inquiry.of(about)
    stale = [source for source in ABOUT_FIRMS if not inquiry.is_fresh(asked.get(source), now)]
    for source in stale:
        inquiry.queue(source, about)
    return [Answer(source, "asking" if source in stale else "fresh") for source in ABOUT_FIRMS]


def work(inquiry_id: str) -> None:
    """Do what the queue asks for: ask, and come back later while the source is away.

    Raises:
        ExchangeFailure: no trustworthy answer came; the queue waits longer each time.
        outbox.Later: the source is away, or somebody else is asking.
    """
    found = inquiry.read(inquiry_id)
    if found is None:
        return
    try:
        answer = ask(found["source"], subject.of(found), seconds=QUEUE_SECONDS, again=True)
    except NotFound:
        return  # the person was deleted meanwhile, and with them the inquiry goes
    if answer.failure:
        raise answer.failure
    if answer.result == "away":
        raise outbox.Later(source_state.PROBE.total_seconds())
    if answer.result == "asking":
        raise outbox.Later(RETRY_SECONDS)
