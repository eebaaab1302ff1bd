"""Capturing: what is valid is stored, all or none; the same event twice is one event.

For scenes, inside a transaction of their own (this signature is final):

    put(events, party, session=None, *, context=None) -> list[str]

    events   EPCIS 2.0 events as plain dicts (JSON form); without `eventID` one is assigned
    party    URI of the party that captures, `{…}/party/{id}`: it reads its own events, and those in which it is an
             owning or possessing party of sourceList or destinationList
    session  of the caller's transaction; without one the events are stored all or none
    context  the prefixes of extension names, {"yudu": "https://…/ns/"}; a name of an undeclared prefix is refused
    returns  the eventIDs in the order of `events`
    raises   EventsRefused (400) with `refusals`: index, event_id and reasons of each event that is wrong

A transaction may run twice: give events their `eventID` then, or call `named` before it, so that both runs store the
same ones.
"""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from backend import clock
from backend.store import transactions
from models.epcis import checks
from models.epcis import event as events_
from models.epcis.errors import EventKnown, EventsRefused, Reason, Refusal
from models.epcis.event import Event
from models.epcis.reasons import reason

_DUPLICATE = 11000
_TRIES = 5
_LARGEST_PLACE = 0xFFFF


@dataclass
class Checked:
    """What became of the events of one capture: documents to be stored by place, and reasons by place.

    `assigned` are the places of events that got their eventID just now: nothing stored can have it.
    """

    ids: list[str] = field(default_factory=list)
    assigned: set[int] = field(default_factory=set)
    documents: dict[int, dict[str, Any]] = field(default_factory=dict)
    reasons: dict[int, tuple[Reason, ...]] = field(default_factory=dict)

    def refusals(self) -> list[Refusal]:
        """Return the events that are refused, in order."""
        return [Refusal(index, self.ids[index], told) for index, told in sorted(self.reasons.items())]

    def refuse(self, index: int, why: Reason) -> None:
        """Refuse an event after all."""
        self.documents.pop(index, None)
        self.reasons[index] = (*self.reasons.get(index, ()), why)


def new_id() -> uuid.UUID:
    """Return a UUID that begins with the time (version 7), so that neighbours in time are neighbours in an index."""
    head = int(clock.timestamp() * 1000) << 80
    random = int.from_bytes(os.urandom(10)) & ~(_LARGEST_PLACE | 0xF << 76 | 0b11 << 62)
    return uuid.UUID(int=head | 0x7 << 76 | 0b10 << 62 | random)


def nth(first: uuid.UUID, place: int) -> str:
    """Return the eventID of the event at a place, from one of `new_id`."""
    return uuid.UUID(int=first.int + place).urn


def named(events: Sequence[Any], first: uuid.UUID | None = None) -> list[Any]:
    """Return the events, each with an eventID: its own, else an assigned one."""
    first = first or new_id()
    return [
        {**one, "eventID": nth(first, place)} if isinstance(one, dict) and "eventID" not in one else one
        for place, one in enumerate(events)
    ]


def check(
    events: Sequence[Any], party: str, context: Mapping[str, str] | None = None, first: uuid.UUID | None = None
) -> Checked:
    """Look at every event by itself; nothing is read or stored. Assigned eventIDs count on from `first`."""
    first = first or new_id()
    prefixes = dict(context or {})
    told = orjson.dumps(prefixes).decode() if prefixes else ""
    now, made, seen = clock.now(), Checked(), dict[str, int]()
    for index, one in enumerate(events):
        own = one.get("eventID") if isinstance(one, dict) else None
        event_id = own if isinstance(own, str) else nth(first, index)
        made.ids.append(event_id)
        if own is None:
            made.assigned.add(index)
        if why := checks.of(one, prefixes):
            made.reasons[index] = why
            continue
        document = events_.record(one, event_id, party, told, now)
        if len(document["things"]) > events_.MOST_THINGS:
            made.reasons[index] = (reason("too_many_things"),)
        elif len(document["raw"]) > events_.LARGEST_BYTES:
            made.reasons[index] = (reason("event_too_large"),)
        elif (earlier := seen.setdefault(document["_id"], index)) == index:
            made.documents[index] = document
        elif earlier in made.documents and made.documents[earlier]["digest"] != document["digest"]:
            made.reasons[index] = (reason("event_id_twice", "eventID"),)
    return made


