"""Ending a round (招生批次结束): nothing is offered any more, and properties that placed nobody are free again.

The job that frees them (`unused_property`) begins with the same write.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.identity.actors import Staff
from models.school import offer_make, unused_property
from models.school import round as rounds
from models.school.appeal import SchoolAppeal
from models.school.application import SchoolApplication
from models.school.application_states import LIVE
from models.school.offer import SchoolOffer

BATCH = 200


class RoundBusy(Conflict):
    """409: families still have an answer to give or to get."""

    code = "school_round_busy"
    zh = "还有 {offers} 个录取等待家长确认、{appeals} 件申诉在办,处理完毕后才能结束本批次。"
    en = "{offers} offers wait for an answer and {appeals} appeals are open. The round ends after them."


def end(actor: Staff, round_code: str) -> dict[str, Any]:
    """End a published round and return it; again changes nothing.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundStateWrong: it is not published.
        RoundBusy: offers wait for an answer, or are still made, or appeals are open.
    """
    actor.require("school.plan")
    found = rounds.read(round_code)
    if found["state"] == "ended":
        return found
    rounds.require_state(found, ("published",))
    waiting, open_appeals = _open(round_code)
    if waiting or open_appeals or not offer_make.made(found):
        raise RoundBusy(offers=waiting, appeals=open_appeals)

    def change(session: ClientSession) -> dict[str, Any]:
        ended = rounds.move(
            round_code, ("published",), "ended", actor=actor, what="ended", told={"ended_at": clock.now()},
            session=session,
        )  # fmt: skip
        total = SchoolApplication._get_collection().count_documents(_query(round_code), session=session)
        told = {"round": round_code}
        jobs.start(
            "school.free_properties", args=told, total=total, started_by=actor.key, unit=actor.unit, session=session
        )
        return ended

    ended = transactions.run(change)
    outbox.wake("reports")
    return ended


def _open(round_code: str) -> tuple[int, int]:
    """Return how many offers wait for an answer, and how many appeals are open."""
    offers = SchoolOffer._get_collection().count_documents({"round": round_code, "state": "offered"})
    return offers, SchoolAppeal._get_collection().count_documents({"round": round_code, "state": "open"})


def _query(round_code: str) -> dict[str, Any]:
    return {"round": round_code, "state": {"$in": sorted(LIVE)}}


def free_properties(job_id: ObjectId) -> None:
    """Free the properties of a round that placed nobody, some at a time; doing it again changes nothing.

    Raises:
        outbox.Later: more are left.
    """
    round_code = jobs.read(job_id)["args"]["round"]

    def batch(position: str | None) -> list[str]:
        after = {"_id": {"$gt": ObjectId(position)}} if position else {}
        found = SchoolApplication._get_collection().find({**_query(round_code), **after}, {"_id": 1})
        return [str(one["_id"]) for one in found.sort("_id", 1).limit(BATCH)]

    def step(application_id: str) -> None:
        transactions.run(lambda session: unused_property.let_go(ObjectId(application_id), session))

    jobs.work(job_id, batch, step)
