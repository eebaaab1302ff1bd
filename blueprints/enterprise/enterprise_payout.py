"""A firm after it confirmed: another account, what it promised, and its word against a published list."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import payout_schemas, promise_schemas, run_schemas
from blueprints.enterprise.firm_schemas import FirmDisputeView
from blueprints.enterprise.policy_schemas import PolicyQuery
from models.enterprise import (
    another_account,
    firm_views,
    offer,
    policy,
    promise_views,
    publicity_objection,
    run_views,
)

own = Surface("enterprise payout", __name__, url_prefix="/enterprise/v1", description="雩企通:资金兑现")


@own.post("/offers/<offer_id>/account", access=member(*offer.MAY_CONFIRM, scope="confirm"), parameters=[PARAMETER])
@idempotent
@own.arguments(run_schemas.OfferAccountBody)
@own.answer(200, run_schemas.OwnOffer)
def give_account(body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Name another account where the bank could not pay into the first one; the next batch pays it."""
    found = another_account.give(g.actor, object_ids.read(offer_id), body["account"])
    return run_views.offered(found, policy.read(found["policy"]))


@own.get("/promises", access=member(scope="offers"))
@own.arguments(PolicyQuery, location="query")
@own.answer(200, promise_schemas.PromiseList)
def list_promises(query: dict[str, Any]) -> dict[str, Any]:
    """What one's firm promised, how the checks came out, and what is to be paid back."""
    items, following = promise_views.own(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@own.post("/publicities/<publicity_id>/objections", access=member(*offer.MAY_CONFIRM), parameters=[PARAMETER])
@idempotent
@own.arguments(payout_schemas.FirmObjectionBody)
@own.answer(201, FirmDisputeView)
def object_to(body: dict[str, str], publicity_id: str) -> dict[str, Any]:
    """Object to a firm in a list while it is public; the policy's office answers within its clocks."""
    listed, line = object_ids.read(publicity_id), object_ids.read(body["line_id"])
    return firm_views.disputed(publicity_objection.by_firm(g.actor, listed, line, body["text"]))
