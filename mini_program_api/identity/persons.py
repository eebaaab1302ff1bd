"""Binding to a person, the code for a binding at a counter, and the list of companions."""

from typing import Any

from flask import g

from backend import clock, identity_documents
from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.identity import schemas
from mini_program_api.identity.session import ACTING_PARAMETER
from models.identity import binding_code, companion, person_views, relation_terms

persons = Surface("persons", __name__, url_prefix="/mini/v1", description="实名登记与常用游客")


@persons.post("/person", access=resident(), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.PersonBody)
@persons.response(201, schemas.CompanionView)
def bind(body: dict[str, str]) -> dict[str, Any]:
    """Bind the account to the person who uses it, as they declare it."""
    strictly("20/day", "bind", str(g.actor.account_id))
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    return companion.masked(companion.bind(g.actor, document, body["name"]))


@persons.get("/person", access=resident("declared", scope=relation_terms.ANY), parameters=[ACTING_PARAMETER])
@persons.answer(200, schemas.PersonView)
def read_person() -> dict[str, Any]:
    """The person as whom one is known, masked, or the one for whom one acts."""
    return person_views.own(g.actor)


@persons.post("/binding-code", access=resident())
@persons.answer(201, schemas.BindingCodeView)
def make_binding_code() -> dict[str, str]:
    """A code to show to the clerk, who has seen the identity card; it holds for five minutes and counts once."""
    strictly("10/day", "binding-code", str(g.actor.account_id))
    code, until = binding_code.make(g.actor)
    return {"code": code, "until": clock.civil(until).isoformat(timespec="seconds")}


@persons.post("/companions/from-relation", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.FromRelationBody)
@persons.answer(201, schemas.CompanionView)
def add_companion_by_relation(body: dict[str, str]) -> dict[str, Any]:
    """Add the person whom one may book for, without typing their document."""
    return companion.masked(companion.add_by_relation(g.actor, object_ids.read(body["relation_id"])))


@persons.get("/companions", access=resident())
@persons.response(200, schemas.CompanionList)
def list_companions() -> dict[str, Any]:
    """The visitors that this account books for."""
    return {"items": [companion.masked(one) for one in companion.listed(g.actor)], "next": None}


@persons.post("/companions", access=resident(), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.PersonBody)
@persons.response(201, schemas.CompanionView)
def add_companion(body: dict[str, str]) -> dict[str, Any]:
    """Add a visitor."""
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    return companion.masked(companion.add(g.actor, document, body["name"]))


@persons.delete("/companions/<companion_id>", access=resident())
@persons.response(204)
def remove_companion(companion_id: str) -> None:
    """Remove a visitor; orders made for them stay."""
    companion.remove(g.actor, companion_id)
