"""The service counter: find and register persons, bind them to the phone in their hand, serve those who have none."""

from typing import Any

from flask import Response, g

from backend import identity_documents
from backend.errors import NotFound
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import forgive, strictly
from backend.http.surface import Surface
from backend.identity_documents import IdentityDocument
from backend.store import object_ids
from blueprints.identity import counter_schemas as schemas
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.identity import counter, move_binding, person_office_views
from models.identity.person_office_views import PURPOSE

persons = Surface("office counter", __name__, url_prefix="/office/v1", description="窗口:身份核验与接待")
LIMIT_OF_FIND = "60/hour"
LIMIT_OF_CODE = "5/5minute"
"""Wrong codes in a row of one clerk while a code holds: the five tries that a one-time code may cost."""


@persons.post("/persons/find", access=staff("person.find", PURPOSE))
@persons.arguments(schemas.PersonFindBody)
@persons.answer(200, schemas.CounterPersonView)
def find(body: dict[str, Any]) -> dict[str, Any]:
    """The person with this document and name; a wrong name is answered as nobody."""
    strictly(LIMIT_OF_FIND, "person-find", g.actor.key)
    return person_office_views.found(g.actor, _document(body), body["name"])


@persons.post("/persons", access=staff("person.register", PURPOSE), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.PersonRegisterBody)
@persons.answer(201, schemas.CounterPersonView)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Register a person whose document one has seen, with a phone or without."""
    made = counter.register(
        g.actor, _document(body), body["name"], birth=body.get("birth_date"), seen=body["document_seen"]
    )
    return person_office_views.by_id(g.actor, made)


@persons.post("/persons/<person_id>/binding", access=staff("person.bind", PURPOSE), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.PersonBindBody)
@persons.answer(201, schemas.CounterPersonView)
def bind(body: dict[str, str], person_id: str) -> dict[str, Any]:
    """Bind the person to the phone that shows the code; their other bindings end, and all are told."""
    strictly(LIMIT_OF_CODE, "binding-code-try", g.actor.key)
    bound = object_ids.read(person_id)
    move_binding.move(g.actor, bound, body["code"], seen=body["document_seen"])
    forgive(LIMIT_OF_CODE, "binding-code-try", g.actor.key)
    return person_office_views.by_id(g.actor, bound)


@persons.delete("/persons/<person_id>/binding", access=staff("person.bind", PURPOSE), parameters=[SESSION_PARAMETER])
@persons.response(204)
def unbind(person_id: str) -> None:
    """End all bindings of the person who stands here, for a lost phone."""
    here = standing_here()
    if here.person_id != object_ids.read(person_id):
        raise NotFound
    move_binding.release(g.actor, here)


@persons.post("/persons/<person_id>/counter-sessions", access=staff("person.serve", PURPOSE), parameters=[PARAMETER])
@idempotent
@persons.arguments(schemas.CounterSessionBody)
@persons.answer(201, schemas.CounterSessionView)
def serve(body: dict[str, str], person_id: str) -> dict[str, Any]:
    """Begin to serve a person who stands here and has shown their document."""
    made = counter.serve(g.actor, object_ids.read(person_id), seen=body["document_seen"])
    return person_office_views.served(made)


@persons.get("/counter-session", access=staff("person.serve", PURPOSE), parameters=[SESSION_PARAMETER])
@persons.answer(200, schemas.CounterSessionWhole)
def read_session() -> dict[str, Any]:
    """Who stands here, and what exists for them."""
    return person_office_views.at_counter(g.actor, standing_here())


@persons.get("/counter-session/own-data", access=staff("person.serve", PURPOSE), parameters=[SESSION_PARAMETER])
@persons.response(200, content_type="application/x-ndjson")
def own_data() -> Response:
    """All that is held about the person who stands here, to hand over on paper: one record a line, opened."""
    lines = person_office_views.own_data_of(g.actor, standing_here())
    answer = Response(lines, mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = 'attachment; filename="own-data.jsonl"'
    return answer


@persons.delete("/counter-sessions/<session_id>", access=staff("person.serve", PURPOSE))
@persons.response(204)
def end_session(session_id: str) -> None:
    """The person has left."""
    counter.end(g.actor, object_ids.read(session_id))


def _document(body: dict[str, Any]) -> IdentityDocument:
    return identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
