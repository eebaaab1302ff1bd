"""The places of a school after the publication: taken and given back by offers, more by the bureau or an appeal.

An appeal that was won may bring one pupil more than the plan says: `over` counts those places. They come with the
offer and go with it, so that nobody moves up into one.
"""

from collections.abc import Mapping
from typing import Any

from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.school import round as rounds
from models.school import seat_plan
from models.school.seat_plan import SeatPlan, SeatPlanWrong


def take(round_code: str, school: str, session: ClientSession, count: int = 1) -> None:
    """Take places of a school.

    Raises:
        SeatsGone: fewer are left.
    """
    seat_plan.take(seat_plan.plan_id(round_code, school), session, count)


def over(round_code: str, school: str, by: str, about: str, session: ClientSession) -> None:
    """Add a place to a full school and take it at once, for an appeal that was won.

    Raises:
        SeatsGone: the school has no plan in this round.
    """
    where = seat_plan.plan_id(round_code, school)
    more = {"$inc": {"places": 1, "taken": 1, "over": 1}}
    if not SeatPlan._get_collection().update_one({"_id": where}, more, session=session).matched_count:
        raise seat_plan.SeatsGone
    entry.write(entry.line(by, "seat_plan.over", f"seat_plan:{where}", case=about), session)


def tie(round_code: str, school: str, more: int, session: ClientSession) -> None:
    """Add the places of those who come with their twin: a group is drawn on one seat, and each child takes a place."""
    where = seat_plan.plan_id(round_code, school)
    SeatPlan._get_collection().update_one({"_id": where}, {"$inc": {"places": more, "tied": more}}, session=session)


def give_back(offer: Mapping[str, Any], session: ClientSession) -> None:
    """Give the place of an offer back; the one that an appeal added goes with it."""
    where = seat_plan.plan_id(offer["round"], offer["school"])
    if not offer.get("over"):
        seat_plan.give_back(where, session)
        return
    guard = {"_id": where, "taken": {"$gte": 1}, "over": {"$gte": 1}}
    fewer = {"$inc": {"places": -1, "taken": -1, "over": -1}}
    SeatPlan._get_collection().update_one(guard, fewer, session=session)


def refill_entry(round_code: str, school: str) -> dict[str, Any]:
    """Return the outbox entry that offers the free places of a school to who waits."""
    return outbox.entry("affairs", "school.refill", round=round_code, school=school)


def increase(actor: Staff, round_code: str, school: str, more: int) -> dict[str, Any]:
    """Give a school more places after the publication and return its plan; those who wait move up.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round, or the school has no plan in it.
        RoundStateWrong: the round is not published.
        SeatPlanWrong: the classes do not hold that many.
    """
    actor.require("school.plan")
    found = seat_plan.read(round_code, school)
    room = found["classes"] * found["class_size"] - found["places"]
    if more > room:
        raise SeatPlanWrong(fields={"more": [f"班级最多还能容纳 {max(room, 0)} 人。"]})
    follow = [refill_entry(round_code, school)]
    guard = {"_id": found["_id"], "places": {"$lte": found["classes"] * found["class_size"] - more}}

    def change(session: ClientSession) -> None:
        update = {"$inc": {"places": more, "increased": more}}
        if not SeatPlan._get_collection().update_one(guard, update, session=session).matched_count:
            raise SeatPlanWrong(fields={"more": ["名额刚刚变动,请刷新后再办理。"]})
        rounds.move(round_code, ("published",), "", actor=actor, what="seats_increased", follow=follow, session=session)

    transactions.run(change)
    outbox.wake("affairs")
    return seat_plan.read(round_code, school)


def of_round(round_code: str) -> dict[str, dict[str, Any]]:
    """Return the plans of a round, by school."""
    return {one["school"]: one for one in seat_plan.of_round(round_code)}
