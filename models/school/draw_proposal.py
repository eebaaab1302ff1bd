"""What two persons do to a draw (thaw, seed, publish): one proposes, another one approves, and then it has its effect.

One proposal waits at a time. Its effect and the end of the approval are one transaction, so what comes twice, or from
two workers at once, happens once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.audit import entry
from models.identity import approval, moving
from models.identity.actors import Staff
from models.school import draw
from models.school.draw import DrawMoved, SchoolDraw

PROPOSALS = {
    "thaw": ("school_thaw", ("frozen",)),
    "seed": ("school_seed", ("frozen",)),
    "publish": ("school_publish", ("computed",)),
}
"""What two persons do: the kind of its approval, and where the draw must stand."""


@dataclass(frozen=True)
class Proposal:
    """What is proposed (one of `PROPOSALS`), why, and the task of the queue `trust` that carries it out.

    `told` is what the draw keeps of it, `details` what the second person sees.
    """

    what: str
    reason: str
    effect: Mapping[str, Any]
    approval_id: ObjectId
    told: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


def propose(actor: Staff, found: Mapping[str, Any], wish: Proposal) -> dict[str, Any]:
    """Propose something to a second person and return the draw; one proposal waits at a time.

    Raises:
        DrawMoved: the draw is elsewhere, or another proposal waits.
    """
    kind, states = PROPOSALS[wish.what]
    made, draw_id = wish.approval_id, str(found["_id"])
    record = approval.record(
        actor,
        kind,
        f"school_draw:{draw_id}",
        reason=wish.reason,
        approval_id=made,
        effect=dict(wish.effect),
        otherwise=outbox.entry("trust", "school.proposal_dropped", draw=draw_id, approval=str(made)),
        details={"round": found["round"], **wish.details},
    )
    proposal = {"what": wish.what, "approval": made, "at": record["proposed_at"], **wish.told}

    def change(session: ClientSession) -> dict[str, Any]:
        guard = {"proposal": None}
        moved = draw.move(
            found, states, f"{wish.what}_propose", {"proposal": proposal}, by=actor, guard=guard, session=session
        )
        approval.store(actor, record, session)
        return moved

    return transactions.run(change)


def agreed(draw_id: ObjectId, approval_id: ObjectId) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the draw and what two persons agreed on, None where that has had its effect, or has none any more."""
    found, decided = draw.read(draw_id), approval.read(approval_id)
    waits = (found.get("proposal") or {}).get("approval") == approval_id
    return (found, decided) if waits and not decided.get("outcome") else None


def carry_out(draw_id: ObjectId, approval_id: ObjectId, change: Callable[[ClientSession], None]) -> None:
    """Let what two persons agreed on have its effect, in one transaction that ends the approval; once.

    Raises:
        DrawMoved: the draw is elsewhere, though nobody carried this out.
    """

    def effect(session: ClientSession) -> None:
        change(session)
        approval.finish(approval_id, "done", session)

    try:
        transactions.run(effect)
    except DrawMoved:
        if agreed(draw_id, approval_id):
            raise


def drop(draw_id: ObjectId, approval_id: ObjectId) -> None:
    """Forget a proposal that was refused, withdrawn or has expired, or whose time is over."""
    query = {"_id": draw_id, "proposal.approval": approval_id}
    line = entry.line("system:school", "school_draw.not_approved", f"school_draw:{draw_id}", approval=str(approval_id))
    moving.move(SchoolDraw, query, {"$unset": {"proposal": ""}}, line)
