"""How the routes of EPCIS are described in OpenAPI: parameters of the standard, examples of bodies."""

from typing import Any
from urllib.parse import quote

from models.epcis import context, query
from models.identity.actors import Staff

EVENT_EXAMPLE = {
    "@context": [context.STANDARD],
    "type": "ObjectEvent",
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "eventTime": "2026-11-20T08:30:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "epcList": ["https://example.org/01/06901234567892/21/A1"],
    "readPoint": {"id": "https://example.org/place/7"},
}
DOCUMENT_EXAMPLE = {
    "@context": [context.STANDARD],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-11-20T09:00:00.000+08:00",
    "epcisBody": {"eventList": [{name: told for name, told in EVENT_EXAMPLE.items() if name != "@context"}]},
}


def _body(example: dict[str, Any], description: str) -> dict[str, Any]:
    schema = {"type": "object", "description": description, "example": example}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, description: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": query.MOST_LENGTH, "example": example}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


EVENT = _body(EVENT_EXAMPLE, "一条 EPCIS 2.0 事件")
DOCUMENT = _body(DOCUMENT_EXAMPLE, "EPCISDocument 或 EPCISQueryDocument")
PAGE = [
    _parameter("perPage", f"每页条数,最多 {query.MOST_PER_PAGE}", "30"),
    _parameter("nextPageToken", "上一页 Link 头里的翻页标记", ""),
]
_EXAMPLES = {
    "eventType": "ObjectEvent",
    "EQ_action": "OBSERVE",
    "orderBy": "eventTime",
    "orderDirection": "DESC",
    "perPage": "30",
    "maxEventCount": "100",
    "eventCountLimit": "10",
}


def _example(name: str) -> str:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if name.startswith(("GE_", "LT_")):
        return "2026-11-20T09:30:00+08:00"
    if name.startswith("EXISTS_"):
        return "true"
    return "shipping" if name == "EQ_bizStep" else "" if name == "nextPageToken" else "https://example.org/lot/7"


QUERY = [_parameter(name, "EPCIS 2.0 简单事件查询参数", _example(name)) for name in query.PARAMETERS]


def quoted(uri: str) -> str:
    """Return a URI as one segment of a path."""
    return quote(uri, safe="")


def is_staff(actor: Any) -> bool:
    """Tell whether what somebody does goes into the audit log."""
    return isinstance(actor, Staff)
