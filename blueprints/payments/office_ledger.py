"""The ledger, for finance and auditors: accounts, transfers, the day's chain, reconciliations, merchants."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity.approval_schemas import ApprovalView
from blueprints.payments import ledger_schemas as schemas
from blueprints.payments.office_money import DAY, day_of
from models.identity import approval_views
from models.payments import account_state, ledger_views, manual_transfer, merchant, office_views, reconciliation

ledger = Surface("office ledger", __name__, url_prefix="/office/v1/ledger", description="账务与对账")
READ = staff("ledger.read")


def _page(page: tuple[list[dict[str, Any]], str | None]) -> dict[str, Any]:
    return {"items": page[0], "next": page[1]}


@ledger.get("/accounts", access=READ)
@ledger.arguments(schemas.LedgerAccountQuery, location="query")
@ledger.answer(200, schemas.LedgerAccountList)
def list_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """The accounts of a kind; residents' wallets are not listed."""
    return _page(ledger_views.accounts(g.actor, query["kind"], cursor=query.get("cursor"), limit=query["limit"]))


@ledger.get("/accounts/<account>", access=READ)
@ledger.answer(200, schemas.LedgerAccountView)
def read_account(account: str) -> dict[str, Any]:
    """One account."""
    return ledger_views.account(g.actor, account)


@ledger.post("/accounts/<account>/state", access=staff("ledger.propose"), parameters=[PARAMETER])
@idempotent
@ledger.arguments(schemas.AccountStateBody)
@ledger.answer(201, ApprovalView)
def propose_state(body: dict[str, Any], account: str) -> dict[str, Any]:
    """Propose to freeze, unfreeze or close an account, a wallet by its mark; another member approves it."""
    return approval_views.shown(account_state.propose(g.actor, account, body["move"], reason=body["reason"]))


@ledger.get("/transfers", access=READ)
@ledger.arguments(schemas.LedgerTransferQuery, location="query")
@ledger.answer(200, schemas.LedgerTransferList)
def list_transfers(query: dict[str, Any]) -> dict[str, Any]:
    """The transfers of an account, newest first."""
    return _page(ledger_views.transfers(g.actor, query["account"], cursor=query.get("cursor"), limit=query["limit"]))


@ledger.post("/transfers", access=staff("ledger.propose"), parameters=[PARAMETER])
@idempotent
@ledger.arguments(schemas.ManualTransferBody)
@ledger.answer(201, ApprovalView)
def propose_transfer(body: dict[str, Any]) -> dict[str, Any]:
    """Propose a posting by hand; another member of the finance staff approves it."""
    told = body["source"], body["target"], body["amount_fen"]
    return approval_views.shown(manual_transfer.propose(g.actor, *told, reason=body["reason"]))


@ledger.post("/transfers/<transfer_id>/refund", access=staff("ledger.propose"), parameters=[PARAMETER])
@idempotent
@ledger.arguments(schemas.TransferRefundBody)
@ledger.answer(201, ApprovalView)
def propose_refund(body: dict[str, Any], transfer_id: str) -> dict[str, Any]:
    """Propose to give a wallet payment back, whole or in part; another member approves it."""
    fen, reason = body["amount_fen"], body["reason"]
    return approval_views.shown(manual_transfer.propose_refund(g.actor, transfer_id, fen, reason=reason))


@ledger.get("/days", access=READ)
@ledger.arguments(schemas.LedgerPageQuery, location="query")
@ledger.answer(200, schemas.LedgerDayList)
def list_days(query: dict[str, Any]) -> dict[str, Any]:
    """The closed days, newest first."""
    return _page(ledger_views.days(g.actor, cursor=query.get("cursor"), limit=query["limit"]))


@ledger.get("/days/<day>", access=READ, parameters=[DAY])
@ledger.answer(200, schemas.LedgerDayView)
def read_day(day: str) -> dict[str, Any]:
    """A closed day with its digest."""
    return ledger_views.day(g.actor, day_of(day))


@ledger.get("/days/<day>/proof", access=READ, parameters=[DAY])
@ledger.response(200)
def read_proof(day: str) -> Response:
    """All lines of a closed day, one JSON text a line; `docs/ledger_check.py` recomputes the digest from them."""
    wanted = day_of(day)
    answer = Response(ledger_views.proof(g.actor, wanted), mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = f'attachment; filename="ledger-{wanted.isoformat()}.jsonl"'
    return answer


@ledger.get("/check", access=READ)
@ledger.answer(200, schemas.LedgerCheckView)
def check() -> dict[str, Any]:
    """Compute every closed day and every balance again."""
    return ledger_views.check(g.actor)


@ledger.get("/reconciliations", access=READ)
@ledger.arguments(schemas.ReconciliationQuery, location="query")
@ledger.answer(200, schemas.ReconciliationList)
def list_reconciliations(query: dict[str, Any]) -> dict[str, Any]:
    """Statements of WeChat Pay and of the bank compared with the ledger, newest first."""
    told = {"cursor": query.get("cursor"), "limit": query["limit"]}
    return _page(reconciliation.listed(g.actor, clearing=query.get("clearing"), **told))


@ledger.get("/reconciliations/<statement>", access=READ)
@ledger.answer(200, schemas.ReconciliationView)
def read_reconciliation(statement: str) -> dict[str, Any]:
    """One statement compared with the ledger."""
    return reconciliation.read(g.actor, statement)


@ledger.post("/reconciliations/wechat/<day>", access=staff("ledger.reconcile"), parameters=[DAY])
@ledger.answer(200, schemas.ReconciliationView)
def reconcile_wechat(day: str) -> dict[str, Any]:
    """Fetch the WeChat bill of a day and compare it with the ledger; repeating it replaces the result."""
    return office_views.reconcile_wechat(g.actor, day_of(day))


@ledger.get("/merchants", access=READ)
@ledger.arguments(schemas.LedgerPageQuery, location="query")
@ledger.answer(200, schemas.MerchantList)
def list_merchants(query: dict[str, Any]) -> dict[str, Any]:
    """The merchants that wallets may pay."""
    return _page(merchant.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"]))


@ledger.post("/merchants", access=staff("ledger.propose"), parameters=[PARAMETER])
@idempotent
@ledger.arguments(schemas.MerchantBody)
@ledger.answer(201, schemas.MerchantView)
def register_merchant(body: dict[str, Any]) -> dict[str, Any]:
    """Register a merchant and open its account."""
    return merchant.shown(merchant.register(g.actor, body["code"], name=body["name"], unit=body["unit"]))


@ledger.put("/merchants/<code>/state", access=staff("ledger.propose"))
@ledger.arguments(schemas.MerchantStateBody)
@ledger.answer(200, schemas.MerchantView)
def set_merchant_state(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Let a merchant be paid, or not."""
    return merchant.shown(merchant.set_state(g.actor, code, body["state"]))
