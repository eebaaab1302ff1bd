"""The day on which children report to their school (报到日): set with the round or later, and told once it changes.

It stands on every admission notice, so none is given out before it is set. After the publication a new day is told to
each family that holds a place or may accept one; a notice that was printed before names the old one.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import jobs, outbox
from backend.errors import Conflict
from backend.store import transactions
from models.identity.actors import Staff
from models.school import offer, offer_tell
from models.school import round as rounds
from models.school.offer import SchoolOffer

BATCH = 200
CHANGEABLE = ("preparing", "open", "frozen", "drawn", "published")
TOLD = ("offered", "accepted")


class ReportDayMissing(Conflict):
    """409: the round does not say when children report to their school."""

    code = "school_report_day_missing"
    zh = "本批次的报到日尚未确定,暂不能出具入学通知书;县教科体局确定报到日后即可领取,请稍后再试。"
    en = "The round does not name the day on which children report yet. Notices are given out once it does."


def put(actor: Staff, round_code: str, day: str) -> dict[str, Any]:
    """Set the day of a round and return the round; families are told of it after the publication.

    The same day again changes nothing.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundWrong: the reviews last longer.
        RoundStateWrong: the round ended, or was changed meanwhile.
    """
    actor.require("school.plan")
    found = rounds.read(round_code)
    before = found.get("report_day")
    rounds.require_consistent({**found, "report_day": day})
    if before == day:
        return found

    def change(session: ClientSession) -> dict[str, Any]:
        moved = rounds.move(
            round_code,
            CHANGEABLE,
            "",
            actor=actor,
            what="report_day_set",
            guard={"report_day": before},
            noted={"day": day},
            told={"report_day": day},
            session=session,
        )
        if moved["state"] == "published":
            _begin_telling(actor, round_code, day, session)
        return moved

    moved = transactions.run(change)
    outbox.wake("reports")
    return moved


def _begin_telling(actor: Staff, round_code: str, day: str, session: ClientSession) -> None:
    told = {"round": round_code, "day": day}
    query = {"round": round_code, "state": {"$in": list(TOLD)}}
    total = SchoolOffer._get_collection().count_documents(query, session=session)
    jobs.start("school.tell_report_day", args=told, total=total, started_by=actor.key, unit=actor.unit, session=session)


def tell(job_id: ObjectId) -> None:
    """Tell the families of a round its day, some at a time, each once; a day that was changed again is not told.

    Raises:
        outbox.Later: more are left.
    """
    told = jobs.read(job_id)["args"]
    day = told["day"]

    def batch(position: str | None) -> list[str]:
        if rounds.read(told["round"]).get("report_day") != day:
            return []
        query = {"round": told["round"], "state": {"$in": list(TOLD)}}
        after = {"_id": {"$gt": ObjectId(position)}} if position else {}
        found = SchoolOffer._get_collection().find({**query, **after}, {"_id": 1}).sort("_id", 1).limit(BATCH)
        return [str(one["_id"]) for one in found]

    def step(offer_id: str) -> None:
        offer_tell.tell_day(offer.read(ObjectId(offer_id)), day)

    jobs.work(job_id, batch, step)


def required(found_round: dict[str, Any]) -> str:
    """Return the day of a round.

    Raises:
        ReportDayMissing: nobody set it.
    """
    if not found_round.get("report_day"):
        raise ReportDayMissing
    return str(found_round["report_day"])
