"""Who may come in today by an ID card, for readers without network: numbers as keyed, truncated hashes.

Each device has a key of its own for each day, so a list that was stolen fits no other gate and no other day. The list
comes in pages: first the whole of it by the ids of tickets, then, from the cursor that the last page gave, what was
issued since. Each walk begins five minutes before the last one, so that nothing that was stored late is missed; what
ended since is told by the feed of revocations. So a sync reads what has changed.
"""

import base64
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.store.paging import BadCursor
from models.audit import entry as entry_log
from models.booking import gate_document, gate_late, ticket
from models.booking.ticket import Ticket
from models.devices import code_keys, journal
from models.devices.journal import Settled
from models.identity import person
from models.identity.actors import Device

MATCH_BYTES = 8
MOST = 500
"""Tickets of a page; each costs the opening of a number."""
OVERLAP = timedelta(minutes=5)
"""Longer than an order takes from making its tickets to storing them, and than clocks of servers differ."""
KIND = "ticket_document"


@dataclass(frozen=True)
class _Position:
    """Behind which ticket a walk stands: of the whole list by id (`since` None), or of what was issued `since`.

    `floor` is where the next walk starts.
    """

    since: datetime | None
    record: str
    floor: datetime


def sealed_for(device: Device, public_key: bytes, cursor: str | None) -> dict[str, Any]:
    """Return the next page of today's list, sealed for a gate like its keys; without a cursor the list's beginning.

    What goes out is written down, though not for whom: nobody is shown, the gate asks by the card that lies on it.

    Raises:
        ReadsNoDocuments: the gate has no reader.
        BadCursor: the cursor was not made here.
        WeakKey: the public key gives no secret.
    """
    gate_document.require_reader(device)
    day = clock.today()
    key = runtime.current().code_keys.documents(device.device_id, day.isoformat())[0]
    found, following, more = _page(device.place, day, _read(cursor, day))
    matches = _matches(key, [one["person"] for one in found])
    items = [_item(one, matches) for one in found if one["person"] in matches]
    content = {"day": day.isoformat(), "key": b64encode(key).decode(), "items": items, "next": following, "more": more}
    told = code_keys.sealed(public_key, content, context(device.device_id, day))
    if items:
        about, facts = f"device:{device.device_id}", {"day": day.isoformat(), "number": len(items)}
        entry_log.write(entry_log.line(device.key, "device.documents", about, unit=device.unit, **facts))
    return told


def context(device_id: str, day: date) -> bytes:
    """Return what binds a sealed list to one device and day."""
    return f"city gate documents v1 {device_id} {day.isoformat()}".encode()


def match(key: bytes, kind: str, number: str) -> bytes:
    """Return how a list writes a document."""
    return hmac.digest(key, f"{kind}:{number}".encode(), "sha256")[:MATCH_BYTES]


def _page(place: str, day: date, at: _Position) -> tuple[list[dict[str, Any]], str, bool]:
    """Return the tickets of a page, the cursor behind it, and whether the walk goes on at once."""
    query: dict[str, Any] = {"place": place, "day": day.isoformat(), "state": {"$ne": "void"}}
    if at.since is None:
        query |= {"_id": {"$gt": at.record}}
        order = [("_id", 1)]
    else:
        query |= {"issued_at": {"$gte": at.since}}
        query |= {"$or": [{"issued_at": {"$gt": at.since}}, {"_id": {"$gt": at.record}}]}
        order = [("issued_at", 1), ("_id", 1)]
    names = dict.fromkeys(
        ("person", "enter_from", "enter_until", "ticket_class", "age_band", "inspect", "issued_at"), 1
    )
    found = list(Ticket._get_collection().find(query, names).sort(order).limit(MOST + 1))
    if len(found) <= MOST:
        return found, _written(day, _Position(at.floor, "", at.floor)), False
    last = found[MOST - 1]
    behind = _Position(at.since and last["issued_at"], last["_id"], at.floor)
    return found[:MOST], _written(day, behind, walking=True), True


def _written(day: date, at: _Position, *, walking: bool = False) -> str:
    times = [one and one.isoformat() for one in (at.since, at.floor if walking else None)]
    return base64.urlsafe_b64encode(orjson.dumps([day.isoformat(), at.record, *times])).decode().rstrip("=")


def _read(cursor: str | None, day: date) -> _Position:
    """Return where a walk goes on; that of another day begins anew."""
    start = clock.now() - OVERLAP
    if not cursor:
        return _Position(None, "", start)
    try:
        told, record, since, floor = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(told, str) or not isinstance(record, str):
            raise BadCursor
        if told != day.isoformat():
            return _Position(None, "", start)
        at = _Position(since and _moment(since), record, _moment(floor) if floor else start)
    except (ValueError, TypeError):
        raise BadCursor from None
    return at


def _moment(told: str) -> datetime:
    read = datetime.fromisoformat(told)
    if read.tzinfo is None:
        raise ValueError
    return read


def _matches(key: bytes, persons: list[ObjectId]) -> dict[ObjectId, str]:
    known = person.several(persons)
    return {one.id: match(key, one.kind, one.number).hex() for one in known.values()}


def _item(found: dict[str, Any], matches: Mapping[ObjectId, str]) -> dict[str, Any]:
    told = {
        "match": matches[found["person"]],
        "ticket": found["_id"],
        "ticket_class": found["ticket_class"],
        "age_band": found["age_band"],
        "enter_from": clock.civil(found["enter_from"]).isoformat(timespec="seconds"),
        "enter_until": clock.civil(found["enter_until"]).isoformat(timespec="seconds"),
    }
    return told | ({"inspect": found["inspect"]} if found.get("inspect") else {})


@journal.settles(KIND)
def settle(entry: dict[str, Any], session: ClientSession | None) -> Settled:
    """Let the ticket have a scan by document: the entry names it, and the hash by which the gate's own list knew it."""
    ticket_id, _, told = entry["code"].partition(":")
    found = ticket.read(ticket_id, session=session)
    if found is None:
        return gate_late.without(entry, "unknown_ticket", session)
    if found["place"] != entry["place"]:
        return gate_late.without(entry, "other_place", session, found)
    if not _listed(entry, found, told):
        return gate_late.without(entry, "document_unknown", session)
    return gate_late.use(entry, found, session)


def _listed(entry: dict[str, Any], found: dict[str, Any], told: str) -> bool:
    day = clock.civil(entry["at"]).date().isoformat()
    known = person.several([found["person"]]).get(found["person"])
    if known is None:
        return False
    keys = runtime.current().code_keys.documents(entry["device"], day)
    return any(hmac.compare_digest(match(key, known.kind, known.number).hex(), told) for key in keys)
