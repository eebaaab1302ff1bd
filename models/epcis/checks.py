"""What the schema cannot catch: every reason why a well-formed event is refused all the same."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from models.epcis import context, digital_link, vocabulary
from models.epcis.errors import Reason
from models.epcis.reasons import reason
from models.epcis.schema import EVENTS, event_validator

Event = Mapping[str, Any]
Found = Iterator[Reason]

DEEPEST = 20
LARGEST_NUMBER = 1e18
_FORMS_SHOWN = 5
_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""What the store can keep, whatever the offset."""
_MINUS_ZERO = "-00:00"
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}\Z")
_OWN = frozenset(name for one in EVENTS.values() for name in one["properties"])
INSTANCES = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
CLASSES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def moment(told: str) -> datetime | None:
    """Return when, None for a moment that does not exist."""
    try:
        at = datetime.fromisoformat(told.upper())
    except ValueError:
        return None
    if at.tzinfo is None or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return None
    return at.astimezone(UTC)


def of(event: Any, prefixes: Mapping[str, str]) -> tuple[Reason, ...]:
    """Return every reason for which an event is refused; `prefixes` are those of the document around it."""
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        return (reason("event_type_unknown", "type"),)
    if _too_deep(event, DEEPEST):
        return (reason("nested_too_deep"),)
    if not event_validator(kind).is_valid(event):
        return tuple(_form(kind, event))
    own = {**prefixes, **context.prefixes(event.get("@context"))}
    return tuple(found for rule in _RULES for found in rule(event)) + tuple(_names(event, own))


def _form(kind: str, event: Event) -> Found:
    for error, _ in zip(event_validator(kind).iter_errors(event), range(_FORMS_SHOWN), strict=False):
        yield reason("form", ".".join(str(one) for one in error.instance_path), error.message)


def _too_deep(part: Any, left: int) -> bool:
    parts = part.values() if isinstance(part, dict) else part
    return left == 0 or any(isinstance(one, dict | list) and _too_deep(one, left - 1) for one in parts)


def _times(event: Event) -> Found:
    at = moment(event["eventTime"])
    if at is None:
        yield reason("time_unreadable", "eventTime")
        return
    told, offset = event["eventTime"].upper(), event["eventTimeZoneOffset"]
    own = _OFFSET.search(told)
    if own and own[0] not in {"+00:00", _MINUS_ZERO, offset}:
        yield reason("time_zone_differs", "eventTimeZoneOffset")
    declaration = event.get("errorDeclaration")
    if declaration:
        declared = moment(declaration["declarationTime"])
        if declared is None:
            yield reason("time_unreadable", "errorDeclaration.declarationTime")
        elif declared < at:
            yield reason("declaration_early", "errorDeclaration.declarationTime")
        if event.get("eventID") in declaration.get("correctiveEventIDs", ()):
            yield reason("corrective_missing", "errorDeclaration.correctiveEventIDs")


def _members(event: Event) -> Found:
    """An event says to what it happened, and an aggregation agrees with itself."""
    yield from _MEMBERS[event["type"]](event)


def _family(event: Event) -> Found:
    children = event.get("childEPCs") or event.get("childQuantityList")
    if event["action"] != "OBSERVE" and "parentID" not in event:
        yield reason("parent_missing", "parentID")
    if event["action"] != "DELETE" and not children:
        yield reason("children_missing", "childEPCs")
    if event.get("parentID") in event.get("childEPCs", ()):
        yield reason("parent_among_children", "childEPCs")


def _transformation(event: Event) -> Found:
    joined = "transformationID" in event
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    if not inputs and not (joined and outputs):
        yield reason("input_missing", "inputEPCList")
    if not outputs and not (joined and inputs):
        yield reason("output_missing", "outputEPCList")


def _objects(event: Event) -> Found:
    measured = event.get("sensorElementList") and ("readPoint" in event or "bizLocation" in event)
    if not (event.get("epcList") or event.get("quantityList") or measured):
        yield reason("nothing_happened_to", "epcList")
    if "ilmd" in event and event["action"] != "ADD":
        yield reason("ilmd_without_add", "ilmd")


def _trade(event: Event) -> Found:
    listed = event.get("epcList") or event.get("quantityList")
    if not listed and "parentID" not in event and event["action"] != "DELETE":
        yield reason("nothing_happened_to", "epcList")
    if not event["bizTransactionList"]:
        yield reason("transactions_missing", "bizTransactionList")


_MEMBERS: dict[str, Callable[[Event], Found]] = {
    "ObjectEvent": _objects,
    "AggregationEvent": _family,
    "TransactionEvent": _trade,
    "TransformationEvent": _transformation,
    "AssociationEvent": _family,
}


def _identifiers(event: Event) -> Found:
    for name in INSTANCES:
        listed = event.get(name, ())
        if len(set(listed)) != len(listed):
            yield reason("listed_twice", name)
        for uri in listed:
            yield from _right(uri, name, "not_an_instance")
    for name in CLASSES:
        for one in event.get(name, ()):
            yield from _right(one["epcClass"], name, "not_a_class")
            if abs(one.get("quantity", 0)) > LARGEST_NUMBER:
                yield reason("number_too_large", name)
    for name, uri in _others(event):
        yield from _right(uri, name)


