"""Refunds that do not arrive by themselves: the list of who works on what, and what can be done."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from backend.wechat.pay_values import BankCard
from blueprints.identity.approval_schemas import ApprovalView
from blueprints.payments import refund_work_schemas as schemas
from blueprints.payments.bill_schemas import ReasonBody
from models.identity import approval_views
from models.payments import refund_assign, refund_settle, refund_work_views

work = Surface("office refund work", __name__, url_prefix="/office/v1/refund-work", description="异常退款办理")
ACT = staff("refund.propose")


@work.get("", access=staff("refund.list"))
@work.arguments(schemas.RefundWorkQuery, location="query")
@work.answer(200, schemas.RefundWorkList)
def list_work(query: dict[str, Any]) -> dict[str, Any]:
    """The refunds in one's scope that wait for a person, what is due first at the head."""
    items, following = refund_work_views.listed(
        g.actor, state=query["state"], mine=query["mine"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@work.get("/<refund_id>", access=staff("refund.list"))
@work.answer(200, schemas.RefundWorkWhole)
def read_work(refund_id: str) -> dict[str, Any]:
    """One item with what happened and what can be done."""
    return refund_work_views.whole(g.actor, refund_id)


@work.post("/<refund_id>/claim", access=ACT)
@work.answer(200, schemas.RefundWorkWhole)
def claim(refund_id: str) -> dict[str, Any]:
    """Take an item."""
    return refund_work_views.told(refund_settle.take(g.actor, refund_id))


@work.post("/<refund_id>/release", access=ACT)
@work.answer(200, schemas.RefundWorkWhole)
def release(refund_id: str) -> dict[str, Any]:
    """Give an item back to the list."""
    return refund_work_views.told(refund_assign.release(g.actor, refund_id))


@work.post("/<refund_id>/assign", access=ACT)
@work.arguments(schemas.RefundAssignBody)
@work.answer(200, schemas.RefundWorkWhole)
def assign(body: dict[str, str], refund_id: str) -> dict[str, Any]:
    """Give an item to a colleague who works on such refunds."""
    return refund_work_views.told(refund_assign.assign(g.actor, refund_id, object_ids.read(body["staff_id"])))


@work.post("/<refund_id>/refresh", access=ACT)
@work.answer(200, schemas.RefundWorkWhole)
def refresh(refund_id: str) -> dict[str, Any]:
    """Ask WeChat what became of the refund."""
    return refund_work_views.told(refund_settle.refresh(g.actor, refund_id))


@work.post("/<refund_id>/retry", access=ACT, parameters=[PARAMETER])
@idempotent
@work.answer(200, schemas.RefundWorkWhole)
def retry(refund_id: str) -> dict[str, Any]:
    """Ask for the refund again under a new number, when WeChat proves that it closed the old one."""
    return refund_work_views.told(refund_settle.retry(g.actor, refund_id))


@work.post("/<refund_id>/resume", access=ACT)
@work.answer(200, schemas.RefundWorkWhole)
def resume(refund_id: str) -> dict[str, Any]:
    """Let the queue try again what it had given up."""
    return refund_work_views.told(refund_settle.resume(g.actor, refund_id))


@work.post("/<refund_id>/bank-card", access=ACT, parameters=[PARAMETER])
@idempotent
@work.arguments(schemas.RefundCardBody)
@work.answer(201, ApprovalView)
def propose_card(body: dict[str, Any], refund_id: str) -> dict[str, Any]:
    """Propose to send an abnormal refund on to a bank card of the payer; another member approves it."""
    card = BankCard(body["bank_type"], body["card_number"], body["holder"])
    return approval_views.shown(refund_settle.propose_card(g.actor, refund_id, card, reason=body["reason"]))


@work.post("/<refund_id>/merchant-account", access=ACT, parameters=[PARAMETER])
@idempotent
@work.arguments(ReasonBody)
@work.answer(201, ApprovalView)
def propose_merchant(body: dict[str, Any], refund_id: str) -> dict[str, Any]:
    """Propose to let an abnormal refund go to the county's bank account; another member approves it."""
    return approval_views.shown(refund_settle.propose_merchant(g.actor, refund_id, reason=body["reason"]))


@work.post("/<refund_id>/payout", access=ACT, parameters=[PARAMETER])
@idempotent
@work.arguments(schemas.RefundElsewhereBody)
@work.answer(201, ApprovalView)
def propose_payout(body: dict[str, Any], refund_id: str) -> dict[str, Any]:
    """Propose to record that the payer has the money in cash or by transfer; another member approves it."""
    told = {"unit_code": body["unit"], "number": body["number"], "reason": body["reason"]}
    return approval_views.shown(refund_settle.propose_elsewhere(g.actor, refund_id, body["how"], **told))
