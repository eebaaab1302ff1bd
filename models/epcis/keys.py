"""What an event is found by: each identifier and each word as a short text, all under one index.

    things   identifiers, with the part they play:  h:urn:epc:id:sgtin:… is a child of an aggregation
    words    what many events share:                step=shipping, type=ObjectEvent, at=https://…/place/7

The parts decide about traces too: inputs and children come before outputs and parents (`trace.py`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from models.epcis import vocabulary

Event = Mapping[str, Any]

LISTED, LISTED_CLASS = "e:", "c:"
CHILD, CHILD_CLASS = "h:", "hc:"
INPUT, INPUT_CLASS = "i:", "ic:"
OUTPUT, OUTPUT_CLASS = "o:", "oc:"
PARENT, TRANSACTION_PARENT = "p:", "q:"
TRANSFORMATION = "x:"
_LISTS = {
    "ObjectEvent": (("epcList", LISTED), ("quantityList", LISTED_CLASS)),
    "TransactionEvent": (("epcList", LISTED), ("quantityList", LISTED_CLASS)),
    "AggregationEvent": (("childEPCs", CHILD), ("childQuantityList", CHILD_CLASS)),
    "AssociationEvent": (("childEPCs", CHILD), ("childQuantityList", CHILD_CLASS)),
    "TransformationEvent": (
        ("inputEPCList", INPUT),
        ("inputQuantityList", INPUT_CLASS),
        ("outputEPCList", OUTPUT),
        ("outputQuantityList", OUTPUT_CLASS),
    ),
}
_ABOUT_SENSORS = ("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue")


def things(event: Event) -> list[str]:
    """Return the identifiers of an event."""
    found: list[str] = []
    for name, part in _LISTS[event["type"]]:
        found += [part + (one if isinstance(one, str) else one["epcClass"]) for one in event.get(name, ())]
    if "parentID" in event:
        found.append((TRANSACTION_PARENT if event["type"] == "TransactionEvent" else PARENT) + event["parentID"])
    if "transformationID" in event:
        found.append(TRANSFORMATION + event["transformationID"])
    for one in event.get("bizTransactionList", ()):
        found += [transaction(one.get("type", ""), one["bizTransaction"]), f"bt={one['bizTransaction']}"]
    declaration = event.get("errorDeclaration", {})
    found += [f"corrective={one}" for one in declaration.get("correctiveEventIDs", ())]
    return list(dict.fromkeys(found))


def words(event: Event) -> list[str]:
    """Return what an event shares with many others."""
    return list(dict.fromkeys(_words(event)))


def _words(event: Event) -> Iterator[str]:
    yield f"type={event['type']}"
    if "action" in event:
        yield f"action={event['action']}"
    if "bizStep" in event:
        yield step(event["bizStep"])
    if "disposition" in event:
        yield disposition(event["disposition"])
    for name, told in event.get("persistentDisposition", {}).items():
        yield from (disposition(one, name) for one in told)
    yield from _places(event)
    declaration = event.get("errorDeclaration")
    if declaration is not None:
        yield "error"
        if "reason" in declaration:
            yield error(declaration["reason"])
    yield from _sensors(event)


def _places(event: Event) -> Iterator[str]:
    if "readPoint" in event:
        yield f"read={event['readPoint']['id']}"
    if "bizLocation" in event:
        yield f"at={event['bizLocation']['id']}"
    for name in ("source", "destination"):
        yield from (end(name, one["type"], one[name]) for one in event.get(f"{name}List", ()))


def _sensors(event: Event) -> Iterator[str]:
    elements = event.get("sensorElementList")
    if not elements:
        return
    yield "sensor"
    for element in elements:
        for told in (element.get("sensorMetadata", {}), *element.get("sensorReport", ())):
            if "type" in told:
                yield measured(told["type"])
            for name in _ABOUT_SENSORS:
                if name in told:
                    yield f"{name}={told[name]}"


def step(told: str) -> str:
    """Return the word of a business step."""
    return f"step={vocabulary.bare(vocabulary.BIZ_STEPS, told)}"


def disposition(told: str, name: str = "disposition") -> str:
    """Return the word of a disposition; `set` and `unset` are persistent ones."""
    return f"{name}={vocabulary.bare(vocabulary.DISPOSITIONS, told)}"


def error(told: str) -> str:
    """Return the word of an error's reason."""
    return f"reason={vocabulary.bare(vocabulary.ERROR_REASONS, told)}"


def measured(told: str) -> str:
    """Return the word of what a sensor measures."""
    return f"measures={vocabulary.bare(vocabulary.MEASUREMENT_TYPES, told)}"


def transaction(kind: str, told: str) -> str:
    """Return the text of a business transaction of a type."""
    return f"bt:{vocabulary.bare(vocabulary.BIZ_TRANSACTION_TYPES, kind)}={told}"


def end(name: str, kind: str, told: str) -> str:
    """Return the word of a source or destination of a type."""
    return f"{name}:{vocabulary.bare(vocabulary.SOURCE_DEST_TYPES, kind)}={told}"


def readers(event: Event, party: str) -> list[str]:
    """Return the parties that may read an event: who captured it, and its owners and possessors at both ends."""
    found = [party]
    for name in ("source", "destination"):
        for one in event.get(f"{name}List", ()):
            is_place = vocabulary.bare(vocabulary.SOURCE_DEST_TYPES, one["type"]) == "location"
            found += [] if is_place else [one[name]]
    return list(dict.fromkeys(found))
