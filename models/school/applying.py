"""Who applies for a child: a guardian on their phone, or one who stands at a clerk's counter.

What an application shows and lets do is decided by the guardianship of the moment, not by who began it: both parents
see it, and a guardianship that ended ends that. One that ended only because the child became fourteen lets the guardian
who began it go on: the law's guardianship lasts to eighteen (民法典第十七条、第二十七条).
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound, Unprocessable
from models.identity import consent, consent_text, levels, relation
from models.identity.actors import Resident, Staff
from models.identity.counter import NotStandingHere, Serving
from models.identity.relation import Relation
from models.school import application

MOST_CHILDREN = 50
CONSENT = "minor"


class NotGuardian(Unprocessable):
    """422: nobody but a guardian applies for a child."""

    code = "school_guardian_needed"
    zh = "入学申请由监护人提交:请先在“家庭成员”中通过户籍比对建立监护关系,或持户口簿、出生医学证明到窗口办理。"
    en = "A guardian applies. Let the household register confirm it, or visit a service counter with the papers."


@dataclass(frozen=True)
class Applying:
    """Who acts (`key`), as which guardian; `account` is None where a `clerk` does.

    A clerk acts by `serving` for who stands at the counter, or by a paper that the guardian signed on the day `signed`.
    """

    key: str
    person: ObjectId
    account: ObjectId | None = None
    resident: Resident | None = None
    clerk: Staff | None = None
    serving: Serving | None = None
    signed: str = ""

    @property
    def channel(self) -> str:
        """Return by which way the application comes."""
        return "counter" if self.clerk else "mini"


def by(resident: Resident) -> Applying:
    """Return a resident who acts in their own name.

    Raises:
        LevelNeeded: it is not sure enough who they are.
    """
    levels.require(resident.document["level"], "matched")
    assert resident.sure_person_id is not None
    return Applying(resident.key, resident.sure_person_id, resident.account_id, resident)


def at_counter(actor: Staff, serving: Serving) -> Applying:
    """Return the guardian who stands at a clerk's counter.

    Raises:
        NotAllowed: the clerk serves no applicants.
        NotStandingHere: who stands there is no guardian of the child.
    """
    actor.require("school.serve")
    if serving.relation_id is None or relation.read(serving.relation_id)["kind"] != "guardian":
        raise NotStandingHere
    return Applying(actor.key, serving.person_id, clerk=actor, serving=serving)


def by_paper(actor: Staff, guardian: ObjectId, signed: str) -> Applying:
    """Return a guardian who agreed on paper that others enter the application.

    Raises:
        NotAllowed: no role of the actor enters applications.
    """
    actor.require("school.serve")
    return Applying(actor.key, guardian, clerk=actor, signed=signed)


def guardianship(person_id: ObjectId, child_id: ObjectId) -> dict[str, Any]:
    """Return the relation in force that makes somebody the guardian of a child.

    Raises:
        NotGuardian: there is none.
    """
    found = relation.between(child_id, person_id, "affairs")
    if found is None or found["kind"] != "guardian":
        raise NotGuardian
    return found


def child_of_relation(applying: Applying, relation_id: ObjectId) -> ObjectId:
    """Return the child whose guardian one is by a relation.

    Raises:
        NotFound: no such relation of theirs.
        NotGuardian: it is none of a guardian, or not in force.
    """
    found = relation.read(relation_id)
    if found["agent"] != applying.person:
        raise NotFound
    guardianship(applying.person, found["for_person"])
    return ObjectId(found["for_person"])


def guardians(child_id: ObjectId) -> list[ObjectId]:
    """Return who are guardians of a child at present."""
    query = {"for_person": child_id, "kind": "guardian", **relation.in_force()}
    found = Relation._get_collection().find(query, {"agent": 1}).limit(MOST_CHILDREN)
    return sorted({one["agent"] for one in found})


def children(person_id: ObjectId) -> list[ObjectId]:
    """Return whose guardian somebody is at present."""
    query = {"agent": person_id, "kind": "guardian", **relation.in_force()}
    found = Relation._get_collection().find(query, {"for_person": 1}).limit(MOST_CHILDREN)
    return sorted({one["for_person"] for one in found})


def own(applying: Applying, application_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an application about a child of whom the one who acts is a guardian.

    Raises:
        NotFound: no such application of theirs.
    """
    found = application.read(application_id, session)
    if not reaches(applying.person, found):
        raise NotFound
    return found


def reaches(person_id: ObjectId, found: dict[str, Any]) -> bool:
    """Tell whether an application is about a child of whom somebody is a guardian."""
    held = relation.between(found["child"], person_id, "affairs")
    if held is not None and held["kind"] == "guardian":
        return True
    return found["guardian"] == person_id and _grown_up(found.get("relation"))


def _grown_up(relation_id: ObjectId | None) -> bool:
    """Tell whether a guardianship ended by nothing but the child's fourteenth birthday."""
    found = Relation._get_collection().find_one({"_id": relation_id}) if relation_id else None
    if found is None or found["kind"] != "guardian":
        return False
    if found["state"] == "ended":
        return bool(found.get("end_reason") == "grown_up")
    return bool(found["state"] == "active" and found["until"] <= clock.now())


def consent_of(applying: Applying, text_version: str = "") -> dict[str, Any]:
    """Return the guardian's consent to give a child's data, as an application keeps it.

    On a phone the account's holds; at a counter the guardian signs the newest text there (个人信息保护法第三十一条);
    in a collective registration they signed it on paper, which whoever enters it keeps.

    Raises:
        ConsentNeeded: it was not given.
        ConsentTextOutdated: what was signed is not the newest text.
    """
    if applying.resident is not None:
        consent.require(applying.resident, CONSENT)
        given = applying.resident.document["consents"][CONSENT]
        return {"purpose": CONSENT, "channel": "mini", "text_version": given["version"], "at": given["at"]}
    if applying.signed:
        texts = consent_text.in_force(CONSENT)
        told = {"purpose": CONSENT, "channel": "paper", "text_version": texts[0]["version"] if texts else ""}
        return told | {"signed_on": applying.signed, "at": clock.now()}
    text = consent_text.require_newest(CONSENT, text_version)
    told = {"purpose": CONSENT, "channel": "counter", "text_version": text["version"], "at": clock.now()}
    assert applying.serving is not None
    return told | {"counter_session": applying.serving.id}


def may_ask(applying: Applying) -> bool:
    """Tell whether the guardian agreed that registers are asked for what their screen shows."""
    return consent.holds(applying.person, "facts")
