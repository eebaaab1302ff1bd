"""Problems, medicines, allergies and questionnaires both ways: the resource as it was told, sealed in a record.

What stands clear of a record is kind, time and state; so the resource's status follows the record's state, wherever
that was changed by another way. Records that came otherwise are told by their title, text and codings.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from models.eldercare import correct, fhir_parts, fhir_plain, record
from models.eldercare.fhir_type import FhirType, updated, within
from models.eldercare.record import HealthRecord
from models.eldercare.source import Source
from models.fhir import resources
from models.fhir.searching import Asked, Kind, Token

_HL7 = "http://terminology.hl7.org/CodeSystem/"
VERIFICATION = {
    "Condition": f"{_HL7}condition-ver-status",
    "AllergyIntolerance": f"{_HL7}allergyintolerance-verification",
}
ERROR = "entered-in-error"
KIND = {
    "Condition": "condition",
    "MedicationStatement": "medication",
    "AllergyIntolerance": "allergy",
    "QuestionnaireResponse": "questionnaire_response",
}
"""As which kind of record a resource is kept."""
TOLD_OF = {name: [kind] for name, kind in KIND.items()}
TOLD_OF["QuestionnaireResponse"] += ["assessment"]
"""Of which kinds of records a type tells."""
CODED = {"MedicationStatement": "medicationCodeableConcept"}
"""Where the concept of a type stands that is not in `code`."""
BEGINS = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
    "QuestionnaireResponse": ("authored",),
}
ENDS = {"Condition": ("abatementDateTime", "abatementPeriod"), "MedicationStatement": ("effectivePeriod",)}
STATUSES = {
    "MedicationStatement": ("active", "completed", ERROR, "intended", "stopped", "on-hold", "unknown", "not-taken"),
    "QuestionnaireResponse": ("in-progress", "completed", "amended", ERROR, "stopped"),
}
CODES = {
    "Condition.clinicalStatus": ("active", "recurrence", "relapse", "inactive", "remission", "resolved"),
    "AllergyIntolerance.clinicalStatus": ("active", "inactive", "resolved"),
    "Condition.verificationStatus": (
        "unconfirmed", "provisional", "differential", "confirmed", "refuted", ERROR,
    ),
    "AllergyIntolerance.verificationStatus": ("unconfirmed", "confirmed", "refuted", ERROR),
}  # fmt: skip
OVER = {"inactive", "remission", "resolved", "completed", "stopped", "not-taken"}
TELLER = {
    "Condition": "asserter",
    "MedicationStatement": "informationSource",
    "AllergyIntolerance": "asserter",
    "QuestionnaireResponse": "author",
}
_IN_PARAMETER = {
    "clinical-status": "clinicalStatus",
    "verification-status": "verificationStatus",
    "category": "category",
    "status": "status",
}


def told(resource_type: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource of a record."""
    said = record.content(found)
    resource = fhir_parts.head(resource_type, found)
    resource |= said.get("fhir") or fhir_plain.told(resource_type, found, said, BEGINS[resource_type][0])
    patient = "patient" if resource_type == "AllergyIntolerance" else "subject"
    teller = {TELLER[resource_type]: fhir_parts.teller(found["source"])}
    return resource | {patient: fhir_parts.patient(found["subject"])} | teller | _status(resource_type, found, resource)


