"""Result papers and their delivery as screens show them; who of the staff sees one leaves an access line first."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from backend.store import paging
from models.affairs import (
    applicant,
    attachments,
    case,
    delivery,
    delivery_handle,
    desks,
    result_code,
    result_paper,
    service_item,
)
from models.affairs.case_views import wire
from models.affairs.delivery import Address, ResultDelivery
from models.audit import access_line
from models.identity import minor_approval
from models.identity.actors import Member, Resident, Staff
from models.media import file
from models.media.file import Content

Applicant = Resident | Member
_LISTED = ("number", "zh", "way", "state", "unit", "chosen_at", "carrier", "tracking")


def own(actor: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Return the result of one's case: number, where anybody checks it, the ways it may go, and how it goes.

    Raises:
        NotFound: not the applicant's case.
        PaperNotThere: there is no result that counts.
    """
    found = _own(actor, case_id)
    paper = result_paper.standing(found)
    return _shown(paper) | {"ways": _ways(found), "delivery": _delivery(paper["_id"])}


def _own(actor: Applicant, case_id: ObjectId) -> dict[str, Any]:
    found = case.read(case_id)
    applicant.own(actor, found)
    return found


def _shown(paper: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(paper["_id"]),
        "number": paper["number"],
        "zh": paper["zh"],
        "state": paper["state"],
        "state_zh": result_paper.STATES[paper["state"]],
        "unit": paper["unit"],
        "made_at": wire(paper["made_at"]),
        "sha256": paper.get("sha256", ""),
        "verify_url": result_code.url(paper),
    }


def _offered(found: Mapping[str, Any]) -> list[str]:
    item = service_item.of_case(found)
    return list(item["delivery"]) if item else []


def _ways(found: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"code": way, "zh": delivery.WAYS[way]} for way in _offered(found)]


def _delivery(paper_id: ObjectId) -> dict[str, Any] | None:
    found = delivery.read(paper_id)
    return own_delivery(found) if found else None


def own_delivery(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a delivery as its applicant sees it: with the pick-up code and the address."""
    told = brief(found) | {"history": [_line(line) for line in found["history"]]}
    told |= {"address": address} if (address := delivery.address_of(found)) else {}
    ready = found["state"] == "ready"
    return told | ({"pick_up_code": delivery.code_of(found)} if ready else {})


def _line(line: Mapping[str, Any]) -> dict[str, str]:
    return {"state": line["state"], "state_zh": delivery.STATES[line["state"]], "at": wire(line["at"])}


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a delivery as a list shows it; nothing in it says whose it is."""
    told = {
        "id": str(found["_id"]),
        "number": found["number"],
        "zh": found["zh"],
        "way": found["way"],
        "way_zh": delivery.WAYS[found["way"]],
        "state": found["state"],
        "state_zh": delivery.STATES[found["state"]],
        "chosen_at": wire(found["chosen_at"]),
    }
    return told | {name: found[name] for name in ("carrier", "tracking") if found.get(name)}


def own_pdf(actor: Applicant, case_id: ObjectId) -> Content:
    """Return the result of one's case as PDF, and note that the electronic one has arrived.

    Raises:
        NotFound: not the applicant's case.
        PaperNotThere: there is no result that counts.
    """
    found = _own(actor, case_id)
    paper = result_paper.standing(found)
    content = file.content(paper["file"], attached_to=attachments.place(found))
    delivery.downloaded(actor.key, paper)
    return content


def choose(actor: Applicant, case_id: ObjectId, way: str, address: Address | None) -> dict[str, Any]:
    """Choose how one's result comes, and return the delivery.

    Raises:
        NotFound: not the applicant's case.
        PaperNotThere: there is no result that counts.
        WayNotOffered: the item does not offer the way, or there is no address for the post.
        DeliveryStateWrong: it was sent or received.
    """
    found = _own(actor, case_id)
    paper = result_paper.standing(found)
    return own_delivery(delivery.choose(actor.key, paper, _offered(found), way, address))


def renew_code(actor: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Give another pick-up code for one's paper at the counter, and return the delivery.

    Raises:
        NotFound: not the applicant's case, or no way was chosen.
        PaperNotThere, DeliveryStateWrong: nothing lies at the counter.
    """
    return own_delivery(delivery.new_code(actor.key, _chosen(actor, case_id)))


def confirm(actor: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Say that the post has brought one's paper, and return the delivery.

    Raises:
        NotFound: not the applicant's case, or no way was chosen.
        PaperNotThere, DeliveryStateWrong: nothing is on the post.
    """
    return own_delivery(delivery.confirm(actor.key, _chosen(actor, case_id)))


def _chosen(actor: Applicant, case_id: ObjectId) -> dict[str, Any]:
    found = delivery.read(result_paper.standing(_own(actor, case_id))["_id"])
    if found is None:
        raise NotFound
    return found


def staff_pdf(actor: Staff, case_id: ObjectId, *, purpose: str) -> Content:
    """Return the result of a case as PDF, to be printed, after an access line.

    Raises:
        NotFound: no such case within the actor's scope.
        PaperNotThere: there is no result that counts.
        MinorApprovalNeeded: the applicant is a child below fourteen, and there is no approval.
    """
    found = case.read(case_id)
    desks.reach(actor, "case.read", found)
    paper, subjects = result_paper.standing(found), case.subjects(found)
    minor_approval.require(actor, *subjects)
    access_line.record(
        actor, purpose=purpose, subjects=subjects, fields=["person.name", "case.result"], case=found["number"]
    )
    return file.content(paper["file"], attached_to=attachments.place(found))


def waiting(actor: Staff, state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the deliveries of the actor's units in a state, oldest first.

    Raises:
        NotAllowed: no role of the actor hands results over.
    """
    actor.require(delivery_handle.OPERATION)
    units = actor.units_for(delivery_handle.OPERATION) or set()
    if not units:
        return [], None
    query = {"unit": {"$in": sorted(units)}, "state": state}
    found, following = paging.page(
        ResultDelivery._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=_LISTED
    )
    return [brief(one) for one in found], following


def for_staff(actor: Staff, paper_id: ObjectId, *, purpose: str) -> dict[str, Any]:
    """Return a delivery with its address, after an access line.

    Raises:
        NotFound: no such delivery of the actor's units.
        MinorApprovalNeeded: the applicant is a child below fourteen, and there is no approval.
    """
    found = delivery_handle.within(actor, paper_id)
    owner = case.read(found["case"])
    subjects = case.subjects(owner)
    minor_approval.require(actor, *subjects)
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=["case.delivery"], case=owner["number"])
    told = brief(found) | {"case": str(found["case"]), "history": [_line(line) for line in found["history"]]}
    return told | ({"address": address} if (address := delivery.address_of(found)) else {})
