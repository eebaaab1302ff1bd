"""The form of an event, as a JSON Schema of our own, written from the text of EPCIS 2.0 (ISO/IEC 19987).

GS1's schema file carries no open licence; it is not used here. What a schema cannot say stands in `checks.py`.
"""

from functools import cache
from typing import Any

import jsonschema_rs

LONGEST_URI = 2048
LONGEST_TEXT = 10_000
MOST_LISTED = 5_000

_URI: dict[str, Any] = {"type": "string", "format": "uri", "maxLength": LONGEST_URI}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time", "maxLength": 64}
_WORD: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST_URI}
_TEXT: dict[str, Any] = {"type": "string", "maxLength": LONGEST_TEXT}
_NUMBER: dict[str, Any] = {"type": "number"}
_UOM: dict[str, Any] = {"type": "string", "pattern": "^[A-Z0-9]{2,3}$"}
_OFFSET = {"type": "string", "pattern": r"^[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)$"}
_EXTENSION = r"^[^@\s:]+:\S+$"
"""A name of another namespace: `prefix:name` or a whole URI."""
_CONTEXT: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "maxLength": LONGEST_URI},
        {"type": "object", "maxProperties": 100},
        {"type": "array", "maxItems": 100, "items": {"type": ["string", "object"]}},
    ]
}


def _object(properties: dict[str, Any], *required: str, open_: bool = False, **more: Any) -> dict[str, Any]:
    """An object of these properties; an `open` one may have some of other namespaces."""
    told = {"type": "object", "properties": properties, "additionalProperties": False, "required": list(required)}
    return {**told, **({"patternProperties": {_EXTENSION: {}}} if open_ else {}), **more}


def _list(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": MOST_LISTED}


def _one_or_more(items: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [items, _list(items, 1)]}


_QUANTITY = _object(
    {"epcClass": _URI, "quantity": _NUMBER, "uom": _UOM}, "epcClass", dependentRequired={"uom": ["quantity"]}
)
_PLACE = _object({"id": _URI}, "id", open_=True)
_TRANSACTION = _object({"type": _WORD, "bizTransaction": _URI}, "bizTransaction")
_SOURCE = _object({"type": _WORD, "source": _URI}, "type", "source")
_DESTINATION = _object({"type": _WORD, "destination": _URI}, "type", "destination")
_DECLARATION = _object(
    {"declarationTime": _TIME, "reason": _WORD, "correctiveEventIDs": _list(_URI)}, "declarationTime", open_=True
)
_DISPOSITION = _object({"set": _list(_WORD, 1), "unset": _list(_WORD, 1)}, minProperties=1)
_ILMD = {"type": "object", "patternProperties": {_EXTENSION: {}}, "additionalProperties": False}
_ABOUT_DEVICE = {
    "time": _TIME,
    "deviceID": _URI,
    "deviceMetadata": _URI,
    "rawData": _URI,
    "dataProcessingMethod": _URI,
}
_METADATA = _object(_ABOUT_DEVICE | {"startTime": _TIME, "endTime": _TIME, "bizRules": _URI}, open_=True)
_REPORT = _object(
    _ABOUT_DEVICE
    | {"type": _WORD, "exception": _WORD, "component": _WORD, "uom": _UOM, "coordinateReferenceSystem": _URI}
    | {"microorganism": _URI, "chemicalSubstance": _URI, "bizRules": _URI, "uriValue": _URI, "stringValue": _TEXT}
    | {"booleanValue": {"type": "boolean"}, "hexBinaryValue": {"type": "string", "pattern": "^(?:[A-Fa-f0-9]{2})+$"}}
    | dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _NUMBER),
    open_=True,
    anyOf=[{"required": ["type"]}, {"required": ["exception"]}],
)
_SENSOR = _object({"sensorMetadata": _METADATA, "sensorReport": _list(_REPORT), "isA": _WORD}, open_=True)