def put(
    events: Sequence[Any],
    party: str,
    session: ClientSession | None = None,
    *,
    context: Mapping[str, str] | None = None,
) -> list[str]:
    """Store events, all or none; those that are stored already stay as they are. Return their eventIDs.

    Raises:
        EventsRefused: at least one is wrong, or its eventID belongs to another content.
    """
    checked = check(events, party, context)
    if checked.reasons:
        raise EventsRefused(checked.refusals())
    if session is not None:
        store_all(checked, session)
    else:
        alone(checked)
    return checked.ids


def put_one(event: Any, party: str) -> str:
    """Store one event by itself; return its eventID.

    Raises:
        EventKnown: its eventID belongs to another content.
        EventsRefused: it is wrong.
    """
    try:
        return put([event], party)[0]
    except EventsRefused as refused:
        if any(why.code == "event_id_taken" for why in refused.refusals[0].reasons):
            raise EventKnown from None
        raise


def alone(checked: Checked) -> None:
    """Store what was checked in a transaction of its own.

    Raises:
        EventsRefused: an eventID belongs to another content.
    """
    for left in reversed(range(_TRIES)):
        try:
            return transactions.run(lambda session: store_all(checked, session))
        except (BulkWriteError, DuplicateKeyError) as error:  # another capture of the same events was quicker
            if not left or not _is_duplicate(error):
                raise
    return None


def store_all(checked: Checked, session: ClientSession | None) -> None:
    """Insert what is not stored yet.

    Raises:
        EventsRefused: an eventID belongs to another content.
    """
    fresh, refused = _compared(checked, session)
    if refused:
        raise EventsRefused([Refusal(index, checked.ids[index], (why,)) for index, why in sorted(refused.items())])
    if fresh:
        Event._get_collection().insert_many(fresh, session=session)


def store_good(checked: Checked) -> None:
    """Insert whatever can be stored, and note in `checked` what cannot."""
    for left in reversed(range(_TRIES)):
        fresh, refused = _compared(checked, None)
        for index, why in refused.items():
            checked.refuse(index, why)
        if not fresh:
            return
        try:
            Event._get_collection().insert_many(fresh, ordered=False)
        except BulkWriteError as error:
            if not left or not _is_duplicate(error):
                raise
        else:
            return


def _compared(checked: Checked, session: ClientSession | None) -> tuple[list[dict[str, Any]], dict[int, Reason]]:
    """Return the documents that are not stored yet, and which may not be."""
    wanted = [one["_id"] for index, one in checked.documents.items() if index not in checked.assigned]
    if not wanted:
        return list(checked.documents.values()), {}
    asked = [*wanted, *(events_.other_id(one) for one in wanted)]
    columns = {"digest": 1, "core": 1, "party": 1}
    stored = {
        one["_id"]: one for one in Event._get_collection().find({"_id": {"$in": asked}}, columns, session=session)
    }
    within = {one["_id"]: one for one in checked.documents.values()}
    fresh, refused = [], dict[int, Reason]()
    for index, one in checked.documents.items():
        if same := stored.get(one["_id"]):
            if same["digest"] != one["digest"] or same["party"] != one["party"]:
                refused[index] = reason("event_id_taken", "eventID")
            continue
        other = events_.other_id(one["_id"])
        about = stored.get(other) or within.get(other)
        if about and not _belong(one, about):
            refused[index] = reason("declaration_differs", "errorDeclaration")
        else:
            fresh.append(one)
    return fresh, refused


def _belong(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether of an event and a declaration the one is about the other, and of the same party."""
    return one["party"] == other["party"] and one.get("core", one["digest"]) == other.get("core", other["digest"])


def _is_duplicate(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return all(one["code"] == _DUPLICATE for one in error.details["writeErrors"])
    return isinstance(error, DuplicateKeyError)
