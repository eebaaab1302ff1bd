"""Who may come in today by an ID card, for readers without network: numbers as keyed, truncated hashes.

Each device has a key of its own for each day, so a list that was stolen fits no other gate and no other day. Tickets
lie in buckets by their id; a gate tells the digests of what it has and gets the buckets that differ, so that a sync
costs what has changed. A digest covers the ids of tickets, and no number is opened for a bucket that is known.
"""

import hashlib
import hmac
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, runtime
from models.audit import entry as entry_log
from models.booking import gate_document, gate_late, ticket
from models.booking.ticket import Ticket
from models.devices import code_keys, journal
from models.devices.journal import Settled
from models.identity import person
from models.identity.actors import Device

MATCH_BYTES = 8
BUCKETS = 64
MOST = 50_000
KIND = "ticket_document"
_CHUNK = 500


def sealed_for(device: Device, public_key: bytes, have: Mapping[str, str]) -> dict[str, Any]:
    """Return the buckets of today's list that differ from what a gate has, sealed for it like its keys.

    What goes out is written down, though not for whom: nobody is shown, the gate asks by the card that lies on it.

    Raises:
        ReadsNoDocuments: the gate has no reader.
        WeakKey: the public key gives no secret.
    """
    gate_document.require_reader(device)
    day = clock.today()
    key = runtime.current().code_keys.documents(device.device_id, day.isoformat())[0]
    changed = _changed(device, day, key, have)
    content = {"day": day.isoformat(), "key": b64encode(key).decode(), "buckets": changed}
    told = code_keys.sealed(public_key, content, context(device.device_id, day))
    if number := sum(len(one["items"]) for one in changed.values()):
        about, facts = f"device:{device.device_id}", {"day": day.isoformat(), "number": number}
        entry_log.write(entry_log.line(device.key, "device.documents", about, unit=device.unit, **facts))
    return told


def context(device_id: str, day: date) -> bytes:
    """Return what binds a sealed list to one device and day."""
    return f"city gate documents v1 {device_id} {day.isoformat()}".encode()


def match(key: bytes, kind: str, number: str) -> bytes:
    """Return how a list writes a document."""
    return hmac.digest(key, f"{kind}:{number}".encode(), "sha256")[:MATCH_BYTES]


def _changed(device: Device, day: date, key: bytes, have: Mapping[str, str]) -> dict[str, Any]:
    buckets = _buckets(device.place, day)
    digests = {number: _digest(key, found) for number, found in buckets.items()}
    differing = {number: found for number, found in buckets.items() if have.get(number) != digests[number]}
    gone: dict[str, Any] = {number: {"digest": "", "items": []} for number in have if number not in buckets}
    matches = _matches(key, [one["person"] for found in differing.values() for one in found])
    told = {
        number: {"digest": digests[number], "items": [_item(one, matches) for one in found if one["person"] in matches]}
        for number, found in differing.items()
    }
    return told | gone


def _buckets(place: str, day: date) -> dict[str, list[dict[str, Any]]]:
    query = {"place": place, "day": day.isoformat()}
    names = dict.fromkeys(("person", "state", "enter_from", "enter_until", "ticket_class", "age_band", "inspect"), 1)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in Ticket._get_collection().find(query, names).sort("_id", 1).limit(MOST):
        if one["state"] != "void":
            found[bucket(one["_id"])].append(one)
    return found


def bucket(ticket_id: str) -> str:
    """Return the bucket of a ticket."""
    return str(hashlib.sha256(ticket_id.encode()).digest()[0] % BUCKETS)


def _digest(key: bytes, found: list[dict[str, Any]]) -> str:
    return hmac.digest(key, "\n".join(one["_id"] for one in found).encode(), "sha256").hex()[:16]


def _matches(key: bytes, persons: list[ObjectId]) -> dict[ObjectId, str]:
    found: dict[ObjectId, str] = {}
    for start in range(0, len(persons), _CHUNK):
        known = person.several(persons[start : start + _CHUNK])
        found |= {one.id: match(key, one.kind, one.number).hex() for one in known.values()}
    return found


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
        return Settled("refused", "unknown_ticket")
    if found["place"] != entry["place"]:
        return Settled("refused", "other_place", found["person"], found["_id"])
    if not _listed(entry, found, told):
        return Settled("refused", "document_unknown")
    return gate_late.use(entry, found, session)


def _listed(entry: dict[str, Any], found: dict[str, Any], told: str) -> bool:
    day = clock.civil(entry["at"]).date().isoformat()
    known = person.several([found["person"]]).get(found["person"])
    if known is None:
        return False
    keys = runtime.current().code_keys.documents(entry["device"], day)
    return any(hmac.compare_digest(match(key, known.kind, known.number).hex(), told) for key in keys)