_COMMON = {
    "@context": _CONTEXT,
    "type": _WORD,
    "eventID": _URI,
    "eventTime": _TIME,
    "recordTime": _TIME,
    "eventTimeZoneOffset": _OFFSET,
    "certificationInfo": _one_or_more(_URI),
    "errorDeclaration": _DECLARATION,
    "bizStep": _WORD,
    "disposition": _WORD,
    "persistentDisposition": _DISPOSITION,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": _list(_TRANSACTION),
    "sourceList": _list(_SOURCE),
    "destinationList": _list(_DESTINATION),
    "sensorElementList": _list(_SENSOR),
}
_ACTION = {"action": {"enum": ["ADD", "OBSERVE", "DELETE"]}}
_EPCS, _QUANTITIES = _list(_URI), _list(_QUANTITY)
_NEEDED = ("type", "eventTime", "eventTimeZoneOffset")

EVENTS: dict[str, dict[str, Any]] = {
    "ObjectEvent": _object(
        _COMMON | _ACTION | {"epcList": _EPCS, "quantityList": _QUANTITIES, "ilmd": _ILMD},
        *_NEEDED,
        "action",
        open_=True,
    ),
    "AggregationEvent": _object(
        _COMMON | _ACTION | {"parentID": _URI, "childEPCs": _EPCS, "childQuantityList": _QUANTITIES},
        *_NEEDED,
        "action",
        open_=True,
    ),
    "TransactionEvent": _object(
        _COMMON | _ACTION | {"parentID": _URI, "epcList": _EPCS, "quantityList": _QUANTITIES},
        *_NEEDED,
        "action",
        "bizTransactionList",
        open_=True,
    ),
    "TransformationEvent": _object(
        _COMMON
        | {"inputEPCList": _EPCS, "inputQuantityList": _QUANTITIES, "outputEPCList": _EPCS}
        | {"outputQuantityList": _QUANTITIES, "transformationID": _URI, "ilmd": _ILMD},
        *_NEEDED,
        open_=True,
    ),
    "AssociationEvent": _object(
        _COMMON | _ACTION | {"parentID": _URI, "childEPCs": _EPCS, "childQuantityList": _QUANTITIES},
        *_NEEDED,
        "action",
        open_=True,
    ),
}
_EVENT_LIST = _object({"eventList": {"type": "array"}}, "eventList", open_=True)
_RESULTS = _object({"queryName": _WORD, "subscriptionID": _WORD, "resultsBody": _EVENT_LIST}, "resultsBody", open_=True)
_ENVELOPE = {"@context": _CONTEXT, "id": _URI, "creationDate": _TIME, "schemaVersion": {"type": ["string", "number"]}}
_ENVELOPE |= {"sender": _WORD, "receiver": _WORD, "instanceIdentifier": _WORD, "epcisHeader": {"type": "object"}}
_DOCUMENT = {
    "oneOf": [
        _object(
            _ENVELOPE | {"type": {"const": "EPCISDocument"}, "epcisBody": _EVENT_LIST},
            "@context",
            "type",
            "schemaVersion",
            "creationDate",
            "epcisBody",
            open_=True,
        ),
        _object(
            _ENVELOPE
            | {
                "type": {"const": "EPCISQueryDocument"},
                "epcisBody": _object({"queryResults": _RESULTS}, "queryResults"),
            },
            "@context",
            "type",
            "schemaVersion",
            "creationDate",
            "epcisBody",
            open_=True,
        ),
    ]
}


@cache
def event_validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of one type of event, with the formats checked."""
    return jsonschema_rs.Draft202012Validator(EVENTS[kind], validate_formats=True)


@cache
def document_validator() -> jsonschema_rs.Draft202012Validator:
    """Return the validator of what lies around events; they are looked at one by one."""
    return jsonschema_rs.Draft202012Validator(_DOCUMENT, validate_formats=True)
