"""What is shown of approvals: to who proposed them, and to who may decide. Plain dicts."""

from typing import Any, Literal

from bson import ObjectId

from backend import clock, runtime
from backend.errors import NotFound
from backend.store import paging
from models.identity import approval
from models.identity.actors import Staff

Whose = Literal["to_decide", "own"]


def listed(
    actor: Staff, whose: Whose, state: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of proposals, newest first: the actor's own, or those that they may decide on."""
    query: dict[str, Any] = {"proposed_by": actor.staff_id}
    if whose == "to_decide":
        kinds = [kind for kind in approval.KINDS if approval.may_decide(actor, kind)]
        strangers = {"proposed_by": {"$ne": actor.staff_id}, "member": {"$ne": actor.staff_id}}
        query = {"kind": {"$in": kinds}, **strangers}
    query |= _in(state)
    found, following = paging.page(
        approval.Approval._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [shown(one) for one in found], following


def _in(state: str) -> dict[str, Any]:
    now = clock.now()
    if state == "proposed":
        return {"state": "proposed", "expires_at": {"$gt": now}}
    if state == "expired":
        return {"$or": [{"state": "expired"}, {"state": "proposed", "expires_at": {"$lte": now}}]}
    return {"state": state}


def one(actor: Staff, approval_id: ObjectId) -> dict[str, Any]:
    """Return a proposal of the actor, or one that they may decide on.

    Raises:
        NotFound: neither.
    """
    found = approval.read(approval_id)
    if found["proposed_by"] != actor.staff_id and not approval.may_decide(actor, found["kind"]):
        raise NotFound
    return shown(found)


def shown(found: dict[str, Any], *, pin: str = "") -> dict[str, Any]:
    """Return a proposal ready for the wire; `pin` is told once, to who approved."""
    state = approval.state_of(found)
    told: dict[str, Any] = {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "kind_zh": approval.KINDS[found["kind"]].zh,
        "state": state,
        "state_zh": approval.STATE_ZH[state],
        "about": found["about"],
        "unit": found["unit"],
        "details": found["details"],
        "reason": runtime.current().sealer.open("approvals.reason", found["_id"], found["reason"]),
        "proposed_by": f"staff:{found['proposed_by']}",
        **{name: _time(found[name]) for name in ("proposed_at", "expires_at", "decided_at", "until") if name in found},
    }
    if found.get("decided_by"):
        told["decided_by"] = f"staff:{found['decided_by']}"
    if found.get("outcome"):
        told["outcome"] = found["outcome"]
    return told | ({"pin": pin} if pin else {})


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
