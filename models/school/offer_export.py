"""The offers of a round, or of one school, as a table: only by two persons, with an access line and an audit entry.

Names of children below fourteen stand in it. The privacy officer who agrees to the export is who decides on seeing
children's records as well, so there is no export without that second person, however few its rows. What was approved is
made when it is fetched, from the offers that were there when it was proposed: no copy lies about.
"""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import mask_name
from models.audit import access_line, entry
from models.identity import approval, approved_export, person
from models.identity.actors import Staff
from models.identity.approved_export import NotFetchable
from models.school import offer, offer_answer, school
from models.school import round as rounds
from models.school.notice_paper import PURPOSE
from models.school.offer import SchoolOffer
from models.school.offer_views import FIELDS

OPERATION = "school.offer"
KIND = "school_offers"
MOST = 20_000
HEADERS = ("学校", "姓名(未确认的已打码)", "录取方式", "志愿序号", "状态", "通知书编号", "确认截止")
_PAGE = 1_000


class OfferExportNotApproved(NotFetchable):
    """409: nobody has agreed yet, or it is too late."""

    code = "school_export_not_approved"


def propose(actor: Staff, round_code: str, code: str, *, reason: str) -> dict[str, Any]:
    """Propose to export the offers of a school, or of all with `code` empty, and return the proposal.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such round or school, or outside the actor's scope.
    """
    actor.require(OPERATION)
    rounds.read(round_code)
    _require_reach(actor, code)
    count = SchoolOffer._get_collection().count_documents(_query(round_code, code, None), limit=MOST)
    made = approval.record(actor, "export", f"{KIND}:{round_code}:{code}", reason=reason, details={"rows": count})
    return approval.propose(actor, made)


def _require_reach(actor: Staff, code: str) -> None:
    if code:
        offer_answer.reach_school(actor, OPERATION, code)
    elif not actor.covers(OPERATION, unit="", area=""):
        raise NotFound


def _query(round_code: str, code: str, before: ObjectId | None) -> dict[str, Any]:
    query: dict[str, Any] = {"round": round_code, "state": {"$in": list(offer.STANDING)}}
    query |= {"school": code} if code else {}
    return query | ({"_id": {"$lt": before}} if before else {})


def approved_rows(actor: Staff, approval_id: ObjectId) -> list[list[Any]]:
    """Return the lines of one's own approved export; the access line is stored before, each time.

    Raises:
        NotFound: no such proposal of the actor, or the school has left their scope.
        OfferExportNotApproved: not approved, or longer ago than a day.
    """
    actor.require(OPERATION)
    asked, about = approved_export.own(actor, approval_id, KIND)
    round_code, _, code = about.partition(":")
    _require_reach(actor, code)
    approved_export.require_fetchable(asked, OfferExportNotApproved)
    return _handed_out(actor, round_code, code, approval_id)


def _handed_out(actor: Staff, round_code: str, code: str, approval_id: ObjectId) -> list[list[Any]]:
    query = _query(round_code, code, approval_id)
    found = list(SchoolOffer._get_collection().find(query, {"outbox": 0, "history": 0}).sort("school", 1).limit(MOST))
    made: list[list[Any]] = []
    names = school.names({one["school"] for one in found})
    for start in range(0, len(found), _PAGE):
        some = found[start : start + _PAGE]
        subjects = [one["child"] for one in some]
        access_line.record(actor, purpose=PURPOSE, subjects=subjects, fields=FIELDS, case=str(approval_id))
        known = person.several(subjects)
        made += [_row(one, names[one["school"]], known.get(one["child"])) for one in some]
    told = {"rows": len(made), "approval": str(approval_id)}
    entry.write(entry.line(actor.key, "school_offer.export", f"{KIND}:{round_code}:{code}", unit=actor.unit, **told))
    return made


def _row(found: dict[str, Any], school_zh: str, child: Any) -> list[Any]:
    name = "" if child is None else child.name if found["state"] in offer.HELD else mask_name(child.name)
    until = clock.civil(found["respond_by"]).strftime("%Y-%m-%d %H:%M")
    told = [offer.KINDS[found["kind"]], found["rank"] or "", offer.STATES[found["state"]]]
    return [school_zh, name, *told, found.get("number", ""), until]
