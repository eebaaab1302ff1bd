"""Reading over FHIR: one resource or an earlier version, searches by page, and everything about one patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from backend.store import documents, object_ids, paging, read_once
from models.audit import access_line
from models.eldercare import fhir_patient, fhir_provenance, fhir_types, subject, view
from models.eldercare.fhir_type import FhirType
from models.eldercare.reader import Reader
from models.eldercare.subject import HealthSubject
from models.eldercare.version import HealthVersion
from models.eldercare.view import NotEnrolled
from models.fhir import searching
from models.fhir.errors import ParameterWrong, ResourceGone
from models.fhir.searching import Asked
from models.identity.actors import Resident, Staff

MOST_PAGES = 8
"""How many pages of the store one page of an answer looks through, where codes are sealed."""
Caller = Resident | Staff
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """Some resources, and the cursor of the next page."""

    found: list[dict[str, Any]]
    cursor: str | None = None


def one(actor: Caller, resource_type: str, number: str, version: str = "") -> dict[str, Any]:
    """Return one resource, or an earlier version of it.

    Raises:
        TypeUnknown: no such type.
        NotFound: no such resource or version, or out of reach, or hidden from this reader.
        ResourceGone: it was deleted.
    """
    if resource_type == fhir_types.PATIENT:
        return _patient(actor, number, version)
    if resource_type == fhir_provenance.TYPE.name and "." in number:
        return _own_provenance(actor, number)
    known = fhir_types.named(resource_type)
    found, reader = _fact(actor, known, object_ids.read(number))
    if version and version != str(found["version"]):
        found = _earlier(known, found, version)
    elif found.get("deleted"):
        raise ResourceGone
    reader.looked(known.shows)
    return known.told(found)


def _patient(actor: Caller, number: str, version: str) -> dict[str, Any]:
    reader = view.of_caller(actor, object_ids.read(number))
    if version and version != str(reader.subject["seq"]):
        raise NotFound
    reader.looked(*fhir_types.PATIENT_FIELDS)
    return fhir_patient.told(reader.subject)


def _fact(actor: Caller, known: FhirType, number: ObjectId) -> tuple[dict[str, Any], Reader]:
    found = documents.one(known.document, {"_id": number, **known.only}, {"outbox": 0})
    reader = view.of_caller(actor, found["subject"])
    if not all(map(reader.sees, fhir_provenance.facts(found))):
        raise NotFound
    return found, reader


def _own_provenance(actor: Caller, number: str) -> dict[str, Any]:
    resource_type, _, record = number.partition(".")
    if resource_type not in fhir_provenance.ABOUT:
        raise NotFound
    found, reader = _fact(actor, fhir_types.named(resource_type), object_ids.read(record))
    if found.get("deleted"):
        raise ResourceGone
    reader.looked(fhir_provenance.TYPE.shows)
    return fhir_provenance.own(resource_type, found)


def _earlier(known: FhirType, found: Mapping[str, Any], version: str) -> dict[str, Any]:
    kept = documents.one(HealthVersion, {"_id": f"{known.collection}:{found['_id']}:{version[:9]}"})
    same = {name: found[name] for name in ("_id", "subject", "key") if name in found}
    sealed = {"content": kept["content"]} if "content" in kept else {}
    return {**kept["said"], **same, **sealed, "version": kept["number"]}


def search(actor: Caller, resource_type: str, pairs: Pairs) -> Page:
    """Return a page of the resources that a search asks for.

    Raises:
        TypeUnknown: no such type.
        ParameterWrong, BadCursor: the search is none, or names no patient.
        NotFound: the patient is not in reach.
    """
    if resource_type == fhir_types.PATIENT:
        return _patients(actor, searching.read(pairs, fhir_types.PATIENT_SEARCH))
    known = fhir_types.named(resource_type)
    asked = searching.read(pairs, known.search, sorted_by=known.sorted_by)
    reader = _searcher(actor, known, asked)
    if reader is None:
        return Page([])
    if "target" in asked.references and asked.patient is None:
        return _about(actor, asked)
    found, cursor = _matching(reader, known, asked)
    if found:
        reader.looked(known.shows)
    return Page(found, cursor)


def _searcher(actor: Caller, known: FhirType, asked: Asked) -> Reader | None:
    """Return who searches whose record: the patient who is named, the resident's own, or that of the target."""
    if asked.patient is not None:
        return view.of_caller(actor, object_ids.read(asked.patient))
    if isinstance(actor, Resident):
        return _own(actor)
    if "target" in asked.references:
        return _of_target(actor, asked.references["target"])
    if asked.ids and len(asked.ids) == 1:
        found = known.document._get_collection().find_one({"_id": asked.ids[0], **known.only}, {"subject": 1})
        return _perhaps(actor, found["subject"]) if found else None
    raise ParameterWrong("patient", "请指明患者(patient)")


def _own(actor: Resident) -> Reader | None:
    """Return a resident as the reader of the record that is theirs to read, None where there is none."""
    try:
        return view.of_resident(actor)
    except NotEnrolled:
        return None


def _perhaps(actor: Caller, subject_id: ObjectId) -> Reader | None:
    """Return the reader of a record, None where it is out of reach: a search then finds nothing."""
    try:
        return view.of_caller(actor, subject_id)
    except NotFound:
        return None


