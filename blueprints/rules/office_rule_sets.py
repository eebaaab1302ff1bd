"""Rule sets: written by one member, agreed on by another, tried and compared before."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.rules import schemas
from models.rules import activation, rule_set, rule_set_views

MOST_COMPARED_BYTES = 4 << 20
rule_sets = Surface("office rule sets", __name__, url_prefix="/office/v1", description="规则管理")


@rule_sets.get("/rule-sets", access=staff("rule.read"))
@rule_sets.arguments(schemas.RuleSetQuery, location="query")
@rule_sets.answer(200, schemas.RuleSetList)
def list_rule_sets(query: dict[str, Any]) -> dict[str, Any]:
    """Versions of all rules; those of one rule newest first."""
    items, following = rule_set_views.listed(
        g.actor, code=query.get("code"), state=query.get("state"), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@rule_sets.get("/rule-sets/<rule_set_id>", access=staff("rule.read"))
@rule_sets.answer(200, schemas.RuleSetView)
def read(rule_set_id: str) -> dict[str, Any]:
    """One version with its tree and its words."""
    return rule_set_views.shown(rule_set.read(rule_set_id))


@rule_sets.post("/rule-sets", access=staff("rule.edit"), parameters=[PARAMETER])
@idempotent
@rule_sets.arguments(schemas.NewRuleSetBody)
@rule_sets.answer(201, schemas.RuleSetView)
def draft(body: dict[str, Any]) -> dict[str, Any]:
    """Make the next version of a rule as a draft."""
    return rule_set_views.shown(rule_set.draft(g.actor, body["code"], _content(body)))


@rule_sets.put("/rule-sets/<rule_set_id>", access=staff("rule.edit"))
@rule_sets.arguments(schemas.RuleSetBody)
@rule_sets.answer(200, schemas.RuleSetView)
def edit(body: dict[str, Any], rule_set_id: str) -> dict[str, Any]:
    """Replace the content of a draft."""
    return rule_set_views.shown(rule_set.edit(g.actor, rule_set_id, _content(body)))


@rule_sets.post("/rule-sets/<rule_set_id>/try", access=staff("rule.try"))
@rule_sets.arguments(schemas.RuleTryBody)
@rule_sets.answer(200, schemas.RuleTried)
def try_out(body: dict[str, Any], rule_set_id: str) -> dict[str, Any]:
    """Decide on made-up facts by a version, active or not; nothing is stored."""
    return rule_set_views.tried(rule_set.read(rule_set_id), body["facts"], body.get("day") or clock.today())


@rule_sets.post("/rule-sets/<rule_set_id>/compare", access=staff("rule.try"), most_body_bytes=MOST_COMPARED_BYTES)
@rule_sets.arguments(schemas.RuleCompareBody)
@rule_sets.answer(200, schemas.RuleCompared)
def compare(body: dict[str, Any], rule_set_id: str) -> dict[str, Any]:
    """Who gains and who loses from a version to another, over rows of facts; nothing is stored."""
    pair = rule_set.read(rule_set_id), rule_set.read(body["other"])
    return rule_set_views.compared(*pair, body["rows"], body.get("day") or clock.today())


@rule_sets.post("/rule-sets/<rule_set_id>/propose", access=staff("rule.edit"), parameters=[PARAMETER])
@idempotent
@rule_sets.arguments(schemas.RuleProposeBody)
@rule_sets.answer(200, schemas.RuleSetView)
def propose(body: dict[str, str], rule_set_id: str) -> dict[str, Any]:
    """Propose a draft; a second person puts it in force."""
    return rule_set_views.shown(activation.propose(g.actor, rule_set_id, body["reason"])[0])


def _content(body: dict[str, Any]) -> dict[str, Any]:
    days = {name: body[name].isoformat() if body[name] else None for name in ("valid_from", "valid_to")}
    return {**body, **days}
