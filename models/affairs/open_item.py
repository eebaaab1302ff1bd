"""Opening a case of a service item: the form of the version that was read, checked and sealed into the case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import NotFound
from models.affairs import form_answers, form_draft, kind, open_case, service_item
from models.affairs.applicant import Applicant
from models.affairs.open_case import Matter, Opener
from models.affairs.service_item_errors import AnswersWrong, ItemChanged, ItemNotForYou, SlotNeeded
from models.identity import member_act, membership, unit
from models.identity.actors import Member, Resident


@dataclass(frozen=True)
class Submission:
    """What an applicant sends: the version whose form they read, their answers, files and a word of their own.

    `about` are the ids of what comes along, such as a booked time.
    """

    version: int
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    about: Mapping[str, Any] = field(default_factory=dict)


def sort_of(applicant: Applicant) -> str:
    """Return as what sort of applicant somebody acts: resident or firm."""
    return "resident" if isinstance(applicant, Resident) else "firm"


def open_to(applicant: Applicant, code: str) -> dict[str, Any]:
    """Return the version of an item that an applicant may open a case of now.

    Raises:
        ItemNotForYou: there is none.
    """
    try:
        found = service_item.newest(code)
    except NotFound:
        raise ItemNotForYou from None
    if sort_of(applicant) not in found["applicants"]:
        raise ItemNotForYou
    return found


def require_without_slot(applicant: Applicant, code: str) -> None:
    """Check that an item needs no booked time.

    Raises:
        ItemNotForYou: the item is not open to them.
        SlotNeeded: it is applied for with a time.
    """
    if open_to(applicant, code)["slot"]:
        raise SlotNeeded


def open_for(
    applicant: Applicant, code: str, told: Submission, *, within: Callable[[ClientSession], Any] | None = None
) -> dict[str, Any]:
    """Open a case of an item and return it; the draft of its form ends with it, and `within` changes more with it.

    Raises:
        LevelNeeded: nobody is bound, or only by their own declaration.
        ItemNotForYou: the item is not open to them.
        ItemChanged: it has another version than the one that they read.
        AnswersWrong: the form is filled wrongly; each field is named.
        AlreadyOpen: they have an open case of this item, and it allows one at a time.
        BadAttachment: a file is not theirs.
    """
    item = open_to(applicant, code)
    if item["version"] != told.version:
        raise ItemChanged(version=item["version"])
    form_answers.check(item["form"], told.answers)
    opener, owner = _opener(applicant), form_draft.owner_of(applicant)
    matter = Matter(
        item["unit"],
        told.text,
        area=_area(applicant, item, told.answers),
        about=dict(told.about),
        once=f"item:{code}:{owner}" if item["once"] else "",
        files=told.files,
        form=told.answers,
        answers=form_answers.open_part(item["form"], told.answers),
    )

    def along(session: ClientSession) -> None:
        form_draft.end(owner, code, session)
        if isinstance(applicant, Member):
            membership.require_acting(applicant, session)
            member_act.write(applicant, "matter_apply", f"item:{code}", session)
        if within:
            within(session)

    return open_case.open_case(opener, kind.read(code, item["version"]), matter, within=along)


def _opener(applicant: Applicant) -> Opener:
    if isinstance(applicant, Member):
        return open_case.by_member(applicant)
    open_case.require_person(applicant)
    return open_case.by(applicant)


def _area(applicant: Applicant, item: Mapping[str, Any], answers: Mapping[str, Any]) -> str:
    if not item["area"]:
        return str(applicant.organisation["division"]) if isinstance(applicant, Member) else ""
    code = str(answers[item["area"]])
    if unit.town_of(code) is None:
        path = f"form.{item['area']}"
        raise AnswersWrong(fields={path: ["请选择本县的乡镇、村。"]}, field_codes={path: "unknown_area"})
    return code
