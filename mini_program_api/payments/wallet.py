"""The wallet of a resident."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface
from mini_program_api.identity.session import ACTING_PARAMETER
from mini_program_api.payments import schemas
from models.onecard import spend
from models.payments import top_up
from models.payments import wallet as wallets

wallet = Surface("wallet", __name__, url_prefix="/mini/v1/wallet", description="一卡通钱包")
READ = resident("verified", scope="card")


@wallet.get("", access=READ, parameters=[ACTING_PARAMETER])
@wallet.answer(200, schemas.WalletView)
def read() -> dict[str, Any]:
    """What is in one's wallet, and how much it may hold."""
    wallets.note_look(g.actor)
    return wallets.of_person(g.actor.subject_id)


@wallet.get("/transfers", access=READ, parameters=[ACTING_PARAMETER])
@wallet.arguments(schemas.WalletPageQuery, location="query")
@wallet.answer(200, schemas.WalletTransferList)
def list_transfers(query: dict[str, Any]) -> dict[str, Any]:
    """What went in and out of one's wallet, newest first."""
    wallets.note_look(g.actor)
    page = wallets.transfers_of(g.actor.subject_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": page[0], "next": page[1]}


@wallet.post("/top-ups", access=resident("verified"), parameters=[PARAMETER])
@idempotent
@wallet.arguments(schemas.TopUpBody)
@wallet.answer(201, schemas.TopUpView)
def begin_top_up(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a top-up by WeChat Pay; room under the limit is kept until it is paid or given up."""
    key, _ = key_and_body()
    return wallets.begin_top_up(g.actor.person_id, g.actor.account_id, body["amount_fen"], key=key)


@wallet.post("/top-ups/<top_up_id>/check", access=resident("verified"))
@wallet.answer(200, schemas.TopUpView)
def check_top_up(top_up_id: str) -> dict[str, Any]:
    """Ask WeChat now whether a top-up was paid; call it when wx.requestPayment returns."""
    return wallets.top_up_shown(top_up.check(g.actor.person_id, top_up_id))


@wallet.post("/payments", access=resident("verified"), parameters=[PARAMETER])
@wallet.arguments(schemas.WalletPaymentBody)
@wallet.answer(201, schemas.WalletTransferView)
def pay(body: dict[str, Any]) -> dict[str, Any]:
    """Pay a merchant or a fund from one's wallet; the card must be active."""
    key, digest = key_and_body()
    note = body.get("note", "")
    return spend.pay(g.actor, body["payee"], body["amount_fen"], key=key, body=digest, note=note)