def _others(event: Event) -> Iterator[tuple[str, str]]:
    if "parentID" in event:
        yield "parentID", event["parentID"]
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield name, event[name]["id"]
    for name, part in (("sourceList", "source"), ("destinationList", "destination")):
        for one in event.get(name, ()):
            yield name, one[part]
    for one in event.get("bizTransactionList", ()):
        yield "bizTransactionList", one["bizTransaction"]


def _right(uri: str, where: str, misplaced: str = "") -> Found:
    """A Digital Link has its digits and their order, and stands where things or where classes of them stand."""
    link = digital_link.read(uri)
    if link is None:
        return
    if not link.digits_agree:
        yield reason("check_digit", where, uri)
    elif not link.in_order:
        yield reason("key_order", where, uri)
    if (misplaced == "not_an_instance" and link.is_class) or (misplaced == "not_a_class" and link.is_instance):
        yield reason(misplaced, where, uri)


def _sensors(event: Event) -> Found:
    at = moment(event["eventTime"])
    for number, element in enumerate(event.get("sensorElementList", ())):
        where = f"sensorElementList.{number}"
        if not element.get("sensorReport"):
            yield reason("sensor_report_missing", where)
        metadata = element.get("sensorMetadata", {})
        told = [metadata.get("time"), *(one.get("time") for one in element.get("sensorReport", ()))]
        times = [moment(one) for one in told if one is not None]
        period = [moment(metadata[name]) if name in metadata else at for name in ("startTime", "endTime")]
        if None in times or None in period:
            yield reason("time_unreadable", where)
            continue
        if at and any(one > at for one in times if one):
            yield reason("sensor_after_event", where)
        if len({"startTime", "endTime"} & set(metadata)) == 2 and period[0] > period[1]:  # type: ignore[operator]  # noqa: PLR2004
            yield reason("sensor_times_reversed", where)


def _words(event: Event) -> Found:
    for words, where, told in _told(event):
        if not vocabulary.is_known(words, told):
            yield reason("word_unknown", where, told)


def _told(event: Event) -> Iterator[tuple[vocabulary.Vocabulary, str, str]]:
    for name, words in (("bizStep", vocabulary.BIZ_STEPS), ("disposition", vocabulary.DISPOSITIONS)):
        if name in event:
            yield words, name, event[name]
    for name, told in event.get("persistentDisposition", {}).items():
        for one in told:
            yield vocabulary.DISPOSITIONS, f"persistentDisposition.{name}", one
    if "reason" in event.get("errorDeclaration", ()):
        yield vocabulary.ERROR_REASONS, "errorDeclaration.reason", event["errorDeclaration"]["reason"]
    for name, words in (
        ("bizTransactionList", vocabulary.BIZ_TRANSACTION_TYPES),
        ("sourceList", vocabulary.SOURCE_DEST_TYPES),
        ("destinationList", vocabulary.SOURCE_DEST_TYPES),
    ):
        for one in event.get(name, ()):
            if "type" in one:
                yield words, f"{name}.type", one["type"]
    yield from _told_by_sensors(event)


def _told_by_sensors(event: Event) -> Iterator[tuple[vocabulary.Vocabulary, str, str]]:
    for element in event.get("sensorElementList", ()):
        for report in element.get("sensorReport", ()):
            for name, words in _OF_REPORTS:
                if name in report:
                    yield words, f"sensorReport.{name}", report[name]


_OF_REPORTS = (
    ("type", vocabulary.MEASUREMENT_TYPES),
    ("exception", vocabulary.ALERT_TYPES),
    ("component", vocabulary.COMPONENTS),
)


def _names(event: Event, prefixes: Mapping[str, str]) -> Found:
    """Extension names, wherever they stand, have a prefix that the document declares."""
    for name, told in event.items():
        if name in _OWN and name not in _HOLDING_NAMES:
            continue
        if name not in _OWN:
            yield from _name(name, prefixes)
        yield from _names_within(told, prefixes)


_HOLDING_NAMES = frozenset({"ilmd", "readPoint", "bizLocation", "sensorElementList", "errorDeclaration"})


def _names_within(part: Any, prefixes: Mapping[str, str]) -> Found:
    if isinstance(part, Mapping):
        for name, told in part.items():
            if ":" in name:
                yield from _name(name, prefixes)
            yield from _names_within(told, prefixes)
    elif isinstance(part, list):
        for one in part:
            yield from _names_within(one, prefixes)


def _name(name: str, prefixes: Mapping[str, str]) -> Found:
    before, _, rest = name.partition(":")
    if (
        before not in prefixes
        and before not in context.KNOWN_PREFIXES
        and not rest.startswith("//")
        and before != "urn"
    ):
        yield reason("prefix_undeclared", name, name)


_RULES: tuple[Callable[[Event], Found], ...] = (_times, _members, _identifiers, _sensors, _words)
