"""A person: one human being, known by a document. A person is not an account, and may have no phone."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.identity_documents import IdentityDocument, age_on
from backend.personal_data import Blind, Holding, Sealed
from backend.store import documents
from models.identity import levels

CHILD_BELOW = 14
"""A child below this age acts through a guardian (个人信息保护法第三十一条)."""


class Person(Document):
    """The document is sealed and found by its blind index; the profile holds name, birth date and sex.

    `consents` is what was signed at a counter, by purpose.
    """

    meta = {
        "collection": "persons",
        "auto_create_index": False,
        "indexes": [{"fields": ["document_index"], "unique": True}],
    }
    document_kind = StringField(required=True)
    document = BinaryField(required=True)
    document_index = ListField(BinaryField(), required=True)
    profile = BinaryField(required=True)
    level = StringField(choices=levels.PERSON_LEVELS, required=True)
    verification = DictField()
    bound_at = DateTimeField()
    consents = DictField()
    created_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "persons",
        "姓名、出生日期、性别和证件号码",
        persons=("_id",),
        sealed=(Sealed("document"), Sealed("profile")),
        blind=(
            Blind(
                "document_index",
                "persons.document",
                source="document",
                normal=lambda number, found: f"{found['document_kind']}:{number}",
            ),
        ),
    )
)


@dataclass(frozen=True)
class Known:
    """A person, opened."""

    id: ObjectId
    level: str
    kind: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    birth: date | None = field(repr=False)
    sex: str | None = field(repr=False)

    def age(self, day: date) -> int | None:
        """Return the age in completed years on a civil day, None when the birth date is not known."""
        return age_on(self.birth, day) if self.birth else None

    @property
    def is_child(self) -> bool:
        """Tell whether this is a child who acts through a guardian, today; an unknown age is an adult's."""
        age = self.age(clock.today())
        return age is not None and age < CHILD_BELOW


def find_or_declare(document: IdentityDocument, name: str, session: ClientSession | None = None) -> ObjectId:
    """Return the id of the person with this document, declaring them when nobody has.

    The name of an existing record is left as it is: a declaration never overwrites another one. Within a transaction
    one that somebody else declares meanwhile raises DuplicateKeyError, which ends it.
    """
    persons, indexes = Person._get_collection(), _indexes(document)
    known = {"document_index": {"$in": indexes}}
    if found := persons.find_one(known, {"_id": 1}, session=session):
        return found["_id"]
    try:
        return persons.insert_one(_declared(document, name, indexes), session=session).inserted_id
    except DuplicateKeyError:
        if session is not None:
            raise
        return persons.find_one(known, {"_id": 1})["_id"]


def _indexes(document: IdentityDocument) -> list[bytes]:
    return runtime.current().sealer.blinds("persons.document", f"{document.kind}:{document.number}")


def _declared(document: IdentityDocument, name: str, indexes: list[bytes]) -> dict[str, Any]:
    sealer, person_id = runtime.current().sealer, ObjectId()
    profile = {"name": name, "birth": document.birth_date, "sex": document.sex}
    return {
        "_id": person_id,
        "document_kind": document.kind,
        "document": sealer.seal("persons.document", person_id, document.number),
        "document_index": indexes,
        "profile": sealer.seal("persons.profile", person_id, orjson.dumps(profile).decode()),
        "level": "declared",
        "created_at": clock.now(),
    }


def read_birth(profile: dict[str, Any]) -> date | None:
    """Return the birth date of an opened profile, None when the document does not state one."""
    return date.fromisoformat(profile["birth"]) if profile.get("birth") else None


def find(document: IdentityDocument, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the person with this document, None when nobody is known by it."""
    return Person._get_collection().find_one({"document_index": {"$in": _indexes(document)}}, session=session)


def ids_of(documents: Iterable[IdentityDocument]) -> dict[IdentityDocument, ObjectId]:
    """Return the persons who are known by these documents."""
    by_index = {index: one for one in documents for index in _indexes(one)}
    query = {"document_index": {"$in": list(by_index)}}
    found = Person._get_collection().find(query, {"document_index": 1}) if by_index else ()
    return {by_index[index]: one["_id"] for one in found for index in one["document_index"] if index in by_index}


def read(person_id: ObjectId, session: ClientSession | None = None) -> Known:
    """Return a person, opened.

    Raises:
        NotFound: no such person.
    """
    found = documents.one(Person, {"_id": person_id}, session=session)
    return opened(found)


def several(person_ids: list[ObjectId]) -> dict[ObjectId, Known]:
    """Return persons by their ids, opened."""
    found = Person._get_collection().find({"_id": {"$in": person_ids}}) if person_ids else ()
    return {one["_id"]: opened(one) for one in found}


def opened(found: dict[str, Any]) -> Known:
    """Return what a record says, opened."""
    sealer = runtime.current().sealer
    profile = orjson.loads(sealer.open("persons.profile", found["_id"], found["profile"]))
    number = sealer.open("persons.document", found["_id"], found["document"])
    birth = read_birth(profile)
    return Known(found["_id"], found["level"], found["document_kind"], number, profile["name"], birth, profile["sex"])


def same_name(one: str, other: str) -> bool:
    """Tell whether two spellings are one name: width, blanks, case and the kind of middle dot do not count."""
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> str:
    """Return the one spelling of all spellings of a name."""
    text = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return "".join("·" if letter in "·•‧・․.˙⋅" else letter for letter in text)


def seen_profile(known: Known, document: IdentityDocument, name: str, birth: date | None) -> bytes:
    """Return the sealed profile of a person whose document somebody has seen; the card's word replaces what was said.

    `birth` counts where the document's number does not state it.
    """
    profile = {
        "name": name,
        "birth": document.birth_date or birth or known.birth,
        "sex": document.sex or known.sex,
    }
    return runtime.current().sealer.seal("persons.profile", known.id, orjson.dumps(profile).decode())


def verify(person_id: ObjectId, profile: bytes, verification: dict[str, Any], session: ClientSession) -> None:
    """Store what a clerk saw of a person, within the transaction of its audit entry."""
    change = {"$set": {"profile": profile, "level": "verified", "verification": verification}}
    Person._get_collection().update_one({"_id": person_id}, change, session=session)


def correct_name(known: Known, name: str) -> None:
    """Put the name that a register confirmed in place of what somebody declared; a clerk's word stays."""
    if same_name(known.name, name):
        return
    profile = seen_profile(known, IdentityDocument(known.kind, known.number), name, None)
    guard = {"_id": known.id, "level": {"$in": levels.below("verified")}}
    Person._get_collection().update_one(guard, {"$set": {"profile": profile}})


def raise_level(person_id: ObjectId, level: str, session: ClientSession) -> None:
    """Raise how sure the record is; it never falls."""
    guard = {"_id": person_id, "level": {"$in": levels.below(level)}}
    Person._get_collection().update_one(guard, {"$set": {"level": level}}, session=session)


def claim(person_id: ObjectId, now: datetime, session: ClientSession) -> None:
    """Write to the person, so that two transactions that decide whose account is theirs collide."""
    Person._get_collection().update_one({"_id": person_id}, {"$set": {"bound_at": now}}, session=session)
