"""CapabilityStatement: what this server can do, told from the same tables by which it does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.fhir import searching
from models.fhir.searching import Kind

FHIR_VERSION = "4.0.1"
SINCE = "2026-11-23"
_SEARCH_TYPES: Mapping[Kind, str] = {
    "token": "token",
    "date": "date",
    "patient": "reference",
    "reference": "reference",
    "id": "token",
}
_STRICT = (
    "Unknown parameters and elements that would not be kept are refused. The source of what comes in is who sends it."
)


@dataclass(frozen=True)
class Offered:
    """What one type offers: its search parameters, the interactions beyond reading and searching, its operations.

    What can be corrected can be deleted.
    """

    search: Mapping[str, Kind]
    creates: bool = True
    updates: bool = True
    operations: Mapping[str, str] | None = None


def statement(base: str, offered: Mapping[str, Offered]) -> dict[str, Any]:
    """Return the statement of a server at `base`."""
    rest = {
        "mode": "server",
        "documentation": _STRICT,
        "security": {"description": "Bearer token of a resident or of a member of the staff; TLS."},
        "resource": [_resource(name, one) for name, one in offered.items()],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "software": {"name": "city-services"},
        "implementation": {"description": "老年人健康档案 FHIR R4 接口", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json"],
        "rest": [rest],
    }


def _resource(name: str, one: Offered) -> dict[str, Any]:
    codes = [
        "read",
        "vread",
        "search-type",
        *(["create"] if one.creates else []),
        *(["update", "delete"] if one.updates else []),
    ]
    told = {**searching.COMMON, **one.search}
    params = [{"name": each, "type": _SEARCH_TYPES[kind]} for each, kind in told.items()]
    found: dict[str, Any] = {
        "type": name,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if one.updates else "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": one.creates,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "enforced"],
        "searchParam": params,
    }
    operations = [{"name": each, "definition": where} for each, where in (one.operations or {}).items()]
    return found | ({"operation": operations} if operations else {})
