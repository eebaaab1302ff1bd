"""Policies at their offices: written, agreed on, opened, closed, tried on a firm, versions compared over all firms."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import comparison_schemas
from blueprints.enterprise import policy_schemas as schemas
from models.enterprise import comparison, comparison_views, policy, policy_rule, policy_views

policies = Surface("office policies", __name__, url_prefix="/office/v1/enterprise", description="雩企通:惠企政策")
EDIT, TRY = staff("policy.edit"), staff("policy.try")


@policies.get("/policies", access=staff("policy.read"))
@policies.arguments(schemas.PolicyQuery, location="query")
@policies.answer(200, schemas.PolicyList)
def list_policies(query: dict[str, Any]) -> dict[str, Any]:
    """The policies of one's units by code."""
    items, following = policy.listed(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [policy_views.brief(one) for one in items], "next": following}


@policies.post("/policies", access=EDIT, parameters=[PARAMETER])
@idempotent
@policies.arguments(schemas.NewPolicyBody)
@policies.answer(201, schemas.PolicyView)
def draft(body: dict[str, Any]) -> dict[str, Any]:
    """Make a policy as a draft; it has no conditions and no budget yet."""
    return policy_views.shown(policy.draft(g.actor, body.pop("code"), _days(body)))


@policies.get("/policies/<policy_code>", access=staff("policy.read"))
@policies.answer(200, schemas.PolicyView)
def read(policy_code: str) -> dict[str, Any]:
    """A policy with its budget and the versions of its conditions in words."""
    return policy_views.shown(policy.within(g.actor, "policy.read", policy_code))


@policies.put("/policies/<policy_code>", access=EDIT)
@policies.arguments(schemas.PolicyBody)
@policies.answer(200, schemas.PolicyView)
def edit(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Replace the frame of a draft."""
    return policy_views.shown(policy.edit(g.actor, policy_code, _days(body)))


@policies.put("/policies/<policy_code>/conditions", access=EDIT)
@policies.arguments(schemas.PolicyConditionsBody)
@policies.answer(200, schemas.PolicyVersion)
def write_conditions(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Write the conditions as a form: into the draft that stands, or as the next version."""
    return policy_views.version(policy_rule.write(g.actor, policy_code, body.pop("conditions"), _days(body)))


@policies.post("/policies/<policy_code>/propose", access=EDIT, parameters=[PARAMETER])
@idempotent
@policies.arguments(schemas.PolicyProposeBody)
@policies.answer(200, schemas.PolicyVersion)
def propose(body: dict[str, str], policy_code: str) -> dict[str, Any]:
    """Propose the draft of the conditions; a second person puts it in force under /office/v1/approvals."""
    return policy_views.version(policy_rule.propose(g.actor, policy_code, body["reason"])[0])


@policies.put("/policies/<policy_code>/budget", access=staff("policy.approve"))
@policies.arguments(schemas.PolicyBudgetBody)
@policies.answer(200, schemas.PolicyView)
def set_budget(body: dict[str, int], policy_code: str) -> dict[str, Any]:
    """Set the budget, never below what was taken of it."""
    return policy_views.shown(policy.set_budget(g.actor, policy_code, body["budget_fen"]))


@policies.post("/policies/<policy_code>/open", access=EDIT, parameters=[PARAMETER])
@idempotent
@policies.answer(200, schemas.PolicyView)
def open_policy(policy_code: str) -> dict[str, Any]:
    """Open an approved policy."""
    return policy_views.shown(policy.open_(g.actor, policy_code))


@policies.post("/policies/<policy_code>/close", access=EDIT, parameters=[PARAMETER])
@idempotent
@policies.arguments(schemas.PolicyCloseBody)
@policies.answer(200, schemas.PolicyView)
def close(body: dict[str, str], policy_code: str) -> dict[str, Any]:
    """Close an open policy; what was confirmed stays."""
    return policy_views.shown(policy.close(g.actor, policy_code, body["reason"]))


@policies.post("/policies/<policy_code>/try", access=TRY)
@policies.arguments(schemas.PolicyTryBody)
@policies.answer(200, schemas.PolicyTried)
def try_on_firm(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Try a policy on a firm, by the version in force or one that is named; nothing is stored."""
    return policy_views.tried(
        g.actor, policy_code, body["credit_code"], day=body["day"] or clock.today(), version_id=body["rule_set"]
    )


@policies.post("/policies/<policy_code>/comparisons", access=TRY, parameters=[PARAMETER])
@idempotent
@policies.arguments(comparison_schemas.PolicyCompareBody)
@policies.answer(202, comparison_schemas.PolicyComparisonBrief)
def compare(body: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """Begin to compare two versions over all firms: who gains, who loses."""
    day = body["day"] or clock.today()
    made = comparison.start(g.actor, policy_code, before=body["before"], after=body["after"], day=day)
    return comparison_views.brief(made)


@policies.get("/policies/<policy_code>/comparisons", access=TRY)
@policies.arguments(schemas.PolicyQuery, location="query")
@policies.answer(200, comparison_schemas.PolicyComparisonList)
def list_comparisons(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """The comparisons of a policy, newest first."""
    items, following = comparison.listed(g.actor, policy_code, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [comparison_views.brief(one) for one in items], "next": following}


@policies.get("/policies/<policy_code>/comparisons/<comparison_id>", access=TRY)
@policies.answer(200, comparison_schemas.PolicyComparisonView)
def read_comparison(policy_code: str, comparison_id: str) -> dict[str, Any]:
    """A comparison with the first firms that change."""
    return comparison_views.shown(comparison.read(g.actor, policy_code, object_ids.read(comparison_id)))


def _days(body: dict[str, Any]) -> dict[str, Any]:
    days = {name: body[name].isoformat() for name in ("valid_from", "valid_to") if body.get(name)}
    return {**body, **{name: days.get(name) for name in ("valid_from", "valid_to")}}
