"""Who may act for one, and for whom one may act."""

from typing import Any

from flask import g

from backend import identity_documents
from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.identity import relation_schemas as schemas
from models.identity import help_by_phone, relation_views

relations = Surface("relations", __name__, url_prefix="/mini/v1", description="代办与监护")
SURE = resident("matched")


@relations.get("/relations", access=SURE)
@relations.arguments(schemas.RelationQuery, location="query")
@relations.answer(200, schemas.RelationList)
def list_relations(query: dict[str, Any]) -> dict[str, Any]:
    """One's relations from either side, newest first."""
    items, following = relation_views.of_person(g.actor.person_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@relations.post("/relations", access=SURE, parameters=[PARAMETER])
@idempotent
@relations.arguments(schemas.HelperBody)
@relations.answer(201, schemas.RelationView)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Ask somebody to help; it takes effect when they confirm on their own phone."""
    strictly("20/day", "relation", str(g.actor.account_id))
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    made = help_by_phone.propose(g.actor, document, body["name"], scope=body["scope"], last_day=body["last_day"])
    return relation_views.one(made, g.actor.person_id)


@relations.post("/relations/<relation_id>/confirm", access=SURE)
@relations.answer(200, schemas.RelationView)
def confirm(relation_id: str) -> dict[str, Any]:
    """Accept to help; repeating it changes nothing."""
    return relation_views.one(help_by_phone.confirm(g.actor, object_ids.read(relation_id)), g.actor.person_id)


@relations.put("/relations/<relation_id>/last-day", access=SURE)
@relations.arguments(schemas.LastDayBody)
@relations.answer(200, schemas.RelationView)
def renew(body: dict[str, Any], relation_id: str) -> dict[str, Any]:
    """Prolong or shorten a helper's term, by the person who is helped."""
    done = help_by_phone.renew(g.actor, object_ids.read(relation_id), body["last_day"])
    return relation_views.one(done, g.actor.person_id)


@relations.delete("/relations/<relation_id>", access=SURE)
@relations.response(204)
def withdraw(relation_id: str) -> None:
    """End a relation from either side, at once."""
    help_by_phone.withdraw(g.actor, object_ids.read(relation_id))
