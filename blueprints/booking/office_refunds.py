"""Money back beyond the rule: proposed by one of the finance staff, approved by another."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.booking import refund_schemas as schemas
from blueprints.identity.approval_schemas import ApprovalView
from models.booking import goodwill
from models.identity import approval_views

refunds = Surface("office refunds", __name__, url_prefix="/office/v1/refunds", description="规则外退款")


@refunds.post("/proposals", access=staff("refund.propose"), parameters=[PARAMETER])
@idempotent
@refunds.arguments(schemas.RefundProposalBody)
@refunds.answer(201, ApprovalView)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Propose a refund beyond the rule; another member of the finance staff approves it."""
    made = goodwill.propose(g.actor, object_ids.read(body["order_id"]), fen=body["fen"], reason=body["reason"])
    return approval_views.shown(made)
