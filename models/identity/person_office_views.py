"""Persons as a clerk at the counter sees them: masked, with an access line before each answer. Plain dicts.

Of a child below fourteen a clerk without an approval gets no more than the id and the level: enough to verify a
guardian who stands there with the papers.
"""

from collections.abc import Iterator
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import KINDS, IdentityDocument, mask, mask_name
from models.audit import access_line
from models.identity import binding, levels, minor_approval, own_data, person, relation_views
from models.identity.account import Account
from models.identity.actors import Staff
from models.identity.counter import SEEN_ZH, Serving
from models.identity.own_data import Scope
from models.identity.person import Known

PURPOSE = "counter_service"
FIELDS = ("person.name", "person.document_kind", "person.document_tail", "person.level", "person.bindings")
OF_CHILD = ("person.document_kind", "person.level")
WITH_RELATIONS = (*FIELDS, "person.relations")
MOST_ACCOUNTS = 20


def found(actor: Staff, document: IdentityDocument, name: str) -> dict[str, Any]:
    """Return the person with this document and name.

    Raises:
        NotFound: there is none, or the name is another one; which of the two is not told.
    """
    actor.require("person.find")
    record = person.find(document)
    if record is None:
        raise NotFound
    known = person.opened(record)
    if not person.same_name(known.name, name):
        raise NotFound
    return shown(actor, known)


def by_id(actor: Staff, person_id: ObjectId) -> dict[str, Any]:
    """Return a person after something was done to them.

    Raises:
        NotFound: no such person.
    """
    return shown(actor, person.read(person_id))


def shown(actor: Staff, known: Known) -> dict[str, Any]:
    """Return a person and what accounts are bound to them."""
    hidden = bool(minor_approval.hidden(actor, [known.id]))
    access_line.record(actor, purpose=PURPOSE, subjects=[known.id], fields=OF_CHILD if hidden else FIELDS)
    return _person(known) | ({"name": minor_approval.HIDDEN, "document_tail": "", "bindings": []} if hidden else {})


def _person(known: Known) -> dict[str, Any]:
    return {
        "id": str(known.id),
        "name": mask_name(known.name),
        "document_kind": known.kind,
        "document_kind_zh": KINDS[known.kind],
        "document_tail": mask(known.kind, known.number),
        "level": known.level,
        "level_zh": levels.LEVEL_ZH[known.level],
        "is_child": known.is_child,
        "bindings": _bindings(known.id),
    }


def _bindings(person_id: ObjectId) -> list[dict[str, Any]]:
    since = binding.since(person_id)
    held = Account._get_collection().find({"person": person_id}, {"level": 1, "method": 1}).limit(MOST_ACCOUNTS)
    return [_binding(one, since.get(one["_id"])) for one in held]


def _binding(held: dict[str, Any], since: Any) -> dict[str, Any]:
    method = held.get("method", "declared")
    told = {
        "level": held["level"],
        "level_zh": levels.LEVEL_ZH[held["level"]],
        "method": method,
        "method_zh": levels.METHOD_ZH[method],
    }
    return told | ({"since": clock.civil(since).isoformat(timespec="seconds")} if since else {})


def served(serving: Serving) -> dict[str, Any]:
    """Return a counter session without what it is about."""
    return {
        "id": str(serving.id),
        "person_id": str(serving.person_id),
        "seen": serving.seen,
        "seen_zh": SEEN_ZH[serving.seen],
        "until": clock.civil(serving.until).isoformat(timespec="seconds"),
    }


def at_counter(actor: Staff, serving: Serving) -> dict[str, Any]:
    """Return who stands at the counter and what exists for them."""
    known = person.read(serving.person_id)
    relations = relation_views.live_of(known.id)
    others = [one["other_id"] for one in relations]
    hidden = minor_approval.hidden(actor, others)
    seen = [one for one in others if one not in hidden]
    access_line.record(actor, purpose=PURPOSE, subjects=[known.id, *seen], fields=WITH_RELATIONS)
    lines = [_relation(one, child=one["other_id"] in hidden) for one in relations]
    return {**served(serving), "person": _person(known), "relations": lines}


def _relation(line: dict[str, Any], *, child: bool) -> dict[str, Any]:
    told = {name: value for name, value in line.items() if name != "other_id"}
    return told | ({"other_name": minor_approval.HIDDEN} if child else {})


def own_data_of(actor: Staff, serving: Serving) -> Iterator[bytes]:
    """Return the copy of what is held about the person at the counter; the access line is stored before.

    What lies under their account, where other people stand too, they take along by their own phone.
    """
    access_line.record(actor, purpose=PURPOSE, subjects=[serving.person_id], fields=["own_copy"])
    return own_data.stream(Scope(serving.person_id, serving.person_id))
