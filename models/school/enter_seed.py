"""Entering the seed: one person enters it after the announced moment, another one confirms the same text.

From the confirmation on the seed is public, as it was thrown or drawn in public. How often one was proposed is counted
and published, so that nobody tries several in silence; the draw is computed at once, nobody sets it going.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.allocation import published
from backend.errors import Conflict
from models.identity.actors import Staff
from models.school import draw, draw_files, draw_proposal, seed_source
from models.school import round as rounds
from models.school.draw_proposal import Proposal


class SeedTooEarly(Conflict):
    """409: the announced moment has not come."""

    code = "school_seed_too_early"
    zh = "公告的种子产生时间为 {moment},到时才能录入。"
    en = "The seed comes into being at {moment}. Enter it after that."


def propose(actor: Staff, round_code: str, seed: str, signature: str = "") -> dict[str, Any]:
    """Enter the seed of a round's draw; it counts when a second person confirms it.

    Raises:
        NotAllowed: no role of the actor draws.
        NotFound: the round has no draw.
        SeedTooEarly: the announced moment has not come.
        SeedWrong: this is no seed of the announced source.
        DrawMoved: a seed was confirmed, or something waits for a second person.
    """
    actor.require("school.draw")
    found = draw.live(round_code)
    source = found["seed_source"]
    if clock.now() < source["moment"]:
        raise SeedTooEarly(moment=rounds.wire(source["moment"]))
    seed_source.require_form(source, seed, signature)
    told = {"seed": seed} | ({"signature": signature} if signature else {})
    made = ObjectId()
    effect = outbox.entry("trust", "school.seed_approved", draw=str(found["_id"]), approval=str(made))
    return draw_proposal.propose(actor, found, Proposal("seed", source["zh"], effect, made, told, told))


def carry_out(draw_id: ObjectId, approval_id: ObjectId) -> None:
    """Take the seed that two persons agreed on, once, and let the draw be computed."""
    waiting = draw_proposal.agreed(draw_id, approval_id)
    if waiting is None:
        return
    found, decided = waiting
    proposal = found["proposal"]
    stored = draw_files.put(found["file_ids"], published.SEED, published.seed(proposal["seed"]))
    told = {name: proposal[name] for name in ("seed", "signature") if name in proposal}
    told |= {"state": "seeded", "seeded_at": clock.now()}
    compute = outbox.entry("reports", "school.compute_draw", draw=str(draw_id))

    def change(session: ClientSession) -> None:
        guard = {"proposal.approval": approval_id}
        draw.move(
            found,
            ("frozen",),
            "seed",
            told,
            by=f"staff:{decided['decided_by']}",
            unit=decided["unit"],
            unset=("proposal",),
            push={"files": stored},
            follow=(compute,),
            guard=guard,
            session=session,
        )

    draw_proposal.carry_out(draw_id, approval_id, change)
    outbox.wake("reports")
