"""Policies as firms see them: which there are, how one comes out for one's own firm, what is offered, the tap."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import policy_schemas, run_schemas
from models.enterprise import confirm as offer_confirm
from models.enterprise import offer, policy, policy_views, run_views

policies = Surface("enterprise policies", __name__, url_prefix="/enterprise/v1", description="雩企通:惠企政策")


@policies.get("/policies", access=member(scope="offers"))
@policies.arguments(policy_schemas.PolicyQuery, location="query")
@policies.answer(200, policy_schemas.PolicyForFirmList)
def list_policies(query: dict[str, Any]) -> dict[str, Any]:
    """The policies that are open or were, with their conditions in words."""
    items, following = policy.public(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [policy_views.for_firms(one) for one in items], "next": following}


@policies.get("/policies/<policy_code>/verdict", access=member(scope="offers"))
@policies.answer(200, run_schemas.OwnVerdict)
def own_verdict(policy_code: str) -> dict[str, Any]:
    """How a policy comes out for one's own firm now, and which data are lacking; nothing is stored."""
    return run_views.own_verdict(g.actor, policy_code)


@policies.get("/offers", access=member(scope="offers"))
@policies.arguments(policy_schemas.PolicyQuery, location="query")
@policies.answer(200, run_schemas.OwnOfferList)
def list_offers(query: dict[str, Any]) -> dict[str, Any]:
    """What one's firm is offered, newest first."""
    items, following = run_views.own_offers(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@policies.post("/offers/<offer_id>/confirm", access=member(*offer.MAY_CONFIRM, scope="confirm"), parameters=[PARAMETER])
@idempotent
@policies.arguments(run_schemas.OfferConfirmBody)
@policies.answer(200, run_schemas.OwnOffer)
def confirm(body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Take an offer and name the account; its amount is taken of the budget at once."""
    told = {"accepts_promise": body["accepts_promise"]}
    found = offer_confirm.confirm(g.actor, object_ids.read(offer_id), body["account"], **told)
    return run_views.offered(found, policy.read(found["policy"]))
