"""What all FHIR resources of the health record share: how they name themselves, their patient, their source, their key.

The patient's id is the random id of the health subject. A sender's own identifier is the key under which a fact is
stored, once a subject: `fhir:<subject>:<system>|<value>`, in the clear, so it may be nobody's number.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from bson import ObjectId

from backend.identity_documents import BadDocument, parse
from models.eldercare import source as sources
from models.fhir import resources, times
from models.fhir.errors import SeveralMatch

UNITS = "urn:yudu:unit"
LISTED = ("Patient", "Observation", "Condition", "MedicationStatement", "AllergyIntolerance", "QuestionnaireResponse")
_SYSTEM = re.compile(r"[a-z][a-z0-9+.-]{1,19}:\S{1,180}\Z", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9._:/-]{1,100}\Z", re.ASCII)
_PHONE = re.compile(r"(86)?1\d{10}\Z", re.ASCII)


def head(resource_type: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every resource begins with: type, id, version and when it was changed."""
    changed = found.get("changed_at") or found["recorded_at"]
    meta = {"versionId": str(found["version"]), "lastUpdated": times.instant(changed)}
    return {"resourceType": resource_type, "id": str(found["_id"]), "meta": meta}


def patient(subject_id: ObjectId) -> dict[str, Any]:
    """Return the reference to a patient."""
    return {"reference": f"Patient/{subject_id}"}


def teller(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return who says it: the kind of source in words, the unit by its code."""
    told: dict[str, Any] = {"display": sources.zh(source["kind"])}
    return told | ({"identifier": {"system": UNITS, "value": source["unit"]}} if source.get("unit") else {})


def concept(code: str, system: str, display: str = "") -> dict[str, Any]:
    """Return a concept of one coding."""
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def codings(told: Any) -> list[tuple[str, str]]:
    """Return (system, code) of a code, a concept, or a list of concepts."""
    if isinstance(told, str):
        return [("", told)]
    if isinstance(told, list):
        return [pair for one in told for pair in codings(one)]
    found = told.get("coding", ()) if isinstance(told, dict) else ()
    return [(one.get("system", ""), one.get("code", "")) for one in found]


def identifier(told: Mapping[str, Any], where: str) -> tuple[str, str] | None:
    """Return system and value of the sender's own identifier, None without one.

    Raises:
        ResourceInvalid: there are several, it is incomplete, or it looks like a person's number.
    """
    given = told.get("identifier")
    listed = given if isinstance(given, list) else [given] if given else []
    if not listed:
        return None
    if len(listed) > 1:
        raise resources.wrong(f"{where}.identifier", "one identifier at most")
    system, value = listed[0].get("system", ""), listed[0].get("value", "")
    if not _SYSTEM.match(system) or not _VALUE.match(value):
        raise resources.wrong(f"{where}.identifier", "system is a URI, value 1 to 100 of A-Z a-z 0-9 . _ : / -")
    if _PHONE.match(value) or _is_document(value):
        raise resources.wrong(f"{where}.identifier.value", "a person's number is no identifier of a resource")
    return system, value


def _is_document(value: str) -> bool:
    try:
        parse("resident_id", value)
    except BadDocument:
        return False
    return True


def key(subject_id: ObjectId, pair: tuple[str, str] | None) -> str:
    """Return the key of an identifier, "" without one."""
    return f"fhir:{subject_id}:{pair[0]}|{pair[1]}" if pair else ""


def told_identifier(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the identifier under which a fact is stored, as the sender told it."""
    prefix = f"fhir:{found['subject']}:"
    if not found.get("key", "").startswith(prefix):
        return []
    system, _, value = found["key"].removeprefix(prefix).partition("|")
    return [{"system": system, "value": value}]


def require_condition(condition: str, pair: tuple[str, str] | None) -> None:
    """Check that a conditional create asks for the identifier that its resource has.

    Raises:
        SeveralMatch: it asks for something else.
    """
    told = [one for one in parse_qsl(condition.lstrip("?"), keep_blank_values=True) if one[0] != "patient"]
    if pair is None or told != [("identifier", f"{pair[0]}|{pair[1]}")]:
        raise SeveralMatch


def moment(text: str, where: str) -> datetime:
    """Return the first moment of a date or time.

    Raises:
        ResourceInvalid: it is none of the years that count.
    """
    try:
        return times.read(text).start
    except ValueError:
        raise resources.wrong(where, "no date, or a time without an offset") from None


def require_own(told: Mapping[str, Any], subject_id: ObjectId, where: str, *, more: tuple[str, ...] = ()) -> None:
    """Check that a resource refers to nothing but its patient, apart from elements that are checked elsewhere.

    Raises:
        ResourceInvalid: it refers to something that is not here, or not of this patient.
    """
    for path, one in resources.references({k: v for k, v in told.items() if k not in more}, where):
        if one["reference"].rpartition("Patient/")[2] != str(subject_id):
            raise resources.wrong(f"{path}.reference", "tell it by identifier or display", "not-supported")
