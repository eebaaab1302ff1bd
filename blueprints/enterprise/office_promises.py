"""What firms promise under a policy, how the checks came out, and what is to come back."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import promise_schemas as schemas
from blueprints.enterprise.payout_schemas import PayoutProposeBody
from blueprints.enterprise.policy_schemas import PolicyProposeBody, PolicyVersion
from models.enterprise import claw_back, policy_views, promise_check, promise_rule, promise_views

promises = Surface("office promises", __name__, url_prefix="/office/v1/enterprise", description="雩企通:承诺兑现")
EDIT, READ = staff("policy.edit"), staff("policy.read")


@promises.put("/policies/<policy_code>/promise", access=EDIT)
@promises.arguments(schemas.PromiseRuleBody)
@promises.answer(200, PolicyVersion)
def write_promise(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Write what firms promise as a form: into the draft that stands, or as the next version."""
    days = {name: body[name].isoformat() for name in ("valid_from", "valid_to") if body[name]}
    return policy_views.version(promise_rule.write(g.actor, policy_code, body["conditions"], days))


@promises.post("/policies/<policy_code>/promise/propose", access=EDIT, parameters=[PARAMETER])
@idempotent
@promises.arguments(PolicyProposeBody)
@promises.answer(200, PolicyVersion)
def propose_promise(body: dict[str, str], policy_code: str) -> dict[str, Any]:
    """Propose the draft; a second person puts it in force under /office/v1/approvals."""
    return policy_views.version(promise_rule.propose(g.actor, policy_code, body["reason"]))


@promises.get("/policies/<policy_code>/promises", access=READ)
@promises.arguments(schemas.PromiseQuery, location="query")
@promises.answer(200, schemas.PromiseList)
def list_promises(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """The promises under a policy in one state."""
    items, following = promise_views.of_policy(
        g.actor, policy_code, query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@promises.get("/promises/<promise_id>", access=READ)
@promises.answer(200, schemas.PromiseView)
def read_promise(promise_id: str) -> dict[str, Any]:
    """A promise with the trace of its check, made again from the record that was kept."""
    return promise_views.explained(g.actor, object_ids.read(promise_id))


@promises.post("/promises/<promise_id>/check", access=staff("policy.run"))
@promises.answer(200, schemas.PromiseView)
def check_promise(promise_id: str) -> dict[str, Any]:
    """Have a promise checked once more that lacked data."""
    promise_check.again(g.actor, object_ids.read(promise_id))
    return promise_views.explained(g.actor, object_ids.read(promise_id))


@promises.get("/claw-backs", access=READ)
@promises.arguments(schemas.ClawBackQuery, location="query")
@promises.answer(200, schemas.ClawBackList)
def list_claw_backs(query: dict[str, Any]) -> dict[str, Any]:
    """Claw-backs in one state."""
    items, following = claw_back.listed(g.actor, query["state"], cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [promise_views.claimed(one) for one in items], "next": following}


@promises.post("/claw-backs/<claw_back_id>/propose", access=staff("policy.claw_back"), parameters=[PARAMETER])
@idempotent
@promises.arguments(PayoutProposeBody)
@promises.answer(200, schemas.ClawBackView)
def propose_claw_back(body: dict[str, str], claw_back_id: str) -> dict[str, Any]:
    """Propose to have the money back; a second person agrees under /office/v1/approvals."""
    found = object_ids.read(claw_back_id)
    claw_back.propose(g.actor, found, body["reason"])
    return promise_views.claimed(claw_back.read(found))


@promises.post("/claw-backs/<claw_back_id>/waive", access=staff("policy.claw_back"), parameters=[PARAMETER])
@idempotent
@promises.arguments(PayoutProposeBody)
@promises.answer(200, schemas.ClawBackView)
def waive_claw_back(body: dict[str, str], claw_back_id: str) -> dict[str, Any]:
    """Propose to give up what did not come back; a second person agrees under /office/v1/approvals."""
    found = object_ids.read(claw_back_id)
    claw_back.waive(g.actor, found, body["reason"])
    return promise_views.claimed(claw_back.read(found))


@promises.post("/claw-backs/<claw_back_id>/repayments", access=staff("policy.payout"), parameters=[PARAMETER])
@idempotent
@promises.arguments(schemas.RepaymentBody)
@promises.answer(200, schemas.ClawBackView)
def repay(body: dict[str, Any], claw_back_id: str) -> dict[str, Any]:
    """Book what a firm paid back at the counter or through the bank."""
    found = object_ids.read(claw_back_id)
    return promise_views.claimed(claw_back.repay(g.actor, found, body["fen"], way=body["way"], paper=body["paper"]))
