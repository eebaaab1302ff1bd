"""Ratings as screens show them: to who rated, and to who makes the return visit."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from models.affairs import applicant, case, desks, rating, return_visit
from models.affairs.case_views import wire
from models.audit import access_line
from models.identity import minor_approval, person, phone
from models.identity.actors import Member, Resident, Staff

FIELDS = ("person.name", "person.phone", "case.rating")
VISITING_ZH = "回访中"


def own(actor: Resident | Member, case_id: ObjectId) -> dict[str, Any]:
    """Return the rating of one's own case.

    Raises:
        NotFound: not the applicant's case, or it was not rated.
    """
    applicant.own(actor, case.read(case_id))
    found = rating.find(case_id)
    if found is None:
        raise NotFound
    return shown(found)


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rating, and how far its return visit has come."""
    told: dict[str, Any] = {
        "case": str(found["_id"]),
        "number": found["number"],
        "stars": found["stars"],
        "stars_zh": rating.STARS_ZH[found["stars"]],
        "tags": [{"code": tag, "zh": rating.TAGS_ZH[tag]} for tag in found["tags"]],
        "text": rating.text_of(found),
        "at": wire(found["at"]),
    }
    if found["stars"] in rating.BAD:
        outcome = found.get("visit", {}).get("outcome", "")
        told |= {"visit": outcome or "visiting", "visit_zh": _outcomes()[outcome] if outcome else VISITING_ZH}
    return told


def _outcomes() -> dict[str, str]:
    return {one.code: one.zh for step in return_visit.KIND.steps for one in step.outcomes}


def for_visit(actor: Staff, case_id: ObjectId, *, purpose: str) -> dict[str, Any]:
    """Return what is to be visited for: the rating, and how to reach who gave it, after an access line.

    Raises:
        NotFound: no return visit within the actor's scope, or the rating was erased.
        MinorApprovalNeeded: a child below fourteen rated, and there is no approval.
    """
    visit = case.read(case_id)
    desks.reach(actor, "case.read", visit)
    found = rating.find(visit["about"]["rated"]) if visit["kind"] == return_visit.KIND.code else None
    if found is None:
        raise NotFound
    rated = case.read(found["_id"])
    subjects = case.subjects(rated)
    minor_approval.require(actor, *subjects)
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=list(FIELDS), case=visit["number"])
    account = rated.get("account") or rated.get("sender")
    names = [one.name for one in person.several(subjects).values()]
    return shown(found) | {
        "unit": found["unit"],
        "kind": found["kind"],
        "name": names[0] if names else "",
        "phone": (phone.of_account(account) or "") if account else "",
    }
