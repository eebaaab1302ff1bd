"""The window for firms: find a firm, show its offers, confirm for the agent who stands at the counter."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import run_schemas
from blueprints.enterprise import window_schemas as schemas
from blueprints.enterprise.policy_schemas import PolicyQuery
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.enterprise import policy, run_views, window

windows = Surface("office policy window", __name__, url_prefix="/office/v1/enterprise/window", description="惠企窗口")


@windows.get("/firms/<credit_code>", access=staff(window.OPERATION))
@windows.answer(200, schemas.WindowFirm)
def find(credit_code: str) -> dict[str, Any]:
    """A firm by its credit code, and whether it has joined; it names no person."""
    return window.find(g.actor, credit_code)


@windows.get("/firms/<credit_code>/offers", access=staff(window.OPERATION))
@windows.arguments(PolicyQuery, location="query")
@windows.answer(200, run_schemas.OwnOfferList)
def list_offers(query: dict[str, Any], credit_code: str) -> dict[str, Any]:
    """What a firm is offered, newest first, as it sees it itself."""
    items, following = window.offers(g.actor, credit_code, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@windows.post(
    "/offers/<offer_id>/confirm",
    access=staff(window.OPERATION, window.PURPOSE),
    parameters=[PARAMETER, SESSION_PARAMETER],
)
@idempotent
@windows.arguments(schemas.WindowConfirmBody)
@windows.answer(200, run_schemas.OwnOffer)
def confirm(body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Confirm for the firm's owner, manager or agent who stands at the counter with a paper of the firm."""
    told = {"account": body["account"], "papers": body["papers"], "accepts_promise": body["accepts_promise"]}
    found = window.confirm(g.actor, standing_here(), object_ids.read(offer_id), **told)
    return run_views.offered(found, policy.read(found["policy"]))
