"""The terms on which policies pay, and the lists of firms that are public before."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.enterprise import payout_schemas as schemas
from blueprints.enterprise.policy_schemas import PolicyQuery
from models.enterprise import payout_terms, policy, publicity

lists = Surface("office publicity", __name__, url_prefix="/office/v1/enterprise", description="雩企通:资金公示")


@lists.get("/policies/<policy_code>/payout-terms", access=staff("policy.read"))
@lists.answer(200, schemas.PayoutTermsView)
def read_terms(policy_code: str) -> dict[str, Any]:
    """The terms on which a policy pays."""
    return payout_terms.shown(policy.within(g.actor, "policy.read", policy_code))


@lists.put("/policies/<policy_code>/payout-terms", access=staff("policy.approve"))
@lists.arguments(schemas.PayoutTermsBody)
@lists.answer(200, schemas.PayoutTermsView)
def set_terms(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Set the terms: publicity or none, the fund, the working days promised, how long firms promise."""
    if body["promise"] and body["promise"].get("until"):
        body["promise"]["until"] = body["promise"]["until"].isoformat()
    return payout_terms.shown(payout_terms.set_(g.actor, policy_code, body))


@lists.post("/policies/<policy_code>/publicities", access=staff("policy.publish"), parameters=[PARAMETER])
@idempotent
@lists.answer(201, schemas.FirmPublicity)
def publish(policy_code: str) -> dict[str, Any]:
    """Make the confirmed offers of a policy public."""
    return publicity.brief(publicity.publish(g.actor, policy_code))


@lists.get("/policies/<policy_code>/publicities", access=staff("policy.read"))
@lists.arguments(PolicyQuery, location="query")
@lists.answer(200, schemas.FirmPublicityList)
def list_publicities(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """The lists of a policy, newest first."""
    items, following = publicity.of_policy(g.actor, policy_code, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [publicity.brief(one) for one in items], "next": following}
