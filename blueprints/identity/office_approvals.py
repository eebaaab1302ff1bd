"""Two persons: proposals to decide on, and one's own."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import approval_schemas as schemas
from models.identity import approval, approval_views, minor_approval

approvals = Surface("office approvals", __name__, url_prefix="/office/v1", description="双人审批")
OWN = staff("approval.own")
DECIDE = staff("approval.decide")


@approvals.get("/approvals", access=OWN)
@approvals.arguments(schemas.ApprovalQuery, location="query")
@approvals.answer(200, schemas.ApprovalList)
def list_approvals(query: dict[str, Any]) -> dict[str, Any]:
    """Proposals that one may decide on, or one's own, newest first."""
    items, following = approval_views.listed(
        g.actor, query["whose"], query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@approvals.get("/approvals/<approval_id>", access=OWN)
@approvals.answer(200, schemas.ApprovalView)
def read(approval_id: str) -> dict[str, Any]:
    """One proposal."""
    return approval_views.one(g.actor, object_ids.read(approval_id))


@approvals.post("/approvals/<approval_id>/approve", access=DECIDE, parameters=[PARAMETER])
@idempotent
@approvals.answer(200, schemas.ApprovalView)
def approve(approval_id: str) -> dict[str, Any]:
    """Approve a proposal of somebody else; a PIN is told this once."""
    found, pin = approval.approve(g.actor, object_ids.read(approval_id))
    return approval_views.shown(found, pin=pin)


@approvals.post("/approvals/<approval_id>/refuse", access=DECIDE, parameters=[PARAMETER])
@idempotent
@approvals.answer(200, schemas.ApprovalView)
def refuse(approval_id: str) -> dict[str, Any]:
    """Refuse a proposal of somebody else."""
    return approval_views.shown(approval.refuse(g.actor, object_ids.read(approval_id)))


@approvals.post("/approvals/<approval_id>/withdraw", access=OWN, parameters=[PARAMETER])
@idempotent
@approvals.answer(200, schemas.ApprovalView)
def withdraw(approval_id: str) -> dict[str, Any]:
    """Take one's own proposal back."""
    return approval_views.shown(approval.withdraw(g.actor, object_ids.read(approval_id)))


@approvals.post("/minor-approvals", access=staff("minor.request"), parameters=[PARAMETER])
@idempotent
@approvals.arguments(schemas.MinorApprovalBody)
@approvals.answer(201, schemas.ApprovalView)
def request_minor(body: dict[str, Any]) -> dict[str, Any]:
    """Ask to see the records of a child below fourteen, for a case and a time."""
    told = {name: body[name] for name in ("case", "reason", "until")}
    return approval_views.shown(minor_approval.request(g.actor, object_ids.read(body["person_id"]), **told))
