"""Observations both ways: measured values by LOINC and UCUM, panels with components; in the clear, so without words."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from models.eldercare import codes, correct, fhir_parts, observation
from models.eldercare.fhir_type import FhirType, updated, within
from models.eldercare.observation import HealthObservation, Measured
from models.eldercare.source import Source
from models.fhir import resources, times
from models.fhir.searching import Asked, Token

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
STATUS = {"final": "final", "amended": "amended", "entered_in_error": "entered-in-error"}
STATE_OF = {"final": "final", "amended": "amended", "corrected": "amended", "entered-in-error": "entered_in_error"}
FLAGS = "urn:yudu:health-flag"


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource of an observation."""
    code, state = found["code"], found["state"]
    resource = fhir_parts.head("Observation", found) | {
        "status": STATUS[state],
        "category": [fhir_parts.concept(_category(code), CATEGORIES)],
        "code": {"coding": [{"system": codes.LOINC, "code": codes.loinc(code)}], "text": codes.zh(code)},
        "subject": fhir_parts.patient(found["subject"]),
        "effectiveDateTime": times.told(found["at"]),
        "issued": times.instant(found["recorded_at"]),
        "performer": [fhir_parts.teller(found["source"])],
    }
    if given := fhir_parts.told_identifier(found):
        resource["identifier"] = given
    if found.get("flags"):
        said = [{"system": FLAGS, "code": one, "display": observation.FLAG_ZH.get(one, one)} for one in found["flags"]]
        resource["meta"]["tag"] = said
    if code not in codes.PANELS:
        return resource | {"valueQuantity": _quantity(code, found["values"][code])}
    return resource | {"component": [_component(one, value) for one, value in found["values"].items()]}


def _category(code: str) -> str:
    return "vital-signs" if code in codes.PANELS else codes.QUANTITIES[code].category


def _quantity(name: str, value: float) -> dict[str, Any]:
    unit = codes.QUANTITIES[name].unit
    number = int(value) if value == int(value) and abs(value) < 1e15 else value  # noqa: PLR2004 - exact as an integer
    return {"value": number, "unit": unit, "system": codes.UCUM, "code": unit}


def _component(name: str, value: float) -> dict[str, Any]:
    code = {"coding": [{"system": codes.LOINC, "code": codes.loinc(name)}], "text": codes.zh(name)}
    return {"code": code, "valueQuantity": _quantity(name, value)}


def read_in(resource: dict[str, Any], subject_id: ObjectId, source: Source) -> dict[str, Any]:
    """Return the document of a resource that was checked, not stored.

    Raises:
        ResourceInvalid: status, code, time or value are not such as are kept.
        QuantityUnknown, MeasuredInFuture: by the rules of observations.
    """
    state = STATE_OF.get(resource["status"])
    if state is None:
        raise resources.wrong("Observation.status", f"one of {', '.join(STATE_OF)}", "not-supported")
    effective = resource.get("effectiveDateTime", "")
    if not times.has_time(effective):
        raise resources.wrong("Observation.effectiveDateTime", "a time with an offset", "required")
    fhir_parts.require_own(resource, subject_id, "Observation", more=("performer",))
    key = fhir_parts.key(subject_id, fhir_parts.identifier(resource, "Observation"))
    code, values = _values(resource)
    at = fhir_parts.moment(effective, "Observation.effectiveDateTime")
    return observation.made(subject_id, Measured(code, values, at, key=key), source) | {"state": state}


def _values(resource: Mapping[str, Any]) -> tuple[str, dict[str, tuple[float, str]]]:
    code = _named(resource["code"], "Observation.code")
    if code not in codes.PANELS:
        if resource.get("component"):
            raise resources.wrong("Observation.component", "only panels have components", "not-supported")
        return code, {code: _measured(resource.get("valueQuantity"), "Observation.valueQuantity")}
    if "valueQuantity" in resource:
        raise resources.wrong("Observation.valueQuantity", "a panel has components", "not-supported")
    values = dict(_components(code, resource.get("component", [])))
    if not values:
        raise resources.wrong("Observation.component", "a panel has components", "required")
    return code, values


def _components(panel: str, told_: list[dict[str, Any]]) -> Iterator[tuple[str, tuple[float, str]]]:
    seen: set[str] = set()
    for place, one in enumerate(told_):
        where = f"Observation.component[{place}]"
        name = _named(one["code"], f"{where}.code")
        if name not in codes.components(panel) or name in seen:
            raise resources.wrong(f"{where}.code", "no part of this panel, or told twice")
        if strange := {*one} - {"code", "valueQuantity"}:
            raise resources.wrong(f"{where}.{min(strange)}", "not kept here", "not-supported")
        seen.add(name)
        yield name, _measured(one.get("valueQuantity"), f"{where}.valueQuantity")


def _named(concept: Mapping[str, Any], where: str) -> str:
    found = {codes.named(code) for system, code in fhir_parts.codings(concept) if system == codes.LOINC} - {None}
    if len(found) != 1:
        raise resources.wrong(where, "one LOINC code of those listed in the documentation", "code-invalid")
    return str(found.pop())


def _measured(quantity: Mapping[str, Any] | None, where: str) -> tuple[float, str]:
    if not quantity or quantity.get("value") is None:
        raise resources.wrong(where, "a value with its unit", "required")
    if "comparator" in quantity:
        raise resources.wrong(f"{where}.comparator", "not kept here", "not-supported")
    if quantity.get("system", codes.UCUM) != codes.UCUM:
        raise resources.wrong(f"{where}.system", codes.UCUM, "code-invalid")
    return float(quantity["value"]), str(quantity.get("code") or quantity.get("unit") or "")


def query(asked: Asked) -> dict[str, Any]:
    """Return the condition of a search."""
    conditions = [*within(asked, "date"), *updated(asked)]
    wanted: set[str] | None = None
    for name, names in (("code", _by_code), ("category", _by_category)):
        if name in asked.tokens:
            some = {code for token in asked.tokens[name] for code in names(token)}
            wanted = some if wanted is None else wanted & some
    if wanted is not None:
        conditions.append({"code": {"$in": sorted(wanted)}})
    if "status" in asked.tokens:
        states = {state for state, status in STATUS.items() if status in {one.code for one in asked.tokens["status"]}}
        conditions.append({"state": {"$in": sorted(states)}})
    return {"$and": conditions} if conditions else {}


def _by_code(token: Token) -> set[str]:
    found = codes.named(token.code) if token.system in {None, codes.LOINC} else None
    return {found} if found else set()


def _by_category(token: Token) -> set[str]:
    if token.system not in {None, CATEGORIES}:
        return set()
    return {one for one in codes.NAMES if _category(one) == token.code}


def changes(found: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update of a correction; how it was measured, which is not told over FHIR, stays."""
    context = {"context": found["context"]} if "context" in found else {}
    return correct.amended(found, {**document, **context})


TYPE = FhirType(
    name="Observation",
    shows="health.measurements",
    document=HealthObservation,
    search={
        "patient": "patient",
        "subject": "patient",
        "code": "token",
        "category": "token",
        "status": "token",
        "date": "date",
        "identifier": "token",
    },
    sorted_by="date",
    kept=("identifier", "status", "category", "code", "subject", "effectiveDateTime", "valueQuantity", "component"),
    replaced=("issued", "performer"),
    read_in=read_in,
    told=told,
    query=query,
    fits=lambda _found, _asked: True,
    changes=changes,
    word="code",
    constant=("subject", "code", "key"),
)
