"""How an offer is answered: accepted, declined, not answered in time; and the child who came on the day (报到).

What frees a place says so in the outbox of the offer that ended, in the same write: a kill in between loses no place.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from backend.store import transactions
from models.affairs import case_number, open_case
from models.audit import entry
from models.identity import staff
from models.identity.actors import Resident, Staff
from models.school import application as applications
from models.school import offer, school, unused_property
from models.school.application import SchoolApplication
from models.school.offer import OfferOver, SchoolOffer

NUMBERS = "RXTZ"


class TwinStays(Conflict):
    """409: a child tied to this one keeps its place in the same school."""

    code = "school_twin_stays"
    zh = "与该孩子捆绑的另一个孩子在同一所学校仍有录取;放弃后两个孩子将不在一校。仍要放弃请再次确认。"
    en = "The other child of this group keeps a place in the same school. Confirm again to give this one up."


def own(resident: Resident, offer_id: ObjectId) -> dict[str, Any]:
    """Return an offer of one's own application.

    Raises:
        LevelNeeded: it is not sure who asks.
        NotFound: no such offer of theirs.
    """
    found = offer.read(offer_id)
    own_application(resident, found["application"])
    return found


def own_application(resident: Resident, application_id: ObjectId) -> dict[str, Any]:
    """Return an application that one handed in as its guardian.

    Raises:
        LevelNeeded: it is not sure who asks.
        NotFound: no such application of theirs.
    """
    person = open_case.require_person(resident)
    found = applications.read(application_id)
    if found["guardian"] != person:
        raise NotFound
    return found


def accept(resident: Resident, offer_id: ObjectId) -> dict[str, Any]:
    """Accept an offer and return it; every lower one is released. Accepting again changes nothing.

    Raises:
        NotFound: not one's own.
        OfferOver: it does not stand any more.
        NotPlaceable: the application is not qualified.
    """
    found = own(resident, offer_id)
    if found["state"] in offer.HELD:
        return found
    now, number = clock.now(), case_number.take(NUMBERS)

    def change(session: ClientSession) -> dict[str, Any]:
        return _accepted(found, offer.FAMILY, now, number, session)

    accepted = transactions.run(change)
    outbox.wake("affairs")
    return accepted


def _accepted(found: Mapping[str, Any], by: str, now: Any, number: str, session: ClientSession) -> dict[str, Any]:
    offer.hold(found["application"], session)
    before = offer.read(found["_id"], session)
    if before["state"] in offer.HELD:
        return before
    release_lower(before, by, now, session)
    accepted = offer.move(
        found["_id"],
        {"state": "offered", "respond_by": {"$gt": now}},
        {"state": "accepted", "live": True, "answered_at": now, "number": number},
        line=offer.event("accepted", by, now),
        session=session,
    )
    if accepted is None:
        raise OfferOver(before)
    return accepted


def release_lower(found: Mapping[str, Any], by: str, now: Any, session: ClientSession) -> None:
    """Release the other offers of the application that stand lower, and let `found` be the live one.

    Raises:
        OfferOver: the family holds a higher choice already.
    """
    others = [one for one in offer.of_application(found["application"], session) if one["_id"] != found["_id"]]
    for one in (one for one in others if one.get("open")):
        higher = offer.place_of(one) < offer.place_of(found)
        if (higher and one["state"] in offer.HELD) or one["state"] == "enrolled":
            raise OfferOver({**found, "state": "released"})
        if higher:
            SchoolOffer._get_collection().update_one({"_id": one["_id"]}, {"$unset": {"live": ""}}, session=session)
        else:
            offer.end(one, "released", by=by, at=now, session=session)


def decline(resident: Resident, offer_id: ObjectId, *, confirmed: bool = False) -> dict[str, Any]:
    """Give up an offer, answered or not, and return it; again changes nothing.

    Raises:
        NotFound: not one's own.
        TwinStays: a child tied to this one stays in the school, and nobody confirmed.
        OfferOver: it does not stand any more.
    """
    found = own(resident, offer_id)
    if found["state"] == "declined":
        return found
    if not confirmed and found["state"] in {"offered", "accepted"} and _tied_there(found):
        raise TwinStays
    now = clock.now()

    def change(session: ClientSession) -> dict[str, Any]:
        ended = offer.end(
            found,
            "declined",
            by=offer.FAMILY,
            at=now,
            guard={"$or": [{"state": "accepted"}, {"respond_by": {"$gt": now}}]},
            session=session,
        )
        if ended is None:
            raise OfferOver(offer.read(offer_id, session))
        unused_property.let_go(found["application"], session)
        return ended

    ended = transactions.run(change)
    outbox.wake("affairs")
    return ended


def _tied_there(found: Mapping[str, Any]) -> bool:
    """Tell whether another child of the group has a place in the same school."""
    group = applications.read(found["application"]).get("group")
    if not group:
        return False
    query = {"round": found["round"], "group": group, "_id": {"$ne": found["application"]}}
    others = [one["_id"] for one in SchoolApplication._get_collection().find(query, {"_id": 1})]
    there = {"application": {"$in": others}, "school": found["school"], "open": True}
    return bool(others) and SchoolOffer._get_collection().find_one(there, {"_id": 1}) is not None


def lapse(offer_id: ObjectId) -> None:
    """End an offer that nobody answered in time and tell the family; before that, or after an answer, do nothing.

    Raises:
        outbox.Later: its time is not over.
    """
    found, now = offer.read(offer_id), clock.now()
    if found["state"] != "offered":
        return
    if found["respond_by"] > now:
        raise outbox.Later((found["respond_by"] - now).total_seconds())

    def change(session: ClientSession) -> None:
        offer.end(
            found,
            "lapsed",
            by="system:school",
            at=now,
            guard={"state": "offered", "respond_by": {"$lte": now}},
            follow=[offer.telling(offer_id, "lapsed")],
            session=session,
        )

    transactions.run(change)
    outbox.wake("affairs")


def reach(actor: Staff, operation: str, offer_id: ObjectId) -> dict[str, Any]:
    """Return an offer of a school that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such offer, or of a school outside the actor's scope.
    """
    actor.require(operation)
    found = offer.read(offer_id)
    reach_school(actor, operation, found["school"])
    return found


def reach_school(actor: Staff, operation: str, code: str) -> dict[str, Any]:
    """Return a school that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such school, or outside the actor's scope.
    """
    actor.require(operation)
    found = school.read(code)
    if not reaches(actor, operation, found):
        raise NotFound
    return found


def reaches(actor: Staff, operation: str, found: Mapping[str, Any]) -> bool:
    """Tell whether `operation` of the actor reaches a school: by its unit and its town."""
    return actor.covers(operation, unit=found["unit"], area=found.get("town") or "")


def enrol(actor: Staff, offer_id: ObjectId) -> dict[str, Any]:
    """Note that a child with an accepted place came to school (报到); again changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such offer, or of a school outside the actor's scope.
        OfferOver: the place was not accepted, or given up.
    """
    found, now = reach(actor, "school.offer", offer_id), clock.now()
    if found["state"] == "enrolled":
        return found
    line = entry.line(actor.key, "school_offer.enrol", f"school_offer:{offer_id}", unit=actor.unit)

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        offer.hold(found["application"], session)
        enrolled = offer.move(
            offer_id,
            {"state": "accepted"},
            {"state": "enrolled", "live": True},
            line=offer.event("enrolled", actor.key, now),
            session=session,
        )
        if enrolled is None:
            raise OfferOver(offer.read(offer_id, session))
        for one in offer.of_application(found["application"], session):
            if one.get("open") and one["_id"] != offer_id:
                offer.end(one, "released", by=actor.key, at=now, session=session)
        entry.write(line, session)
        return enrolled

    enrolled = transactions.run(change)
    outbox.wake("affairs")
    return enrolled


def release_all(application_id: ObjectId, by: str, session: ClientSession) -> int:
    """Release every offer of an application that was withdrawn or goes back to review; return how many stood."""
    standing = [one for one in offer.of_application(application_id, session) if one.get("open")]
    now = clock.now()
    return sum(offer.end(one, "released", by=by, at=now, session=session) is not None for one in standing)


def release_withdrawn(round_code: str) -> int:
    """Release the offers of applications that were withdrawn after the publication; return how many there were."""
    query = {"round": round_code, "state": "withdrawn"}
    gone = [one["_id"] for one in SchoolApplication._get_collection().find(query, {"_id": 1})]
    standing = SchoolOffer._get_collection().distinct("application", {"application": {"$in": gone}, "open": True})
    for application_id in standing:
        transactions.run(lambda session, one=application_id: release_all(one, "system:school", session))  # type: ignore[misc]
    return len(standing)
