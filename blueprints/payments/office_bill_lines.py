"""The lines of the bills, and what the finance office does about those that differ."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.booking.office_slots import shown as job_shown
from blueprints.booking.schemas import JobView
from blueprints.identity.approval_schemas import ApprovalView
from blueprints.payments import bill_schemas as schemas
from blueprints.payments.office_money import DAY, day_of
from models.identity import approval_views
from models.payments import bill_resolve, office_views

lines = Surface("office bill lines", __name__, url_prefix="/office/v1/payments", description="账单逐行核对")


@lines.get("/bills", access=staff("bill.read"))
@lines.arguments(schemas.BillPageQuery, location="query")
@lines.answer(200, schemas.BillList)
def list_bills(query: dict[str, Any]) -> dict[str, Any]:
    """The matched bills, the newest day first."""
    items, following = office_views.bills(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@lines.post("/bills/<day>/runs", access=staff("bill.match"), parameters=[DAY, PARAMETER])
@idempotent
@lines.answer(202, JobView)
def start_matching(day: str) -> dict[str, Any]:
    """Fetch and match the bill of a day as a job with progress, however long it is."""
    return job_shown(office_views.start_matching(g.actor, day_of(day)))


@lines.get("/bills/<day>/lines", access=staff("bill.read"), parameters=[DAY])
@lines.arguments(schemas.BillLineQuery, location="query")
@lines.answer(200, schemas.BillLineList)
def list_lines(query: dict[str, Any], day: str) -> dict[str, Any]:
    """The lines of a day with their outcomes, and what of ours has no line."""
    wanted: dict[str, str] = {name: query[name] for name in ("outcome", "standing") if name in query}
    items, following = office_views.bill_lines(
        g.actor, day_of(day), wanted, cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@lines.get("/bill-lines/<line_id>", access=staff("bill.read"))
@lines.answer(200, schemas.BillLineView)
def read_line(line_id: str) -> dict[str, Any]:
    """One line of a bill."""
    return office_views.one_line(g.actor, line_id)


@lines.post("/bill-lines/<line_id>/ask", access=staff("bill.match"))
@lines.answer(200, schemas.BillLineView)
def ask(line_id: str) -> dict[str, Any]:
    """Ask WeChat again what it knows of this payment or refund, and match the line again."""
    return office_views.bill_line_shown(bill_resolve.ask_again(g.actor, line_id))


@lines.post("/bill-lines/<line_id>/explanation", access=staff("bill.match"))
@lines.arguments(schemas.ExplainBody)
@lines.answer(200, schemas.BillLineView)
def explain(body: dict[str, Any], line_id: str) -> dict[str, Any]:
    """Settle a line by saying why it differs; no money moves."""
    return office_views.bill_line_shown(bill_resolve.explain(g.actor, line_id, body["why"], body["note"]))


@lines.post("/bill-lines/<line_id>/posting", access=staff("ledger.propose"), parameters=[PARAMETER])
@idempotent
@lines.arguments(schemas.ReasonBody)
@lines.answer(201, ApprovalView)
def propose_posting(body: dict[str, Any], line_id: str) -> dict[str, Any]:
    """Propose that the ledger takes the difference; another member of the finance staff approves it."""
    return approval_views.shown(bill_resolve.propose(g.actor, line_id, reason=body["reason"]))
