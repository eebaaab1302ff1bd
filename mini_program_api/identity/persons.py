"""Binding to a person, and the list of companions."""

from typing import Any

from flask import g

from backend import identity_documents
from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from mini_program_api.identity import schemas
from models.identity import companion

persons = Surface("persons", __name__, url_prefix="/mini/v1", description="实名登记与常用游客")


@persons.post("/person", access=resident(), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.PersonBody)
@persons.response(201, schemas.CompanionView)
def bind(body: dict[str, str]) -> dict[str, Any]:
    """Bind the account to the person who uses it, as they declare it."""
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    return companion.masked(companion.bind(g.actor, document, body["name"]))


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
