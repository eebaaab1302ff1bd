"""Offers, appeals and transfers as they are read by the family, by a school, by the bureau. Plain dicts."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask_name
from backend.store import paging
from models.affairs.case import Case
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Resident, Staff
from models.school import appeal, offer, offer_answer, school, transfer
from models.school import round as rounds
from models.school.appeal import SchoolAppeal
from models.school.notice_paper import PURPOSE
from models.school.offer import SchoolOffer

FIELDS = ("person.name", "school.offer")
HIDDEN_FIELDS = ("school.offer",)


def wire(moment: Any) -> str:
    """Return a time as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")


def shown(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an offer without whose it is; `name` is how the school is called."""
    state = found["state"]
    if state == "offered" and found["respond_by"] <= clock.now():
        state = "lapsed"
    told = {
        "id": str(found["_id"]),
        "round": found["round"],
        "application_id": str(found["application"]),
        "school": found["school"],
        "school_zh": name,
        "choice": found["rank"],
        "kind": found["kind"],
        "kind_zh": offer.KINDS[found["kind"]],
        "state": state,
        "state_zh": offer.STATES[state],
        "offered_at": wire(found["offered_at"]),
        "respond_by": wire(found["respond_by"]),
        "notice": state in offer.HELD,
    }
    return told | ({"number": found["number"]} if found.get("number") else {})


def own(resident: Resident, application_id: ObjectId) -> list[dict[str, Any]]:
    """Return the offers of one's own application, newest first.

    Raises:
        NotFound: not one's own.
    """
    offer_answer.own_application(resident, application_id)
    found = offer.of_application(application_id)
    names = school.names(one["school"] for one in found)
    return [shown(one, names[one["school"]]) | _report(one) for one in found]


def one_own(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an offer to the family that it was made to."""
    return shown(found, school.names([found["school"]])[found["school"]]) | _report(found)


def _report(found: Mapping[str, Any]) -> dict[str, str]:
    return {"report_zh": rounds.report_zh(rounds.read(found["round"]))}


def of_school(
    actor: Staff, round_code: str, code: str, *, state: str = "", cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a school's offers, after an access line; a name is masked until the place was accepted.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such round, or no such school within the actor's scope.
    """
    name = offer_answer.reach_school(actor, "school.offer", code)["name"]
    rounds.read(round_code)
    query = {"round": round_code, "school": code, "state": state or {"$gte": ""}}
    found, following = paging.page(
        SchoolOffer._get_collection(), query, sort=("state", 1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return [*_with_names(actor, found, name)], following


def one_of_school(actor: Staff, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one offer to the staff of its school, after an access line."""
    return next(iter(_with_names(actor, [found], school.names([found["school"]])[found["school"]])))


def _with_names(actor: Staff, found: Iterable[Mapping[str, Any]], school_zh: str) -> list[dict[str, Any]]:
    rows = list(found)
    children = [one["child"] for one in rows]
    hidden = minor_approval.hidden(actor, children)
    looked(actor, children, hidden)
    known = person.several([one for one in children if one not in hidden])
    return [{**shown(one, school_zh), "name": name_of(one, known, hidden)} for one in rows]


def looked(actor: Staff, children: Iterable[ObjectId], hidden: set[ObjectId]) -> None:
    """Store the access lines of a look at offers: of whom only the offer is shown, the line says no more."""
    wanted = set(children)
    access_line.record(actor, purpose=PURPOSE, subjects=wanted - hidden, fields=FIELDS)
    access_line.record(actor, purpose=PURPOSE, subjects=wanted & hidden, fields=HIDDEN_FIELDS)


def name_of(found: Mapping[str, Any], known: Mapping[ObjectId, Any], hidden: set[ObjectId]) -> str:
    """Return a child's name as its school may read it: whole once the place was accepted, masked before."""
    if found["child"] in hidden:
        return minor_approval.HIDDEN
    child = known.get(found["child"])
    if child is None:
        return ""
    return str(child.name if found["state"] in offer.HELD else mask_name(child.name))


def appeals(
    actor: Staff, round_code: str, *, state: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the appeals of a round with their clocks; they name nobody.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such round.
    """
    actor.require("school.review")
    rounds.read(round_code)
    query = {"round": round_code, "state": state or {"$gte": ""}}
    found, following = paging.page(SchoolAppeal._get_collection(), query, sort=("state", 1), cursor=cursor, limit=limit)
    clocks = clocks_of(one["case"] for one in found)
    return [appeal_shown(one, clocks.get(one["case"], {})) for one in found], following


def clocks_of(cases: Iterable[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return the present work and clock of some cases."""
    wanted = {"work.due": 1, "work.urgency": 1, "work.state": 1, "work.holder": 1, "clock.due": 1}
    found = Case._get_collection().find({"_id": {"$in": list(cases)}}, wanted)
    return {one["_id"]: one for one in found}


def appeal_shown(found: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return an appeal; `case` is its work and clock, empty where they do not concern the reader."""
    told = {
        "id": str(found["_id"]),
        "case_id": str(found["case"]),
        "number": found["number"],
        "application_id": str(found["application"]),
        "what": found["what"],
        "what_zh": appeal.WHAT_ZH[found["what"]],
        "state": found["state"],
        "state_zh": appeal.STATES[found["state"]],
        "opened_at": wire(found["opened_at"]),
        "appeal_until": wire(appeal.until(found["about_at"])),
    }
    told |= {name: found[name] for name in ("school", "outcome_school") if found.get(name)}
    if work := case.get("work"):
        told |= {"due": wire(work["due"]), "urgency": work["urgency"], "overdue": work["due"] <= clock.now()}
        told |= {"taken": bool(work.get("holder"))}
    return told


def own_appeals(resident: Resident, application_id: ObjectId) -> list[dict[str, Any]]:
    """Return the appeals of one's own application, newest first.

    Raises:
        NotFound: not one's own.
    """
    offer_answer.own_application(resident, application_id)
    return [appeal_shown(one, {}) for one in appeal.of_application(application_id)]


def transfer_shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a transfer; it names nobody."""
    told = {
        "id": str(found["_id"]),
        "case_id": str(found["case"]),
        "number": found["number"],
        "offer_id": str(found["offer"]),
        "from_school": found["from_school"],
        "to_school": found["to_school"],
        "state": found["state"],
        "state_zh": transfer.STATES[found["state"]],
        "opened_at": wire(found["opened_at"]),
    }
    return told | ({"agrees": found["consent"]["agrees"]} if found.get("consent") else {})
