"""The form of resources that come in: the standard's models, a bound on depth and texts, the elements that are kept.

`fhir.resources` has models of R4B, which for the types here is R4. What would be lost is refused with its path, never
dropped in silence.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir.resources.R4B.allergyintolerance import AllergyIntolerance
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from pydantic import ValidationError

from models.fhir.errors import BodyUnreadable, Issue, ResourceInvalid

MODELS: dict[str, Any] = {
    "Patient": Patient,
    "Observation": Observation,
    "Condition": Condition,
    "MedicationStatement": MedicationStatement,
    "AllergyIntolerance": AllergyIntolerance,
    "QuestionnaireResponse": QuestionnaireResponse,
    "Provenance": Provenance,
    "Bundle": Bundle,
}
DEEPEST, LONGEST, MOST_ISSUES = 24, 10_000, 20
EVERYWHERE = ("resourceType", "id", "meta", "implicitRules", "language", "text")
"""Elements that every resource may have: those of the server's own making are told anew, `text` is generated."""
_TYPES = {"missing": "required", "extra_forbidden": "structure", "model_type": "structure"}


def check(resource_type: str, told: Any, kept: Iterable[str]) -> dict[str, Any]:
    """Return a resource whose form is that of the standard, and which has none but the elements `kept`.

    Raises:
        BodyUnreadable: it is no object, or of another type.
        ResourceInvalid: elements are missing, wrong, unknown, or of those that are not kept.
    """
    if not isinstance(told, dict) or told.get("resourceType") != resource_type:
        raise BodyUnreadable(fields={"resourceType": [resource_type]})
    bounded(told, resource_type)
    allowed = {*EVERYWHERE, *kept}
    strange = [Issue("not-supported", f"{resource_type}.{name}", "not kept here") for name in sorted({*told} - allowed)]
    if strange:
        raise ResourceInvalid(strange[:MOST_ISSUES])
    validate(resource_type, told)
    return told


def validate(resource_type: str, told: Mapping[str, Any]) -> None:
    """Check a resource by the standard's model.

    Raises:
        ResourceInvalid: it is not as the model says.
    """
    try:
        MODELS[resource_type].model_validate(told)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_context=False, include_input=False)
        issues = [
            Issue(_TYPES.get(one["type"], "value"), _path(resource_type, one["loc"]), one["msg"]) for one in found
        ]
        raise ResourceInvalid(issues[:MOST_ISSUES]) from None


def _path(resource_type: str, parts: Iterable[Any]) -> str:
    return resource_type + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in parts)


def bounded(told: Any, where: str) -> None:
    """Check that nothing is nested too deeply, no text too long, no number beyond numbers.

    Raises:
        ResourceInvalid: something is.
    """
    for path, reason in _unbounded(told, where, 0):
        raise ResourceInvalid([Issue("too-long" if reason == "too long" else "value", path, reason)])


def _unbounded(told: Any, where: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        yield where, "nested too deeply"
    elif isinstance(told, dict):
        for name, one in told.items():
            yield from _unbounded(one, f"{where}.{name[:40]}", depth + 1)
    elif isinstance(told, list):
        for place, one in enumerate(told):
            yield from _unbounded(one, f"{where}[{place}]", depth + 1)
    elif isinstance(told, str) and (len(told) > LONGEST or "\0" in told):
        yield where, "too long" if len(told) > LONGEST else "holds a NUL"
    elif isinstance(told, float) and not math.isfinite(told):
        yield where, "no number"


def wrong(where: str, told: str, code: str = "value") -> ResourceInvalid:
    """Return the error of one element."""
    return ResourceInvalid([Issue(code, where, told)])


def references(told: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every reference in a resource, with its path."""
    if isinstance(told, dict):
        if isinstance(told.get("reference"), str):
            yield where, told
        for name, one in told.items():
            yield from references(one, f"{where}.{name}")
    elif isinstance(told, list):
        for place, one in enumerate(told):
            yield from references(one, f"{where}[{place}]")
