"""Cash into the wallet of who stands at a counter, and the cash boxes for finance."""

from datetime import date
from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from blueprints.payments import ledger_schemas as schemas
from models.payments import cash_box, cash_top_up

wallets = Surface("office wallets", __name__, url_prefix="/office/v1", description="窗口现金充值")


@wallets.post("/wallets/top-ups", access=staff("wallet.top_up"), parameters=[PARAMETER, SESSION_PARAMETER])
@idempotent
@wallets.arguments(schemas.CashTopUpBody)
@wallets.answer(201, schemas.CashReceiptView)
def top_up(body: dict[str, Any]) -> dict[str, Any]:
    """Top up the wallet of who stands here, or for whom they act in card matters, by the cash that they hand over."""
    serving = standing_here(object_ids.read(body["person_id"]), scope="card")
    key, _ = key_and_body()
    return cash_top_up.receipt(cash_top_up.take(g.actor, serving, body["amount_fen"], key=key))


@wallets.get("/ledger/cash-boxes", access=staff("ledger.read"))
@wallets.arguments(schemas.CashBoxQuery, location="query")
@wallets.answer(200, schemas.CashBoxList)
def list_boxes(query: dict[str, Any]) -> dict[str, Any]:
    """What each unit took in and handed back on a day, and what its box holds: to be compared with the cash counted."""
    day: date = query.get("day") or clock.today()
    items, following = cash_box.boxes(g.actor, day, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}
