"""The document around events: what is read from one, and what answers are wrapped in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from backend import clock
from models.epcis import context
from models.epcis import event as events_
from models.epcis.errors import DocumentWrong, TooManyEvents
from models.epcis.schema import document_validator

MOST_EVENTS = 2_000
QUERY_NAME = "SimpleEventQuery"
_VERSION = "2.0"


@dataclass(frozen=True)
class Told:
    """The events of a document, not looked at yet, and the prefixes that it declares."""

    events: list[Any]
    prefixes: dict[str, str]


def read(document: Any) -> Told:
    """Return what a capture document or a query document holds.

    Raises:
        DocumentWrong: it is neither.
        TooManyEvents: there are more than one capture takes.
    """
    if not document_validator().is_valid(document):
        told = document if isinstance(document, dict) else {}
        named = told.get("type") in {"EPCISDocument", "EPCISQueryDocument"}
        where, what = ("", "") if named else ("type", "EPCISDocument")
        if named:
            error = next(iter(document_validator().iter_errors(document)))
            inner = [one for branch in getattr(error.kind, "context", []) for one in branch]
            closest = next((one for one in inner if list(one.instance_path) != ["type"]), error)
            where, what = ".".join(str(one) for one in closest.instance_path), closest.message[:200]
        raise DocumentWrong(where=where, told=what)
    if str(document["schemaVersion"]) not in {"2", "2.0", "2.0.0"}:
        raise DocumentWrong(where="schemaVersion", told=_VERSION)
    body = document["epcisBody"]
    events = body["eventList"] if "eventList" in body else body["queryResults"]["resultsBody"]["eventList"]
    if len(events) > MOST_EVENTS:
        raise TooManyEvents(most=MOST_EVENTS)
    return Told(events, context.prefixes(document["@context"]))


def query_document(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return stored events as an EPCISQueryDocument; where two prefixes clash, events carry their own context."""
    stored = list(found)
    each = [orjson.loads(one["context"]) if one.get("context") else {} for one in stored]
    together = context.joined(each)
    events = [events_.shown(one) for one in stored]
    if together is None:
        events = [_with_own(event, prefixes) for event, prefixes in zip(events, each, strict=True)]
    names: list[Any] = [context.STANDARD, *([together] if together else [])]
    return {
        "@context": names,
        "type": "EPCISQueryDocument",
        "schemaVersion": _VERSION,
        "creationDate": clock.civil(clock.now()).isoformat(timespec="milliseconds"),
        "epcisBody": {"queryResults": {"queryName": QUERY_NAME, "resultsBody": {"eventList": events}}},
    }


def _with_own(event: dict[str, Any], prefixes: dict[str, str]) -> dict[str, Any]:
    if not prefixes:
        return event
    own = event.get("@context", [])
    return {**event, "@context": [prefixes, *(own if isinstance(own, list) else [own])]}
