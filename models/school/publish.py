"""Publishing a draw (公布派位结果): two persons, then one transaction that lets the round point to its draw.

Every reader goes by that pointer, so everybody sees everything from one moment on. What follows rides in the same
write: the offers (`school.make_offers`), and a notice to each family that names no school.
"""

from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from models.identity.actors import Staff
from models.messaging import notice
from models.school import draw, draw_proposal, result, seats
from models.school import round as rounds
from models.school.draw_proposal import Proposal

MOST_LIST_DAYS = 30
NOTICE_BATCH = 200


def propose(actor: Staff, round_code: str, reason: str, list_days: int) -> dict[str, Any]:
    """Propose to publish the draw of a round; a second person approves. The list of names lasts `list_days`.

    Raises:
        NotAllowed: no role of the actor publishes.
        NotFound: the round has no draw.
        DrawMoved: it is not computed, was published, or something waits for a second person.
    """
    actor.require("school.publish")
    found = draw.live(round_code)
    details = {name.partition(".")[0]: told["sha256"] for name in ("result.csv",) if (told := draw.file(found, name))}
    told, made = {"list_days": list_days}, ObjectId()
    effect = outbox.entry("trust", "school.publish_approved", draw=str(found["_id"]), approval=str(made))
    return draw_proposal.propose(actor, found, Proposal("publish", reason, effect, made, told, details))


def carry_out(draw_id: ObjectId, approval_id: ObjectId) -> None:
    """Publish a draw as two persons agreed, once."""
    waiting = draw_proposal.agreed(draw_id, approval_id)
    if waiting is None:
        return
    found, decided = waiting
    now, by = clock.now(), f"staff:{decided['decided_by']}"
    told = {
        "state": "published",
        "published_at": now,
        "list_until": now + timedelta(days=found["proposal"]["list_days"]),
    }
    offers = outbox.entry("affairs", "school.make_offers", draw=str(draw_id))

    def change(session: ClientSession) -> None:
        guard = {"proposal.approval": approval_id}
        unset = ("proposal",)
        draw.move(
            found,
            ("computed",),
            "publish",
            told,
            by=by,
            unit=decided["unit"],
            unset=unset,
            guard=guard,
            session=session,
        )
        for school, more in sorted(found.get("extra", {}).items()):
            seats.tie(found["round"], school, more, session)
        pointer = {"draw": draw_id, "published_at": now}
        rounds.move(
            found["round"], ("drawn",), "published", actor=None, what="publish", told=pointer, follow=(offers,),
            session=session,
        )  # fmt: skip
        jobs.start(
            "school.tell_results",
            args={"draw": str(draw_id)},
            total=found["applicants"],
            started_by=by,
            unit=decided["unit"],
            session=session,
        )

    draw_proposal.carry_out(draw_id, approval_id, change)
    for queue in ("affairs", "reports"):
        outbox.wake(queue)


def tell(job_id: ObjectId) -> None:
    """Tell the families of a draw that the result is out, some at a time; a notice is stored once.

    Raises:
        outbox.Later: more are left.
    """
    draw_id = ObjectId(jobs.read(job_id)["args"]["draw"])
    name = rounds.read(draw.read(draw_id)["round"])["name"]

    def batch(position: str | None) -> list[str]:
        return [one["_id"] for one in result.after(draw_id, position, NOTICE_BATCH)]

    def step(found_id: str) -> str | None:
        one = result.of_application(draw_id, ObjectId(found_id.partition(":")[2]))
        if one and one.get("account"):
            notice.tell(one["account"], "school_result", key=f"{one['application']}:{draw_id}", values={"round": name})
        return None

    jobs.work(job_id, batch, step)