def _status(resource_type: str, found: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status elements where the record's state says otherwise than the resource."""
    state = found["state"]
    if resource_type in fhir_plain.CLINICAL:
        told_ = {code for _, code in fhir_parts.codings(resource.get("clinicalStatus"))}
        if state == "entered_in_error":
            return {
                "verificationStatus": fhir_parts.concept(ERROR, VERIFICATION[resource_type]),
                "clinicalStatus": None,
            }
        if state == "ended" and not told_ & OVER:
            return {"clinicalStatus": fhir_parts.concept("inactive", fhir_plain.CLINICAL[resource_type])}
        return {}
    if state == "entered_in_error":
        return {"status": ERROR}
    if state == "ended" and resource["status"] not in OVER:
        return {"status": "completed"}
    return {}


def _without_none(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in resource.items() if one is not None}


def read_in(resource_type: str, resource: dict[str, Any], subject_id: ObjectId, source: Source) -> dict[str, Any]:
    """Return the document of a resource that was checked, not stored.

    Raises:
        ResourceInvalid: status, code or dates are not such as are kept.
    """
    patient = "patient" if resource_type == "AllergyIntolerance" else "subject"
    left = (*resources.EVERYWHERE, patient, TELLER[resource_type])
    kept = {name: one for name, one in resource.items() if name not in left}
    fhir_parts.require_own(kept, subject_id, resource_type)
    state = _state(resource_type, kept)
    key = fhir_parts.key(subject_id, fhir_parts.identifier(resource, resource_type))
    at = _moment(resource_type, kept, BEGINS[resource_type], "start") or clock.now()
    said = {"title_zh": _title(resource_type, kept), "fhir": kept}
    concept = kept.get(CODED.get(resource_type, "code")) or {}
    said |= {"coding": concept["coding"]} if concept.get("coding") else {}
    said |= {"text": note[0].get("text", "")} if (note := kept.get("note")) else {}
    said |= {"dosage_zh": how[0]["text"]} if (how := kept.get("dosage")) and how[0].get("text") else {}
    made = record.made(subject_id, KIND[resource_type], said, source, at=at, key=key) | {"state": state}
    until = _moment(resource_type, kept, ENDS.get(resource_type, ()), "end")
    return made | ({"until": until} if until else {})


def _title(resource_type: str, kept: Mapping[str, Any]) -> str:
    if resource_type == "QuestionnaireResponse":
        return record.KINDS["questionnaire_response"]
    element = CODED.get(resource_type, "code")
    concept = kept.get(element) or {}
    shown = [one.get("display") or one.get("code") for one in concept.get("coding", ())]
    title = concept.get("text") or next(filter(None, shown), "")
    if not title:
        raise resources.wrong(f"{resource_type}.{element}", "a text or a coding", "required")
    return str(title)


def _state(resource_type: str, kept: Mapping[str, Any]) -> str:
    said = {}
    for name in ("clinicalStatus", "verificationStatus"):
        allowed = CODES.get(f"{resource_type}.{name}")
        if name in kept and allowed:
            codes = [code for _, code in fhir_parts.codings(kept[name])]
            if len(codes) != 1 or codes[0] not in allowed:
                raise resources.wrong(f"{resource_type}.{name}", f"one of {', '.join(allowed)}", "code-invalid")
            said[name] = codes[0]
    if resource_type in STATUSES:
        said["status"] = kept["status"]
        if kept["status"] not in STATUSES[resource_type]:
            raise resources.wrong(f"{resource_type}.status", f"one of {', '.join(STATUSES[resource_type])}")
    elif (said.get("verificationStatus") == ERROR) == ("clinicalStatus" in said):
        raise resources.wrong(f"{resource_type}.clinicalStatus", "required, except where entered in error", "invariant")
    if ERROR in said.values():
        return "entered_in_error"
    if resource_type == "QuestionnaireResponse":
        return "active"
    return "ended" if OVER & set(said.values()) else "active"


def _moment(resource_type: str, kept: Mapping[str, Any], elements: tuple[str, ...], side: str) -> Any:
    """Return the first of some dates or periods that is told."""
    for name in elements:
        value = kept.get(name)
        text = value.get(side) if isinstance(value, dict) else value
        if text:
            return fhir_parts.moment(text, f"{resource_type}.{name}")
    return None


def _query(date: str, asked: Asked) -> dict[str, Any]:
    conditions = [*within(asked, date), *updated(asked)]
    return {"$and": conditions} if conditions else {}


def fits(resource: Mapping[str, Any], asked: Asked) -> bool:
    """Tell whether a resource has the codes that a search asks for."""
    for name, tokens in asked.tokens.items():
        if name == "code":
            has = fhir_parts.codings(resource.get("code") or resource.get("medicationCodeableConcept"))
        elif name in _IN_PARAMETER:
            has = fhir_parts.codings(resource.get(_IN_PARAMETER[name]))
        else:
            continue
        if not any(_is(one, token) for token in tokens for one in has):
            return False
    return not asked.ranges.get("onset-date") or "onsetDateTime" in resource or "onsetPeriod" in resource


def _is(has: tuple[str, str], token: Token) -> bool:
    system, code = has
    return (not token.code or token.code == code) and token.system in {None, system}


def changes(found: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update of a correction; the content is sealed for the record that stands.

    Raises:
        ResultStands: a table or a rule made a result of it.
    """
    correct.require_words(found)
    told_ = {name: document[name] for name in ("at", "until", "state") if name in document}
    told_ |= {"content": record.sealed(found["_id"], record.content(document))}
    return {"$set": told_, "$unset": {} if "until" in document else {"until": ""}}


def _type(name: str, shows: str, search: Mapping[str, Kind], date: str, kept: tuple[str, ...]) -> FhirType:
    patient = "patient" if name == "AllergyIntolerance" else "subject"
    both: dict[str, Kind] = {"patient": "patient"}
    both |= {"subject": "patient"} if patient == "subject" else {}
    return FhirType(
        name=name,
        shows=shows,
        only={"kind": {"$in": TOLD_OF[name]}},
        word="kind",
        document=HealthRecord,
        search={**both, "identifier": "token", date: "date", **search},
        sorted_by=date,
        kept=("identifier", patient, "note", *kept),
        replaced=(TELLER[name],),
        patient=patient,
        read_in=lambda resource, subject_id, source: read_in(name, resource, subject_id, source),
        told=lambda found: _without_none(told(name, found)),
        query=lambda asked: _query(date, asked),
        fits=fits,
        changes=changes,
        constant=("subject", "key"),
    )


TYPES = (
    _type(
        "Condition",
        "health.conditions",
        {"clinical-status": "token", "verification-status": "token", "code": "token", "category": "token"},
        "onset-date",
        (
            "clinicalStatus", "verificationStatus", "category", "severity", "code", "bodySite", "onsetDateTime",
            "onsetPeriod", "abatementDateTime", "abatementPeriod", "recordedDate",
        ),
    ),
    _type(
        "MedicationStatement",
        "health.medication",
        {"status": "token", "code": "token", "category": "token"},
        "effective",
        (
            "status", "statusReason", "category", "medicationCodeableConcept", "effectiveDateTime", "effectivePeriod",
            "dateAsserted", "reasonCode", "dosage",
        ),
    ),
    _type(
        "AllergyIntolerance",
        "health.allergies",
        {"clinical-status": "token", "verification-status": "token", "code": "token", "category": "token"},
        "date",
        (
            "clinicalStatus", "verificationStatus", "type", "category", "criticality", "code", "onsetDateTime",
            "recordedDate", "lastOccurrence", "reaction",
        ),
    ),
    _type(
        "QuestionnaireResponse",
        "health.questionnaires",
        {"status": "token"},
        "authored",
        ("questionnaire", "status", "authored", "item"),
    ),
)  # fmt: skip
