"""Taking a frozen list back, by two persons, with a reason, and only before the seed can be known by anybody.

From the announced moment on the outcome could be computed by whoever has seed and list: then the list stays what it is,
and mistakes are mended by appeals. The digests of what was cancelled stay published.
"""

from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict
from models.identity import approval
from models.identity.actors import Staff
from models.school import draw, draw_proposal
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.draw_proposal import Proposal

AHEAD = timedelta(minutes=1)
"""So long before the moment of the seed the last thaw takes effect: clocks differ a little."""


class ThawTooLate(Conflict):
    """409: the seed may be known already."""

    code = "school_thaw_too_late"
    zh = "已到公告的种子产生时间({moment}),名单不能再解封;如有差错,请按申诉程序办理。"
    en = "The moment of the seed ({moment}) has come. The list stays as it is; mistakes are mended by appeals."


def propose(actor: Staff, round_code: str, reason: str) -> dict[str, Any]:
    """Propose to take the frozen list of a round back; a second person approves.

    Raises:
        NotAllowed: no role of the actor draws.
        NotFound: the round has no draw.
        DrawMoved: a seed was confirmed, or something waits for a second person.
        ThawTooLate: the moment of the seed has come.
    """
    actor.require("school.draw")
    found = draw.live(round_code)
    require_in_time(found)
    made = ObjectId()
    effect = outbox.entry("trust", "school.thaw_approved", draw=str(found["_id"]), approval=str(made))
    return draw_proposal.propose(actor, found, Proposal("thaw", reason, effect, made))


def require_in_time(found: dict[str, Any]) -> None:
    """Check that nobody can know the seed yet.

    Raises:
        ThawTooLate: somebody may.
    """
    moment = found["seed_source"]["moment"]
    if clock.now() + AHEAD >= moment:
        raise ThawTooLate(moment=rounds.wire(moment))


def carry_out(draw_id: ObjectId, approval_id: ObjectId) -> None:
    """Thaw a list as two persons agreed, once; approved too late it has no effect."""
    waiting = draw_proposal.agreed(draw_id, approval_id)
    if waiting is None:
        return
    found, decided = waiting
    try:
        require_in_time(found)
    except ThawTooLate:
        approval.finish(approval_id, "too_late")
        draw_proposal.drop(draw_id, approval_id)
        return
    by, now = f"staff:{decided['decided_by']}", clock.now()

    def change(session: ClientSession) -> None:
        guard = {"proposal.approval": approval_id}
        told = {"state": "cancelled", "cancelled_at": now}
        unset = ("live", "proposal")
        draw.move(
            found, ("frozen",), "thaw", told, by=by, unit=decided["unit"], unset=unset, guard=guard, session=session
        )
        rounds.move(found["round"], ("frozen",), "open", actor=None, what="thaw", session=session)
        query = {"round": found["round"], "frozen": True, "pseudonym": {"$gt": ""}}
        SchoolApplication._get_collection().update_many(
            query, {"$unset": {"frozen": "", "pseudonym": ""}}, session=session
        )

    draw_proposal.carry_out(draw_id, approval_id, change)
