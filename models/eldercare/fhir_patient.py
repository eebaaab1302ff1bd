"""Patients: who is enrolled, told by the random id of their health record; enrolling over FHIR.

Name, birth and sex are the person's, which registers and counters correct, not this interface; so a patient is read and
created, and not updated. The number of the document comes in to find the person, and never goes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.client_session import ClientSession

from backend.identity_documents import IdentityDocument, parse
from models.eldercare import subject
from models.eldercare.fhir_parts import UNITS
from models.fhir import resources, times
from models.fhir.errors import SeveralMatch
from models.identity import person as persons

DOCUMENT = "urn:oid:2.16.156.10011.1.3"
"""身份证号标识 of the national health standards (WS/T 500)."""
KEPT = ("identifier", "active", "name", "gender", "birthDate")
RECORDS = "urn:yudu:health-subject"
AS = "village_clinic"
"""As what the unit cares whose doctor enrols somebody."""
SEEN = "fhir"
"""What the sender saw of the person, as the audit tells it: nothing but what came in."""


@dataclass(frozen=True)
class Newcomer:
    """Who is to be enrolled, as a sender tells it."""

    document: IdentityDocument
    name: str


def told(found: Mapping[str, Any], known: persons.Known | None = None) -> dict[str, Any]:
    """Return the resource of an enrolled person."""
    known = known or persons.read(subject.person_of(found))
    meta = {"versionId": str(found["seq"]), "lastUpdated": times.instant(found["created_at"])}
    shown: dict[str, Any] = {
        "resourceType": "Patient",
        "id": str(found["_id"]),
        "meta": meta,
        "identifier": [{"system": RECORDS, "value": str(found["_id"])}],
        "active": True,
        "name": [{"text": known.name}],
        "gender": known.sex or "unknown",
    }
    if known.birth:
        shown["birthDate"] = known.birth.isoformat()
    if found["units"]:
        cares = [
            {"identifier": {"system": UNITS, "value": one["unit"]}, "display": subject.CARES_AS.get(one.get("as"), "")}
            for one in found["units"]
        ]
        shown["generalPractitioner"] = [{name: one for name, one in each.items() if one} for each in cares]
    return shown


def read_in(resource: Mapping[str, Any]) -> Newcomer:
    """Return who a resource that was checked wants enrolled.

    Raises:
        ResourceInvalid: name or document is missing, or says something else than birth and sex.
        BadDocument: the number is none.
    """
    given = [one for one in resource.get("identifier", ()) if one.get("system") == DOCUMENT]
    if len(given) != 1 or len(resource["identifier"]) != 1:
        raise resources.wrong("Patient.identifier", f"one, of the system {DOCUMENT}", "required")
    document = parse("resident_id", str(given[0].get("value", "")), field="identifier")
    names = resource.get("name") or [{}]
    name = names[0].get("text") or names[0].get("family", "") + "".join(names[0].get("given", ()))
    if not name or len(names) > 1 or len(name) > 50:  # noqa: PLR2004 - as everywhere
        raise resources.wrong("Patient.name", "one name, in text, of at most 50 letters", "required")
    if resource.get("birthDate", "") not in {"", document.birth_date.isoformat() if document.birth_date else ""}:
        raise resources.wrong("Patient.birthDate", "differs from the document")
    if resource.get("gender", document.sex) != document.sex:
        raise resources.wrong("Patient.gender", "differs from the document")
    if resource.get("active") is False:
        raise resources.wrong("Patient.active", "only who lives is enrolled", "not-supported")
    return Newcomer(document, name)


def require_condition(condition: str, new: Newcomer) -> None:
    """Check that a conditional create asks for the document of its resource.

    Raises:
        SeveralMatch: it asks for something else.
    """
    if condition.lstrip("?") != f"identifier={DOCUMENT}|{new.document.number}":
        raise SeveralMatch


def standing(new: Newcomer, session: ClientSession) -> dict[str, Any] | None:
    """Return the record of who has this document, whatever their name, None where nobody enrolled them."""
    found = persons.find(new.document, session)
    return subject.of_person(found["_id"], session=session) if found else None


def several(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the resources of several records, their persons read at once."""
    whose = {one["_id"]: subject.person_of(one) for one in found}
    people = persons.several(list(whose.values()))
    return [told(one, people[whose[one["_id"]]]) for one in found if whose[one["_id"]] in people]
