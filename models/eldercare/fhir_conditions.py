"""What a write over FHIR must meet: a create its condition, a correction the version that stands and what is fixed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from backend.errors import Conflict
from models.eldercare import fhir_parts, fhir_provenance
from models.eldercare.fhir_type import FhirType
from models.fhir.errors import Issue, ResourceInvalid, SeveralMatch, VersionNeeded, VersionPassed

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"\Z', re.ASCII)


class EnteredInError(Conflict):
    """409: what was entered in error is not corrected any more."""

    code = "fhir_entered_in_error"
    zh = "该记录已标记为录入有误,不能再更正,请重新录入。"
    en = "This was entered in error and is not corrected any more. Create it anew."


def require_condition(known: FhirType, condition: str, told: Mapping[str, Any]) -> None:
    """Check that a conditional create asks for what names its resource.

    Raises:
        SeveralMatch: it asks for something else.
    """
    if known is not fhir_provenance.TYPE:
        fhir_parts.require_condition(condition, fhir_parts.identifier(told, known.name))
        return
    asked = parse_qsl(condition.lstrip("?"), keep_blank_values=True)
    recorded = [text.replace(" ", "+") for name, text in asked if name == "recorded"]
    if recorded != [told["recorded"]] or {name for name, _ in asked} - {"recorded", "target"}:
        raise SeveralMatch


def require_version(if_match: str | None, stands: int) -> None:
    """Check that a correction names the version that stands.

    Raises:
        VersionNeeded: it names none.
        VersionPassed: it names another one.
    """
    if if_match is None:
        raise VersionNeeded
    expected = _ETAG.match(if_match.strip())
    if expected is None or int(expected[1]) != stands:
        raise VersionPassed


def require_same(known: FhirType, found: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Check that a correction is about the same thing: another patient, code or identifier is another resource."""
    differs = [name for name in known.constant if found.get(name) != document.get(name)]
    if differs:
        raise ResourceInvalid([Issue("business-rule", known.name, f"{name} cannot be corrected") for name in differs])
