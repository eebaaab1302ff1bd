"""How the routes of FHIR are described in OpenAPI: search parameters of the standard, examples of bodies."""

from typing import Any

from models.eldercare import fhir_types
from models.fhir import searching

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/673ec0a5c0ffee0123456789"},
    "effectiveDateTime": "2026-11-20T09:00:00+08:00",
    "valueQuantity": {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"resource": OBSERVATION, "request": {"method": "POST", "url": "Observation"}}],
}
_EXAMPLES = {
    "_count": "20",
    "_sort": "-date",
    "_format": "json",
    "_pretty": "false",
    "_cursor": "",
    "_id": "673ec0a5c0ffee0123456789",
    "patient": "673ec0a5c0ffee0123456789",
    "subject": "Patient/673ec0a5c0ffee0123456789",
    "code": "http://loinc.org|85354-9",
    "category": "vital-signs",
    "status": "final",
    "target": "Observation/673ec0a5c0ffee0123456789",
    "identifier": "urn:example|A1",
}


def body(example: dict[str, Any], description: str) -> dict[str, Any]:
    """Return how a body is described."""
    schema = {"type": "object", "description": description, "example": example}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _query(name: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": searching.MOST_LENGTH, "example": _EXAMPLES.get(name, "ge2026-11-01")}
    return {"name": name, "in": "query", "required": False, "description": "FHIR R4 检索参数", "schema": schema}


def _header(name: str, example: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": searching.MOST_LENGTH, "example": example}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


_known = {name for one in fhir_types.OFFERED.values() for name in one.search}
SEARCH = [_query(name) for name in sorted({*_known, *searching.COMMON, *searching.PAGING})]
PAGE = [_query(name) for name in ("_count", "_cursor")]
FORMAT = [_query("_format")]
IF_NONE_EXIST = _header("If-None-Exist", "identifier=urn:example|A1", "条件创建: 已有此编号的资源时不再创建")
IF_MATCH = _header("If-Match", 'W/"1"', "所更正的版本")
ACTING_FOR = _header("Acting-For", "673ec0a5c0ffee0123456789", "家属代为查看时填写代办关系的编号;授权须含查看健康信息")
