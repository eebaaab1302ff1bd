"""Writing over FHIR: create, conditional create, correct, delete, and Bundles of them; each a transaction of the store.

A key that somebody stores at the same moment ends the transaction, which then runs again and finds it stored. Audit
entries, versions and the time of the last entry are in the same transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import NotFound, Unavailable
from backend.store import documents, object_ids, transactions
from models.audit import entry as audit
from models.eldercare import (
    correct,
    enrol,
    enter,
    escalate,
    fhir_conditions,
    fhir_patient,
    fhir_provenance,
    fhir_types,
    observation,
    place,
    subject,
    view,
)
from models.eldercare.enrol import Seen
from models.eldercare.fhir_type import FhirType
from models.eldercare.reader import Reader
from models.fhir import bundle, resources
from models.fhir.bundle import Entry
from models.fhir.errors import (
    DuplicateIdentifier,
    NotOffered,
    ResourceGone,
    ResourceInvalid,
    VersionPassed,
)
from models.identity import person as persons
from models.identity.actors import Staff

TRIES = 4
_FIRST, _ORDER = -1, {"Patient": 0, "Provenance": 2}
"""Deletes come first, as the standard has it; patients before their facts, provenances last."""
REASON = "fhir"
T = TypeVar("T")


@dataclass(frozen=True)
class Stored:
    """What one entry came to: the resource as it stands, and whether this request made or changed it."""

    resource: dict[str, Any]
    status: str
    subject_id: ObjectId
    changed: bool = True


def create(actor: Staff, resource_type: str, told: Any, condition: str | None) -> Stored:
    """Store a resource; with a condition one that is stored already is returned as it stands.

    Raises:
        BodyUnreadable, ResourceInvalid: it is not as it must be.
        NotFound: its patient is not in reach.
        DuplicateIdentifier: without a condition, and stored already.
        SeveralMatch: the condition is none that can be kept.
    """
    return _carried_out(actor, [Entry(resource_type, "", "POST", resource_type, "", told, condition)])[0]


def update(actor: Staff, resource_type: str, number: str, told: Any, if_match: str | None) -> Stored:
    """Correct a resource of the version that is named; what stood before is kept.

    Raises:
        NotFound: there is none in reach.
        VersionNeeded, VersionPassed: no version is named, or not the one that stands.
        EnteredInError, NotYourEntry, ResultStands: it was withdrawn, another unit's, or a result was made of it.
    """
    return _carried_out(actor, [Entry(resource_type, "", "PUT", resource_type, number, told, None, if_match)])[0]


def delete(actor: Staff, resource_type: str, number: str, if_match: str | None) -> Stored:
    """Withdraw a resource: it is found and read no more, what stood before is kept; again changes nothing.

    Raises:
        NotFound: there is none in reach.
        NotOffered: this type is not deleted.
        VersionPassed: another version stands than the one that is named.
        NotYourEntry: another unit's.
    """
    return _carried_out(actor, [Entry(resource_type, "", "DELETE", resource_type, number, {}, None, if_match)])[0]


def single(actor: Staff, one: Entry) -> Stored:
    """Carry out one entry of a Bundle by itself.

    Raises:
        CityError: what it asks for is refused.
    """
    return _carried_out(actor, [one])[0]


def transaction(actor: Staff, told: Any) -> list[Stored]:
    """Carry out all entries of a Bundle or none, and return what each came to, in their order.

    Raises:
        BodyUnreadable, ResourceInvalid: it is no transaction, or an entry is wrong.
        CityError: what any single entry raises.
    """
    return _carried_out(actor, bundle.entries(told))


def _carried_out(actor: Staff, entries: list[Entry]) -> list[Stored]:
    for one in entries:
        _at(one, lambda one=one: _check(one))  # type: ignore[misc]
    for _ in range(TRIES):
        try:
            done = transactions.run(lambda session: _Work(actor, session).all(entries))
        except DuplicateKeyError:
            continue
        outbox.wake(observation.QUEUE)
        for each in done:
            if each.changed and each.resource["resourceType"] == fhir_types.PATIENT:
                escalate.follow_units(each.subject_id)
        return done
    raise Unavailable


def _check(one: Entry) -> None:
    if one.type == fhir_types.PATIENT:
        if one.method != "POST":
            raise NotOffered
        resources.check(one.type, one.resource, fhir_patient.KEPT)
        return
    known = fhir_types.named(one.type)
    if one.method != "POST" and not known.updates:
        raise NotOffered
    if one.method == "DELETE":
        return
    resources.check(one.type, one.resource, (*known.kept, *known.replaced))


def _at(one: Entry, step: Callable[[], T]) -> T:
    """Run a step of an entry; what is wrong with its resource is told by its path in the Bundle."""
    try:
        return step()
    except ResourceInvalid as wrong:
        if one.where == one.type:
            raise
        told = [replace(each, where=each.where.replace(one.type, f"{one.where}.resource", 1)) for each in wrong.issues]
        raise ResourceInvalid(told) from None


def _rank(one: Entry) -> int:
    return _FIRST if one.method == "DELETE" else _ORDER.get(one.type, 1)


@dataclass
class _Work:
    """One transaction: what was stored so far, and how entries are called by others."""

    actor: Staff
    session: ClientSession
    names: dict[str, str] = field(default_factory=dict)
    readers: dict[ObjectId, Reader] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def all(self, entries: list[Entry]) -> list[Stored]:
        order = sorted(range(len(entries)), key=lambda number: (_rank(entries[number]), number))
        done: dict[int, Stored] = {}
        for number in order:
            one = entries[number]
            done[number] = _at(one, lambda one=one: self._one(one))  # type: ignore[misc]
            self.names[one.full_url] = f"{one.type}/{done[number].resource['id']}"
        if self.lines:
            audit.write_all(self.lines, self.session)
        for found in {each.subject_id for each in done.values() if each.changed}:
            subject.touched(found, clock.now(), self.session)
        return [done[number] for number in range(len(entries))]

    def _one(self, one: Entry) -> Stored:
        if one.type == fhir_types.PATIENT:
            return self._patient(one)
        if one.method == "DELETE":
            return self._delete(one)
        told = bundle.resolved(one.resource, self.names, one.type)
        return self._correct(one, told) if one.method == "PUT" else self._fact(one, told)

    def _patient(self, one: Entry) -> Stored:
        new, told = fhir_patient.read_in(one.resource), place.wanted(self.actor, "", fhir_patient.AS)
        if one.if_none_exist is not None:
            fhir_patient.require_condition(one.if_none_exist, new)
        stood = fhir_patient.standing(new, self.session)
        number = enrol.put(self.actor, Seen(new.document, new.name, fhir_patient.SEEN), told, self.session)
        if stood and told.unit in {each["unit"] for each in stood["units"]}:
            if one.if_none_exist is None:
                raise DuplicateIdentifier
            return Stored(fhir_patient.told(stood), "200 OK", number, changed=False)
        made = documents.one(subject.HealthSubject, {"_id": number}, session=self.session)
        self.readers[number] = view.caring(self.actor, made, enter.OPERATION)
        whose = persons.read(subject.person_of(made), self.session)
        return Stored(fhir_patient.told(made, whose), "201 Created", number)

    def _fact(self, one: Entry, told: dict[str, Any]) -> Stored:
        known = fhir_types.named(one.type)
        subject_id = self._subject(known, told)
        document = known.read_in(told, subject_id, enter.source_of(self.actor, self._writer(subject_id)))
        if known is fhir_provenance.TYPE:
            document |= {"about": self._targets(document), "key": fhir_provenance.key(document, told["recorded"])}
        if stored := self._stored(known, one, told, document):
            return Stored(known.told(stored), "200 OK", subject_id, changed=False)
        known.document._get_collection().insert_one(document, session=self.session)
        self._line("fhir.create", known.collection, document["_id"], version=1)
        return Stored(known.told(document), "201 Created", subject_id)

    def _stored(
        self, known: FhirType, one: Entry, told: Mapping[str, Any], document: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return what is stored under the key of a document, None where nothing is."""
        if one.if_none_exist is not None:
            fhir_conditions.require_condition(known, one.if_none_exist, told)
        if "key" not in document:
            return None
        query = {"key": document["key"]}
        stored = known.document._get_collection().find_one(query, session=self.session)
        if stored and (one.if_none_exist is None or stored.get("deleted") or not self._shown(stored)):
            raise DuplicateIdentifier
        return stored

    def _subject(self, known: FhirType, told: Mapping[str, Any]) -> ObjectId:
        if known is fhir_provenance.TYPE:
            kind, number = fhir_provenance.targets(told)[0]
            found = self._read(fhir_types.named(kind), number)
            return ObjectId(found["subject"])
        reference = (told.get(known.patient) or {}).get("reference", "")
        if not reference:
            raise resources.wrong(f"{known.name}.{known.patient}", "a reference to a patient", "required")
        return object_ids.read(reference.rpartition("Patient/")[2])

    def _writer(self, subject_id: ObjectId) -> Reader:
        if subject_id not in self.readers:
            self.readers[subject_id] = view.of_staff(self.actor, subject_id, enter.OPERATION)
        return self.readers[subject_id]

    def _targets(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what a provenance is about, each a fact of the one patient."""
        about = []
        for one in document["about"]:
            found = self._read(fhir_types.named(one["type"]), one["id"])
            if found["subject"] != document["subject"]:
                raise NotFound
            about.append({**one, "what": fhir_provenance.what(found)})
        return about

    def _read(self, known: FhirType, number: ObjectId, *, gone: bool = False) -> dict[str, Any]:
        found = documents.one(known.document, {"_id": number, **known.only}, session=self.session)
        if not self._shown(found):
            raise NotFound
        if found.get("deleted") and not gone:
            raise ResourceGone
        return found

    def _shown(self, found: Mapping[str, Any]) -> bool:
        reader = self._writer(found["subject"])
        return all(map(reader.sees, fhir_provenance.facts(found)))

    def _correct(self, one: Entry, told: dict[str, Any]) -> Stored:
        known = fhir_types.named(one.type)
        found = self._read(known, object_ids.read(one.id))
        if told.get("id") != one.id:
            raise resources.BodyUnreadable(fields={"id": [one.id]})
        fhir_conditions.require_version(one.if_match, found["version"])
        if found["state"] == "entered_in_error":
            raise fhir_conditions.EnteredInError
        reader = self._writer(found["subject"])
        correct.require_own(reader, found)
        document = known.read_in(told, self._subject(known, told), enter.source_of(self.actor, reader))
        fhir_conditions.require_same(known, found, document)
        wrong = document["state"] == "entered_in_error"
        update = correct.withdrawn(found) if wrong else known.changes(found, document)
        change = correct.Change(found["version"], REASON)
        try:
            stands = correct.put(self.actor, found, change, update, session=self.session)
        except correct.VersionStale:
            raise VersionPassed from None
        return Stored(known.told(stands), "200 OK", found["subject"])

    def _delete(self, one: Entry) -> Stored:
        known = fhir_types.named(one.type)
        found = self._read(known, object_ids.read(one.id), gone=True)
        if found.get("deleted"):
            return Stored(known.told(found), "204 No Content", found["subject"], changed=False)
        if one.if_match is not None:
            fhir_conditions.require_version(one.if_match, found["version"])
        correct.require_own(self._writer(found["subject"]), found)
        gone = {"$set": {"deleted": True}}
        if found["state"] == "entered_in_error":
            known.document._get_collection().update_one({"_id": found["_id"]}, gone, session=self.session)
            self._line("fhir.delete", known.collection, found["_id"], version=found["version"])
            return Stored(known.told(found), "204 No Content", found["subject"])
        update = correct.withdrawn(found)
        update["$set"] |= gone["$set"]
        change = correct.Change(found["version"], REASON)
        try:
            stands = correct.put(self.actor, found, change, update, session=self.session)
        except correct.VersionStale:
            raise VersionPassed from None
        return Stored(known.told(stands), "204 No Content", found["subject"])

    def _line(self, action: str, what: str, number: ObjectId, **told: int) -> None:
        self.lines.append(audit.line(self.actor.key, action, f"{what}:{number}", unit=self.actor.unit, **told))
