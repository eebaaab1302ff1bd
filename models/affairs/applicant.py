"""What applicants do with their case: answer, withdraw, appeal."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.errors import NotFound
from models.affairs import attachments, carry_out, case, desks, kind, work
from models.affairs.carry_out import Turn
from models.affairs.case import Move
from models.affairs.case_errors import AlreadyOpen, AppealOver, CaseStateWrong
from models.affairs.stop import going_on
from models.identity import levels
from models.identity.actors import Member, Resident
from models.media import file
from models.media.file import Content

Applicant = Resident | Member


def own(applicant: Applicant, found: dict[str, Any]) -> None:
    """Check that a case is the applicant's: a member's, when it is their firm's, whoever sent it; else a resident's.

    Raises:
        NotFound: it is not.
    """
    if isinstance(applicant, Resident):
        _own_of_resident(applicant, found)
    elif found.get("firm") != applicant.organisation["credit_code"]:
        raise NotFound


def _own_of_resident(resident: Resident, found: dict[str, Any]) -> None:
    """Check that a case is one that a resident opened, or, from `matched` on, any of their person.

    Whoever only declared to be somebody sees nothing that this person opened elsewhere.
    """
    person, same = found.get("person"), found.get("person") == resident.subject_id
    if resident.acting or (same and person and levels.reaches(resident.document["level"], "matched")):
        mine = same
    else:
        mine = found.get("account") == resident.account_id and (same or person is None)
    if not mine:
        raise NotFound


def answer(applicant: Applicant, case_id: ObjectId, text: str, file_ids: Sequence[str]) -> dict[str, Any]:
    """Answer the question that a case waits for; its clocks go on at once.

    Raises:
        NotFound: not the applicant's case.
        CaseStateWrong: it does not wait for them.
        BadAttachment: a file is not theirs.
    """

    def move(found: dict[str, Any]) -> Move:
        own(applicant, found)
        if not _asked(found):
            state = found.get("work", {}).get("state", found["state"])
            raise CaseStateWrong(state=state, state_zh=(case.WORK_STATES | case.STATES)[state])
        told = {"attachments": list(file_ids)} if file_ids else {}
        files = attachments.attaching(file_ids, _owner(applicant), found)
        return going_on(found, "answered", applicant.key, clock.now(), text=text, told=told, within=(files,))

    return case.change(case_id, move)


def _owner(applicant: Applicant) -> str:
    """Return whose the files are that an applicant uploaded: a member uploads them as a resident."""
    return applicant.key if isinstance(applicant, Resident) else applicant.resident.key


def read_file(applicant: Applicant, case_id: ObjectId, file_id: ObjectId) -> Content:
    """Return a file of one's case.

    Raises:
        NotFound: not the applicant's case, or no such file of it.
    """
    found = case.read(case_id)
    own(applicant, found)
    return file.content(file_id, attached_to=attachments.place(found))


def _asked(found: dict[str, Any]) -> bool:
    if "pause" not in found or found["state"] not in case.RUNNING:
        return False
    stop = kind.read(found["kind"], found["kind_version"]).stop(found["pause"]["reason"])
    return stop is not None and stop.asks


def withdraw(applicant: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Withdraw a case that is not decided; withdrawing again changes nothing.

    Raises:
        NotFound: not the applicant's case.
        CaseStateWrong: it is decided.
    """

    def move(found: dict[str, Any]) -> Move | None:
        own(applicant, found)
        if found["state"] == "withdrawn":
            return None
        if found["state"] not in case.RUNNING:
            raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])
        ended = {"state": "withdrawn", "closed_at": clock.now()}
        within = (carry_out.within(found, Turn("withdrawn", applicant.key)),)
        return Move(
            "withdrawn", applicant.key, set=ended, unset=("work", "pause", "once", "matter", "beat"), within=within
        )

    return case.change(case_id, move)


def appeal(applicant: Applicant, case_id: ObjectId, text: str) -> dict[str, Any]:
    """Appeal against the decision, once and in time; somebody else than who decided looks at it anew.

    Raises:
        NotFound: not the applicant's case.
        CaseStateWrong: there is no decision yet.
        AppealOver: too late, or a second time.
        AlreadyOpen: the same matter was opened anew and is being worked on.
    """

    def move(found: dict[str, Any]) -> Move:
        own(applicant, found)
        if found["state"] in {"open", "withdrawn"}:
            raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])
        if found["state"] != "decided" or clock.now() >= found["appeal_until"]:
            raise AppealOver
        return _appealed(applicant, found, text)

    try:
        return case.change(case_id, move)
    except DuplicateKeyError:
        matter = case.read(case_id).get("matter", "")
        known = case.Case._get_collection().find_one({"once": matter}, {"number": 1}) or {"number": ""}
        raise AlreadyOpen(number=known["number"]) from None


def _appealed(applicant: Applicant, found: dict[str, Any], text: str) -> Move:
    told, now = kind.read(found["kind"], found["kind_version"]), clock.now()
    assert told.appeal is not None
    step = told.step(told.appeal.step)
    total = work.new_clock(told.limit, now)
    following = work.new_work(step, {**found, "clock": total}, now)
    after = {**found, "work": following, "clock": total, "beat": ObjectId()}
    entry = work.running(after)
    matter = {"once": found["matter"]} if "matter" in found else {}
    return Move(
        "appealed",
        applicant.key,
        set={
            "state": "appealed",
            "appealed_at": now,
            "work": following,
            "clock": total,
            "beat": after["beat"],
            **matter,
        },
        unset=("appeal_until",),
        add={"desks": [desks.desk(step.role, following["unit"])]},
        text=text,
        follow=(entry,) if entry else (),
        within=(carry_out.within(found, Turn("appealed", applicant.key)),),
    )