def _of_target(actor: Caller, targets: Sequence[str]) -> Reader | None:
    resource_type, _, number = targets[0].rpartition("/")
    known = fhir_types.named(resource_type.rpartition("/")[2])
    if len(targets) > 1 or not ObjectId.is_valid(number) or known.name not in fhir_provenance.ABOUT:
        raise ParameterWrong("target", "须为一项 [type]/[id]")
    found = known.document._get_collection().find_one({"_id": ObjectId(number), **known.only}, {"subject": 1})
    return _perhaps(actor, found["subject"]) if found else None


def _about(actor: Caller, asked: Asked) -> Page:
    """Return what tells where one fact comes from: by its own source, and as others told it."""
    resource_type, _, number = asked.references["target"][0].rpartition("/")
    known = fhir_types.named(resource_type.rpartition("/")[2])
    try:
        found, reader = _fact(actor, known, ObjectId(number))
    except NotFound:
        return Page([])
    told, cursor = _matching(reader, fhir_provenance.TYPE, asked)
    own = [] if asked.cursor or asked.ranges or asked.ids else [fhir_provenance.own(known.name, found)]
    reader.looked(fhir_provenance.TYPE.shows)
    return Page(own + told, cursor)


def _matching(reader: Reader, known: FhirType, asked: Asked) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one type about one patient; what the store cannot decide is looked through, page by page."""
    parts = [one for one in (_shown(reader, known), known.query(asked), _named(reader, asked)) if one]
    found: list[dict[str, Any]] = []
    cursor = asked.cursor
    for _ in range(MOST_PAGES):
        items, cursor = paging.page(
            known.document._get_collection(),
            {"$and": parts},
            sort=("at", -1 if asked.newest_first else 1),
            cursor=cursor,
            limit=asked.count - len(found),
            projection={"outbox": 0},
        )
        with read_once.span():
            found += [told for told in map(known.told, items) if known.fits(told, asked)]
        if cursor is None or len(found) >= asked.count:
            break
    return found, cursor


def _any(reader: Reader, known: FhirType) -> bool:
    """Tell whether there is something of a type about a patient."""
    return known.document._get_collection().find_one(_shown(reader, known), {"_id": 1}) is not None


def _shown(reader: Reader, known: FhirType) -> dict[str, Any]:
    """Return the query of what is shown of a type."""
    shown = reader.shown(known.word, known.item) | {"deleted": {"$exists": False}}
    return {"$and": [shown, known.only]} if known.only else shown


def _named(reader: Reader, asked: Asked) -> dict[str, Any]:
    """Return the condition of ids and identifiers."""
    condition: dict[str, Any] = {} if asked.ids is None else {"_id": {"$in": list(asked.ids)}}
    if "identifier" in asked.tokens:
        keys = [f"fhir:{reader.subject_id}:{one.system}|{one.code}" for one in asked.tokens["identifier"]]
        condition["key"] = {"$in": keys}
    return condition


def _patients(actor: Caller, asked: Asked) -> Page:
    """Return the patients in reach, those first for whom something was written last."""
    if isinstance(actor, Resident):
        mine = _own(actor)
        found = [mine.subject] if mine and (asked.ids is None or mine.subject_id in asked.ids) else []
        if mine and found:
            mine.looked(*fhir_types.PATIENT_FIELDS)
        return Page(fhir_patient.several([dict(one) for one in found]))
    query = subject.reached(actor.units_for("health.read"))
    query |= {"_id": {"$in": list(asked.ids)}} if asked.ids is not None else {}
    listed, cursor = paging.page(
        HealthSubject._get_collection(), query, sort=("latest", -1), cursor=asked.cursor, limit=asked.count
    )
    whose = [subject.person_of(one) for one in listed]
    access_line.record(actor, purpose=view.PURPOSE, subjects=whose, fields=fhir_types.PATIENT_FIELDS)
    return Page(fhir_patient.several(listed), cursor)


def everything(actor: Caller, number: str, pairs: Pairs) -> Page:
    """Return a page of all that is known of one patient: themselves first, then the facts, type by type.

    Raises:
        NotFound: the patient is not in reach.
        ParameterWrong, BadCursor: a parameter is wrong.
    """
    asked = searching.read(pairs, {}, only=("_count", "_cursor", "_format"))
    reader, types = view.of_caller(actor, object_ids.read(number)), list(fhir_types.TYPES.values())
    stage, _, inner = (asked.cursor or "0.").partition(".")
    if not stage.isascii() or not stage.isdigit() or int(stage[:3]) >= len(types):
        raise paging.BadCursor(fields={"_cursor": [paging.BadCursor.zh]})
    place, inside = int(stage[:3]), inner or None
    found = [] if asked.cursor else [fhir_patient.told(reader.subject)]
    cursor: str | None = None
    while place < len(types) and len(found) < asked.count:
        part = Asked(count=asked.count - len(found), cursor=inside)
        more, inside = _matching(reader, types[place], part)
        found += more
        place += inside is None
    while place < len(types) and inside is None and not _any(reader, types[place]):
        place += 1
    if place < len(types):
        cursor = f"{place}.{inside or ''}"
    reader.looked(*fhir_types.PATIENT_FIELDS, *(one.shows for one in types))
    return Page(found, cursor)
