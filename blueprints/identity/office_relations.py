"""Guardians and helpers, verified at the counter by what the clerk sees."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import counter_schemas as schemas
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.identity import relation_office_views, verify_relation
from models.identity.person_office_views import PURPOSE

relations = Surface("office relations", __name__, url_prefix="/office/v1", description="窗口:监护与代办")


@relations.post("/relations", access=staff("relation.verify", PURPOSE), parameters=[PARAMETER, SESSION_PARAMETER])
@idempotent
@relations.arguments(schemas.RelationVerifyBody)
@relations.answer(201, schemas.CounterRelationView)
def verify(body: dict[str, Any]) -> dict[str, Any]:
    """Establish a guardian or a helper, with one of the two present and the evidence seen."""
    made = verify_relation.verify(
        g.actor,
        standing_here(),
        body["kind"],
        for_person=object_ids.read(body["for_person_id"]),
        agent=object_ids.read(body["agent_id"]),
        evidence=body["evidence"],
        scope=body["scope"],
        last_day=body.get("last_day"),
    )
    return relation_office_views.shown(made)


@relations.post(
    "/relations/<relation_id>/end", access=staff("relation.verify", PURPOSE), parameters=[SESSION_PARAMETER]
)
@relations.response(204)
def end(relation_id: str) -> None:
    """End a relation for one of the two who stands here."""
    verify_relation.end(g.actor, standing_here(), object_ids.read(relation_id))
