"""The summary of a patient as a document of the International Patient Summary (IPS 2.0).

Three sections are always there: problems, allergies, medication; an empty one says that nothing is recorded, which is
not that there is nothing. The others are there when they say something. What the elder hid is not in it, and nothing in
it tells that something is hidden.
"""

import html
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import object_ids, read_once
from models.eldercare import codes, fhir_parts, fhir_patient, fhir_types, observation, record, view
from models.eldercare.fhir_read import Caller
from models.eldercare.fhir_type import FhirType
from models.eldercare.reader import Reader
from models.fhir import bundle, times

DOCUMENT = ("60591-5", "Patient summary Document")
KEEPER = {"resourceType": "Organization", "id": "health-record", "name": "于都县老年人健康档案"}
EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
NOTHING = "暂无记录(未登记不等于没有)"
MOST = 50
TREND = 3
"""How many measurements of each kind are told, the newest first."""


@dataclass(frozen=True)
class Section:
    """One section: LOINC code, title, and type and kinds of what stands in it; `required` ones are never left out."""

    loinc: str
    title: str
    type: str
    kinds: tuple[str, ...]
    required: bool = False


SECTIONS = (
    Section("11450-4", "健康问题", type="Condition", kinds=("condition",), required=True),
    Section("48765-2", "过敏和不良反应", type="AllergyIntolerance", kinds=("allergy",), required=True),
    Section("10160-0", "用药", type="MedicationStatement", kinds=("medication",), required=True),
    Section("8716-3", "生命体征", type="Observation", kinds=("vital-signs",)),
    Section("30954-2", "检验结果", type="Observation", kinds=("laboratory",)),
    Section("47420-5", "功能状况", type="QuestionnaireResponse", kinds=("assessment", "questionnaire_response")),
    Section("18776-5", "照护计划", type="", kinds=("care_plan",)),
)


def of(actor: Caller, number: str) -> dict[str, Any]:
    """Return the summary of a patient, with its access line stored.

    Raises:
        NotFound: the patient is not in reach.
    """
    reader = view.of_caller(actor, object_ids.read(number))
    patient, told, sections = fhir_patient.told(reader.subject), list[dict[str, Any]](), []
    records, measured = _records(reader), _measured(reader)
    with read_once.span():
        for one in SECTIONS:
            section, resources = _section(one, records, measured)
            told += resources
            sections += [section] if section else []
    reader.looked(*fhir_types.PATIENT_FIELDS, "health.summary")
    return _document(reader.subject_id, [patient, *told], sections)


def _document(subject_id: ObjectId, told: list[dict[str, Any]], sections: list[dict[str, Any]]) -> dict[str, Any]:
    now, number = clock.now(), str(uuid.uuid4())
    composition = {
        "resourceType": "Composition",
        "id": number,
        "status": "final",
        "type": fhir_parts.concept(DOCUMENT[0], codes.LOINC, DOCUMENT[1]),
        "subject": fhir_parts.patient(subject_id),
        "date": times.told(now),
        "author": [{"reference": f"Organization/{KEEPER['id']}"}],
        "title": "老年人健康摘要",
        "custodian": {"reference": f"Organization/{KEEPER['id']}"},
        "section": sections,
    }
    return bundle.document([composition, *told, KEEPER], base=fhir_types.base(), number=number, at=now)


def _section(
    one: Section, records: Mapping[str, list[dict[str, Any]]], measured: list[dict[str, Any]]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return a section with the resources that it names, None where it may be left out and says nothing."""
    head = {"title": one.title, "code": fhir_parts.concept(one.loinc, codes.LOINC)}
    if one.type == "Observation":
        found = [each for each in measured if _category(each) in one.kinds]
        lines = [_measurement(each) for each in found]
    else:
        found = [each for kind in one.kinds for each in records.get(kind, ())]
        lines = [_words(each) for each in found]
    if not found:
        reason = fhir_parts.concept("unavailable", EMPTY, "Unavailable")
        return ({**head, "text": _text([NOTHING]), "emptyReason": reason} if one.required else None), []
    resources = [fhir_types.named(one.type).told(each) for each in found] if one.type else []
    entry = [{"reference": f"{each['resourceType']}/{each['id']}"} for each in resources]
    return {**head, "text": _text(lines), **({"entry": entry} if entry else {})}, resources


def _text(lines: Iterable[str]) -> dict[str, str]:
    said = "".join(f"<li>{html.escape(one)}</li>" for one in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{said}</ul></div>'}


def _category(found: Mapping[str, Any]) -> str:
    return "vital-signs" if found["code"] in codes.PANELS else codes.QUANTITIES[found["code"]].category


def _words(found: Mapping[str, Any]) -> str:
    said = record.content(found)
    value = f" {said['value_zh']}" if said.get("value_zh") else ""
    return f"{said['title_zh']}{value}({clock.civil(found['at']):%Y-%m-%d})"


def _measurement(found: Mapping[str, Any]) -> str:
    said = "/".join(f"{value:g}" for value in found["values"].values())
    unit = codes.QUANTITIES[next(iter(found["values"]))].unit_zh
    flags = "".join(f";{observation.FLAG_ZH.get(one, one)}" for one in found.get("flags", ()))
    return f"{codes.zh(found['code'])} {said} {unit}({clock.civil(found['at']):%Y-%m-%d %H:%M}{flags})"


def _records(reader: Reader) -> dict[str, list[dict[str, Any]]]:
    """Return the records of the sections by kind, the newest first."""
    kinds = [kind for one in SECTIONS if one.type != "Observation" for kind in one.kinds]
    queries = [{"kind": kind, "state": "active"} for kind in kinds]
    found: dict[str, list[dict[str, Any]]] = {}
    for one in _union(fhir_types.named("Condition"), reader, queries, MOST):
        found.setdefault(one["kind"], []).append(one)
    return found


def _measured(reader: Reader) -> list[dict[str, Any]]:
    """Return the last measurements of each quantity: as many as are told, however many there are."""
    queries = [{"code": code, "state": {"$ne": "entered_in_error"}} for code in codes.NAMES]
    return list(_union(fhir_types.named("Observation"), reader, queries, TREND))


def _union(of: FhirType, reader: Reader, queries: list[dict[str, Any]], most: int) -> Iterable[dict[str, Any]]:
    """Return the newest of each of several queries of what a collection shows, in one look at the store."""
    shown, collection = reader.shown(of.word), of.document._get_collection()

    def newest(query: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"$match": {"$and": [shown, query]}},
            {"$sort": {"at": -1, "_id": -1}},
            {"$limit": most},
            {"$project": {"outbox": 0}},
        ]

    more = [{"$unionWith": {"coll": collection.name, "pipeline": newest(one)}} for one in queries[1:]]
    return collection.aggregate([*newest(queries[0]), *more])
