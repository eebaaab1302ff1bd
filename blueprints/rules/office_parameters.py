"""Parameters of rules with their history; a value counts when a second person agreed."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity.schemas import StaffPageQuery
from blueprints.rules import schemas
from models.rules import parameters, rule_set_views

rule_parameters = Surface("office rule parameters", __name__, url_prefix="/office/v1", description="规则参数")


@rule_parameters.get("/rule-parameters", access=staff("rule.read"))
@rule_parameters.arguments(StaffPageQuery, location="query")
@rule_parameters.answer(200, schemas.RuleParameterList)
def list_parameters(query: dict[str, Any]) -> dict[str, Any]:
    """All parameters by code, each with its history."""
    items, following = parameters.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [rule_set_views.parameter(one) for one in items], "next": following}


@rule_parameters.get("/rule-parameters/<code>", access=staff("rule.read"))
@rule_parameters.answer(200, schemas.RuleParameterView)
def read(code: str) -> dict[str, Any]:
    """One parameter with its history."""
    return rule_set_views.parameter(parameters.read(code))


@rule_parameters.post("/rule-parameters", access=staff("rule.edit"), parameters=[PARAMETER])
@idempotent
@rule_parameters.arguments(schemas.RuleParameterBody)
@rule_parameters.answer(201, schemas.RuleParameterView)
def create(body: dict[str, str]) -> dict[str, Any]:
    """Make a parameter, without a value yet."""
    return rule_set_views.parameter(parameters.create(g.actor, **body))


@rule_parameters.post("/rule-parameters/<code>/values", access=staff("rule.edit"), parameters=[PARAMETER])
@idempotent
@rule_parameters.arguments(schemas.RuleValueBody)
@rule_parameters.answer(201, schemas.RuleParameterView)
def propose(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Propose a value from a day on; a second person puts it in force."""
    told = {"source": body["source"], "reason": body["reason"]}
    return rule_set_views.parameter(parameters.propose(g.actor, code, body["value"], body["valid_from"], **told))
