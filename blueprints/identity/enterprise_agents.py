"""Agents of an organisation: named, changed; and what was done in its name. They are removed like other members."""

from typing import Any

from flask import g

from backend.http.access import member
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import agent_schemas as schemas
from blueprints.identity.organisation_schemas import MemberInvitationView, MembershipView
from models.identity import agent, agent_views, organisation_views
from models.identity.agent import Agency
from models.identity.membership import NAMES_AGENTS

agents = Surface("organisation agents", __name__, url_prefix="/enterprise/v1", description="授权经办人")


@agents.post("/agents", access=member(*NAMES_AGENTS), parameters=[PARAMETER])
@idempotent
@agents.arguments(schemas.AgentBody)
@agents.answer(201, MemberInvitationView)
def name(body: dict[str, Any]) -> dict[str, Any]:
    """Name an agent; the person of this name accepts with the code, which is shown once and holds for a day."""
    strictly("60/day", "organisation-invite", str(g.actor.organisation_id))
    return organisation_views.invited(agent.name(g.actor, body["name"], _agency(body)))


@agents.put("/agents/<membership_id>", access=member(*NAMES_AGENTS))
@agents.arguments(schemas.AgentTermBody)
@agents.answer(200, MembershipView)
def amend(body: dict[str, Any], membership_id: str) -> dict[str, Any]:
    """Change what an agent may do and until when; it counts at once."""
    return organisation_views.membership_shown(agent.amend(g.actor, object_ids.read(membership_id), _agency(body)))


@agents.get("/acts", access=member(*NAMES_AGENTS, purpose=agent_views.PURPOSE))
@agents.arguments(schemas.OrganisationActQuery, location="query")
@agents.answer(200, schemas.OrganisationActList)
def list_acts(query: dict[str, Any]) -> dict[str, Any]:
    """What was done in the organisation's name and by whom, newest first."""
    items, following = agent_views.acts(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


def _agency(body: dict[str, Any]) -> Agency:
    return Agency(frozenset(body["scopes"]), body["last_day"])
