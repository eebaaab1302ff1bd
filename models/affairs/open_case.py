"""Opening a case: number, first work, clocks. The same matter is open once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.store import transactions
from models.affairs import attachments, case, case_number, desks, form_answers, work
from models.affairs.case import Case
from models.affairs.case_errors import AlreadyOpen
from models.affairs.kind import Kind
from models.audit import entry
from models.identity import levels
from models.identity.actors import Member, Resident, Staff
from models.identity.counter import Serving


@dataclass(frozen=True)
class Matter:
    """What it is about: `about` holds ids only; `once` names the matter, which is open once at a time.

    `not_by` are the staff who may take no step that wants another person, `files` what the opener sent along. `form`
    are the answers of a service item's form, `answers` those of them that need no seal.
    """

    unit: str
    text: str = ""
    area: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    once: str = ""
    not_by: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Opener:
    """In whose name a case begins, and who begins it: they, a helper, or the clerk at whose counter they stand.

    `declared` is who the account only says to be: staff read that name, but the case is not that person's. `firm` is
    the credit code of the organisation in whose name `sender`, the account of a member, begins it; `files` whose the
    files are that come along, where that is not `key`.
    """

    key: str
    person: ObjectId | None
    account: ObjectId | None = None
    clerk: Staff | None = None
    declared: ObjectId | None = None
    firm: str = ""
    sender: ObjectId | None = None
    files: str = ""


def by_member(member: Member) -> Opener:
    """Return the opener of an organisation's case: no person's, whoever of its members began it."""
    code = member.organisation["credit_code"]
    return Opener(member.key, None, firm=code, sender=member.account_id, files=member.resident.key)


def by(resident: Resident) -> Opener:
    """Return the opener of a resident's own case; who acts for another leaves no account.

    Who only declared to be somebody opens it for the account: the person declared may be another one.
    """
    if resident.acting:
        return Opener(resident.key, resident.subject_id)
    sure = resident.sure_person_id
    return Opener(resident.key, sure, resident.account_id, declared=None if sure else resident.person_id)


def at_counter(actor: Staff, serving: Serving) -> Opener:
    """Return the opener of a case of whoever stands at a clerk's counter.

    Raises:
        NotAllowed: the clerk opens no cases.
    """
    actor.require("case.open")
    return Opener(actor.key, serving.for_person_id, clerk=actor)


def open_case(
    opener: Opener, told: Kind, matter: Matter, *, within: Callable[[ClientSession], Any] | None = None
) -> dict[str, Any]:
    """Open a case and return it; `within` changes something else in the same transaction.

    Raises:
        AlreadyOpen: the same matter is open, under the number that it names.
        BadAttachment: a file is not theirs.
    """
    found = record(opener, told, matter, case_number.take(told.prefix))
    found["outbox"] = [work.running(found)]
    clerk = opener.clerk
    line = entry.line(clerk.key, "case.open", f"case:{found['_id']}", unit=clerk.unit) if clerk else None
    attach = attachments.attaching(matter.files, opener.files or opener.key, found)

    def write(session: ClientSession | None) -> None:
        Case._get_collection().insert_one(found, session=session)
        for more in filter(None, (attach, within)):
            assert session is not None
            more(session)
        if line:
            entry.write(line, session)

    try:
        transactions.run(write) if within or line or attach else write(None)
    except DuplicateKeyError:
        known = Case._get_collection().find_one({"once": matter.once}, {"number": 1}) or {"number": ""}
        raise AlreadyOpen(number=known["number"]) from None
    return found


def require_person(resident: Resident) -> ObjectId:
    """Return the person in whose name a case is opened; it must be sure that they are it.

    Raises:
        LevelNeeded: nobody is bound, or only by their own declaration.
    """
    if not resident.acting:
        levels.require(resident.document["level"], "matched")
    assert resident.subject_id is not None
    return resident.subject_id


def record(opener: Opener, told: Kind, matter: Matter, number: str) -> dict[str, Any]:
    """Return a case that begins now, not stored yet and without its outbox."""
    case_id, now = ObjectId(), clock.now()
    step = told.steps[0]
    found: dict[str, Any] = {
        "_id": case_id,
        "number": number,
        "kind": told.code,
        "kind_version": told.version,
        "state": "open",
        "seq": 1,
        "about": matter.about,
        "unit": matter.unit,
        "area": matter.area,
        "desks": [],
        "clock": work.new_clock(told.limit, now),
        "beat": ObjectId(),
        "stops": [],
        "workers": list(matter.not_by),
        "decisions": [],
        "history": [case.history_line(case_id, "opened", opener.key, **_files(matter))],
        "opened_at": now,
    }
    found |= {"person": opener.person} if opener.person else {}
    found |= {"declared_person": opener.declared} if opener.declared else {}
    found |= {"account": opener.account} if opener.account else {}
    found |= {"once": matter.once} if matter.once else {}
    found |= {"firm": opener.firm, "sender": opener.sender} if opener.firm else {}
    if matter.text:
        found["text"] = runtime.current().sealer.seal("cases.text", case_id, matter.text)
    if matter.form:
        found |= {"form": form_answers.seal(case_id, matter.form), "answers": dict(matter.answers)}
    found["work"] = work.new_work(step, found, now)
    return found | {"desks": [desks.desk(step.role, found["work"]["unit"])]}


def _files(matter: Matter) -> dict[str, Any]:
    return {"attachments": list(matter.files)} if matter.files else {}
