"""Collective registration (集中登记): an application that a village or a school enters from a signed paper.

    the register names the guardian ──▶ begun with the consent on paper ──▶ best basis of the registers ──▶ submitted

The rules are those of a phone. A row that is there already changes nothing; one that a kill broke off is gone on with;
what a family began or changed itself is left to the family.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import Conflict, Unprocessable
from backend.identity_documents import IdentityDocument
from backend.store import transactions
from models.identity import person, relation
from models.identity.actors import Staff
from models.registers import fetch, matching
from models.registers.subject import Subject
from models.school import applying, candidate, child_facts, choices, draft, locality, reach, submit
from models.school import round as rounds
from models.school.applying import Applying, NotGuardian
from models.school.basis import Basis
from models.school.child_facts import Gathered
from models.school.form import FormWrong

OPERATION = "school.serve"
AHEAD_SECONDS = 10.0
ORDER = ("household", "property", "residence")


@dataclass(frozen=True)
class Named:
    """A person as a paper names them."""

    document: IdentityDocument = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class Paper:
    """What the guardian signed on the day `signed`."""

    child: Named
    guardian: Named
    choices: Sequence[str]
    accepts_coordination: bool
    signed: str


class BegunByFamily(Conflict):
    """409: the family fills in an application of its own."""

    code = "school_begun_by_family"
    zh = "家长已在手机或窗口开始填写该儿童的申请,请由家长继续提交,不重复登记。"
    en = "The family has begun an application for this child itself. Let them go on with it."


class NameDiffers(Unprocessable):
    """422: name and number are not of one person by what is known."""

    code = "school_paper_name_differs"
    zh = "{whose}姓名与证件号码不一致,请核对纸质登记表和户口簿。"
    en = "A name and its number are not of the same person. Compare the paper with the household register."


class OutsideArea(Unprocessable):
    """422: the child does not live where the actor enters papers, or nobody found it there."""

    code = "school_paper_outside_area"
    zh = "适龄儿童名册中没有该儿童,或不属于您负责的乡镇(村),请由其户籍所在乡镇或县教科体局登记。"
    en = "The child is not on the list of your area. Let its own town or the bureau enter it."


class NoBasis(Unprocessable):
    """422: the registers show no place on which a district could rest."""

    code = "school_paper_no_basis"
    zh = "户籍、不动产和居住证登记中都没有可用的住址,不能集中登记,请家长持材料到窗口办理。"
    en = "No register shows a home. Let the guardian come to a counter with papers."


def enter(actor: Staff, in_round: Mapping[str, Any], paper: Paper) -> dict[str, Any]:
    """Submit the application of a paper and return it; where the child has a submitted one, that one.

    Raises:
        NotAllowed: no role of the actor enters papers.
        WindowClosed: the window is not open.
        OutsideArea, NameDiffers, NotGuardian, RegisterAway: who the two are.
        BegunByFamily: an application that is not submitted is the family's own.
        NoBasis, FormWrong, NotReady, PropertyLocked: what the rules of applying refuse.
    """
    actor.require(OPERATION)
    child, guardian = _known(paper.child, "孩子"), _known(paper.guardian, "监护人")
    known = draft.live(in_round["_id"], child)
    _require_area(actor, in_round["_id"], child)
    if known and known["state"] != "draft":
        return known
    rounds.require_window(in_round)
    _become_guardian(actor, in_round["_id"], child, guardian)
    who = applying.by_paper(actor, guardian, paper.signed)
    found = known or draft.begin(who, in_round["_id"], child)
    if found["state"] != "draft":
        return found
    if any(not one["by"].startswith("staff:") for one in found["history"]) or found["guardian"] != guardian:
        raise BegunByFamily
    return _submit(who, in_round, found, paper)


def ask_ahead(actor: Staff, in_round: Mapping[str, Any], pairs: Sequence[tuple[Named, Named]]) -> None:
    """Ask the registers about the families of some papers together, before each of them is entered.

    They are asked about those alone whom `enter` would take: children of the actor's area with whom the register names
    the guardian of the paper.
    """
    actor.require(OPERATION)
    areas, ids = reach.reached(actor, OPERATION), person.ids_of(one.document for pair in pairs for one in pair)
    known = candidate.of_children(in_round["_id"], ids.values())
    families = []
    for child, guardian in ((ids.get(one.document), ids.get(other.document)) for one, other in pairs):
        found = known.get(child) if child else None
        if (
            found
            and guardian
            and guardian in found["guardians"]
            and found["source"] == "register"
            and _within(areas, found)
        ):
            families.append((found["child"], [guardian]))
    child_facts.ask_ahead(families, seconds=AHEAD_SECONDS)


def _known(named: Named, whose: str) -> ObjectId:
    found = person.find(named.document)
    if found is None:
        person.find_or_declare(named.document, named.name)
        found = person.find(named.document)
    assert found is not None
    if not person.same_name(person.opened(found).name, named.name):
        raise NameDiffers(whose=whose)
    return ObjectId(found["_id"])


def _require_area(actor: Staff, round_code: str, child: ObjectId) -> None:
    areas = reach.reached(actor, OPERATION)
    if areas is None:
        return
    if not _within(areas, candidate.of_child(round_code, child) or {}):
        raise OutsideArea


def _within(areas: Iterable[str] | None, found: Mapping[str, Any]) -> bool:
    village = found.get("village")
    return areas is None or bool(village and any(village.startswith(area) for area in areas))


def _become_guardian(actor: Staff, round_code: str, child: ObjectId, guardian: ObjectId) -> None:
    """Establish the guardianship that the register shows, where none is in force."""
    with suppress(NotGuardian):
        applying.guardianship(guardian, child)
        return
    evidence = _shown_by_find(round_code, child, guardian) or _shown_by_household(child, guardian)
    if not evidence:
        raise NotGuardian

    def raise_levels(session: ClientSession) -> None:
        for one in (child, guardian):
            person.raise_level(one, "matched", session)

    transactions.run(raise_levels)
    relation.establish("guardian", child, guardian, method="register", evidence=[evidence], by=actor.key)


def _shown_by_find(round_code: str, child: ObjectId, guardian: ObjectId) -> str:
    found = candidate.of_child(round_code, child)
    named = found and found["source"] == "register" and guardian in found["guardians"]
    return f"school_candidate:{found['_id']}" if found and named else ""


def _shown_by_household(child: ObjectId, guardian: ObjectId) -> str:
    about = Subject(person=guardian)
    answer = fetch.ask("household", about)
    found = matching.shown_child(about, child)
    if found is None and answer.result not in ("fresh", "found", "no_record", "not_matched", "not_askable"):
        raise matching.RegisterAway
    return f"fact:{found.id}" if found else ""


def _submit(who: Applying, in_round: Mapping[str, Any], found: dict[str, Any], paper: Paper) -> dict[str, Any]:
    known = locality.gathered(in_round, found, ask=True)
    told = {
        "basis": _told(best(in_round, known, paper.choices)),
        "choices": list(paper.choices),
        "accepts_coordination": paper.accepts_coordination,
    }
    saved = draft.save(who, found["_id"], told, found["seq"], known=known)
    return submit.submit(who, found["_id"], saved["seq"], known=known)


def best(in_round: Mapping[str, Any], known: Gathered, wanted: Sequence[str]) -> Basis:
    """Return the basis that serves a family best: one that is certain and to which its choices fit, household first.

    Raises:
        NoBasis: the registers show none.
    """
    if not known.bases:
        raise NoBasis

    def rank(one: Basis) -> tuple[bool, bool, int]:
        return not one.located.certain, not _fits(in_round, one, wanted), ORDER.index(one.kind)

    return min(known.bases, key=rank)


def _fits(in_round: Mapping[str, Any], one: Basis, wanted: Sequence[str]) -> bool:
    try:
        choices.require(in_round, wanted, one.located)
    except FormWrong:
        return False
    return True


def _told(basis: Basis) -> dict[str, str]:
    return {"kind": basis.kind, "fact_id": str(basis.fact_id)}
