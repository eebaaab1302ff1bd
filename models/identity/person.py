"""A person: one human being, known by a document. A person is not an account, and may have no phone."""

from datetime import date
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.identity_documents import IdentityDocument

LEVELS = ("declared",)


class Person(Document):
    """The document is sealed and found by its blind index; the profile holds name, birth date and sex."""

    meta = {
        "collection": "persons",
        "auto_create_index": False,
        "indexes": [{"fields": ["document_index"], "unique": True}],
    }
    document_kind = StringField(required=True)
    document = BinaryField(required=True)
    document_index = BinaryField(required=True)
    profile = BinaryField(required=True)
    level = StringField(choices=LEVELS, required=True)
    created_at = DateTimeField(required=True)


def find_or_declare(document: IdentityDocument, name: str) -> ObjectId:
    """Return the id of the person with this document, declaring them when nobody has.

    The name of an existing record is left as it is: a declaration never overwrites another one.
    """
    persons = Person._get_collection()
    index = runtime.current().sealer.blind("persons.document", f"{document.kind}:{document.number}")
    if found := persons.find_one({"document_index": index}, {"_id": 1}):
        return found["_id"]
    try:
        return persons.insert_one(_declared(document, name, index)).inserted_id
    except DuplicateKeyError:
        return persons.find_one({"document_index": index}, {"_id": 1})["_id"]


def _declared(document: IdentityDocument, name: str, index: bytes) -> dict[str, Any]:
    sealer, person_id = runtime.current().sealer, ObjectId()
    profile = {"name": name, "birth": document.birth_date, "sex": document.sex}
    return {
        "_id": person_id,
        "document_kind": document.kind,
        "document": sealer.seal("persons.document", person_id, document.number),
        "document_index": index,
        "profile": sealer.seal("persons.profile", person_id, orjson.dumps(profile).decode()),
        "level": "declared",
        "created_at": clock.now(),
    }


def read_birth(profile: dict[str, Any]) -> date | None:
    """Return the birth date of an opened profile, None when the document does not state one."""
    return date.fromisoformat(profile["birth"]) if profile.get("birth") else None
