"""A ticket: one visitor's right to walk in, as a signed code that a gate can read without network.

`scans` are those that let its holder through, `zones` what they come to by `gate_rule`. Whoever changes them read the
ticket first: the change is one update that holds only while nobody else has made a `turn`.
"""

import hashlib
import struct
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.codes import compact
from backend.personal_data import Holding
from models.booking import gate_rule
from models.booking.gate_terms import GateTerms, written
from models.devices import revocation

KIND = 0x54
"""First byte of every ticket code, "T"."""
AGE_BANDS = ("unknown", "child", "youth", "adult", "senior")
RELEASED = "released"
"""Why a ticket is void whose holder did not come in time."""
_FORM = struct.Struct(">12sB4sHHHBB4s")
_EPOCH = date(2020, 1, 1)
_REVOKED_BY = {"state": 1, "place": 1, "enter_until": 1}


class Ticket(Document):
    """The id reads order and number: `<24 hex>-<n>`. `enter_from` and `enter_until` are instants.

    `issued_at` is when it was made, missing on tickets of an older release.
    """

    meta = {
        "collection": "tickets",
        "auto_create_index": False,
        "indexes": [
            "order",
            "person",
            {"fields": ["place", "day", "_id"]},
            {"fields": ["place", "day", "issued_at", "_id"]},
        ],
    }
    id = StringField(primary_key=True)
    order = ObjectIdField(required=True)
    number = IntField(required=True)
    place = StringField(required=True)
    day = StringField(required=True)
    start = IntField(required=True)
    end = IntField(required=True)
    person = ObjectIdField(required=True)
    ticket_class = StringField(required=True)
    age_band = StringField(choices=AGE_BANDS, required=True)
    inspect = StringField()
    enter_from = DateTimeField(required=True)
    enter_until = DateTimeField(required=True)
    state = StringField(choices=("valid", "used", "void"), required=True)
    void_reason = StringField()
    key_id = IntField(required=True)
    terms = DictField()
    first_scan = DictField()
    scans = ListField(DictField())
    zones = DictField()
    turn = IntField()
    issued_at = DateTimeField()


personal_data.declare(
    Holding(
        "tickets",
        "门票及入园时间",
        via=(("order", "orders"),),
        persons=("person",),
        at_deletion="restrict",
        because="会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
    )
)


def ticket_id(order: ObjectId, number: int) -> str:
    """Return the id of the `number`-th ticket of an order."""
    return f"{order}-{number}"


def write_all(tickets: list[dict[str, Any]], session: ClientSession) -> None:
    """Store the tickets of an order inside the transaction that issues it."""
    Ticket._get_collection().insert_many(tickets, session=session)


def of_order(order: ObjectId) -> list[dict[str, Any]]:
    """Return the tickets of an order."""
    return list(Ticket._get_collection().find({"order": order}).sort("_id", 1))


def read(ticket: str, *, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return a ticket, None when there is none."""
    return Ticket._get_collection().find_one({"_id": ticket}, session=session)


def of_person(
    person: ObjectId,
    place: str,
    at: datetime,
    scan: str,
    *,
    zone: str = "",
    direction: str = "in",
    session: ClientSession | None = None,
) -> dict[str, Any] | None:
    """Return the ticket by which a person walks through a gate at an instant: the one that `scan` used, else a fit one.

    In: one whose hours it is; of these one that was not used at this zone yet, at a zone one whose holder is inside,
    then one that is still valid, the earliest of equals; one that was released where there is no other. Out: one whose
    holder is inside, else one that was used, a void one where there is no other.
    """
    query: dict[str, Any] = {"person": person, "place": place, "day": clock.civil(at).date().isoformat()}
    if direction == "in":
        query["$or"] = [{"state": {"$ne": "void"}}, {"void_reason": RELEASED}]
    found = list(Ticket._get_collection().find(query, session=session).sort("enter_from", 1))
    return min(found, key=lambda one: _fitness(one, at, scan, zone, direction), default=None)


def _fitness(one: dict[str, Any], at: datetime, scan: str, zone: str, direction: str) -> tuple[bool, ...]:
    """Return how well a ticket fits a scan, the smallest best."""
    zones = one.get("zones") or {}
    own = any(gate_rule.scan_id(made) == scan for made in scans_of(one))
    inside = any(count["inside"] for count in zones.values())
    if direction == "out":
        return not own, not inside, one["state"] != "used", one["state"] == "void"
    used_here = bool((zones.get(written(zone)) or {}).get("in")) or (one["state"] == "used" and not zones)
    in_hours = one["enter_from"] <= at <= one["enter_until"]
    void = one["state"] == "void"
    return not own, void, not in_hours, used_here, bool(zone) and not inside, one["state"] != "valid"


def void_all(order: ObjectId, session: ClientSession) -> bool:
    """Make the unused tickets of an order worthless, at gates without network too.

    Returns False when one was used, and nothing may be given back.
    """
    tickets = Ticket._get_collection()
    found = list(tickets.find({"order": order}, _REVOKED_BY, session=session))
    if any(one["state"] == "used" for one in found):
        return False
    tickets.update_many({"order": order, "state": "valid"}, {"$set": {"state": "void"}}, session=session)
    valid = [one for one in found if one["state"] == "valid"]
    if valid:
        until, keys = max(one["enter_until"] for one in valid), [one["_id"] for one in valid]
        scope = valid[0]["place"]
        revocation.append("ticket", keys, reason="cancelled", until=until, scope=scope, session=session)
    return True


def void_some(order: ObjectId, numbers: Sequence[int], session: ClientSession) -> bool:
    """Make these tickets of an order worthless; False when one of them is not valid, and nothing may be given back."""
    keys = [ticket_id(order, number) for number in numbers]
    found = list(Ticket._get_collection().find({"_id": {"$in": keys}, "state": "valid"}, _REVOKED_BY, session=session))
    if len(found) < len(keys):
        return False
    Ticket._get_collection().update_many({"_id": {"$in": keys}}, {"$set": {"state": "void"}}, session=session)
    until, scope = max(one["enter_until"] for one in found), found[0]["place"]
    revocation.append("ticket", keys, reason="cancelled", until=until, scope=scope, session=session)
    return True


def release(order: ObjectId, session: ClientSession) -> list[dict[str, Any]] | None:
    """Make the tickets of an order worthless as nobody came; return those that were valid, None when one was used."""
    found = list(Ticket._get_collection().find({"order": order}, session=session))
    if any(one["state"] == "used" for one in found):
        return None
    valid = [one for one in found if one["state"] == "valid"]
    if valid:
        keys, scope = [one["_id"] for one in valid], valid[0]["place"]
        change = {"$set": {"state": "void", "void_reason": RELEASED}}
        Ticket._get_collection().update_many({"_id": {"$in": keys}}, change, session=session)
        until = max(one["enter_until"] for one in valid)
        revocation.append("ticket", keys, reason=RELEASED, until=until, scope=scope, session=session)
    return valid


def scans_of(found: dict[str, Any]) -> list[gate_rule.Scan]:
    """Return the scans that let a ticket's holder through; one of an older release keeps the first one only."""
    if "scans" in found:
        return list(found["scans"])
    first = found.get("first_scan")
    return [{**first, "zone": "", "direction": "in"}] if first else []


def course(found: dict[str, Any], scans: list[gate_rule.Scan], terms: GateTerms) -> gate_rule.Course:
    """Return the way of a ticket's holder through the gates, as these scans make it."""
    return gate_rule.course(scans, terms, (found["enter_from"], found["enter_until"]))


def go(
    found: dict[str, Any], scans: list[gate_rule.Scan], way: gate_rule.Course, *, session: ClientSession | None = None
) -> dict[str, Any] | None:
    """Let the ticket `found` have these scans; return it, None when somebody else changed it meanwhile.

    The first entry uses the ticket; it is void to nobody any more then.
    """
    told = {"scans": sorted(scans, key=gate_rule.place_in_time), "zones": way.written()}
    if way.first:
        told |= {"state": "used", "first_scan": way.first}
    return Ticket._get_collection().find_one_and_update(
        _unchanged(found),
        {"$set": told, "$inc": {"turn": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )


def _unchanged(found: dict[str, Any]) -> dict[str, Any]:
    return {"_id": found["_id"], "state": found["state"], "turn": found.get("turn")}


def code(ticket: dict[str, Any]) -> str:
    """Return the ticket's signed code, empty when its key was retired.

    Ed25519 is deterministic, so it is the same at every call.
    """
    keys = runtime.current().ticket_keys
    key_id = ticket["key_id"]
    if key_id not in keys.private:
        return ""
    return compact.sign(KIND, key_id, _payload(ticket), keys.private[key_id])


def _payload(ticket: dict[str, Any]) -> bytes:
    day = clock.date_of(ticket["day"])
    return _FORM.pack(
        ticket["order"].binary,
        ticket["number"],
        place_tag(ticket["place"]),
        (day - _EPOCH).days,
        ticket["start"],
        ticket["end"],
        AGE_BANDS.index(ticket["age_band"]),
        1 if ticket.get("inspect") else 0,
        hashlib.blake2b(ticket["person"].binary, digest_size=4).digest(),
    )


def place_tag(place: str) -> bytes:
    """Return the four bytes that stand for a place inside a code."""
    return hashlib.blake2b(place.encode(), digest_size=4).digest()


def identify(text: str) -> str:
    """Return the id of the ticket that a code names, after checking its signature.

    Raises:
        BadCode: not one of our tickets.
    """
    payload = compact.verify(text, runtime.current().ticket_keys.public, KIND)
    if len(payload) != _FORM.size:
        raise compact.WrongFormat
    order, number, *_ = _FORM.unpack(payload)
    return ticket_id(ObjectId(order), number)


def entry_window(day: str, start: int, end: int, early_minutes: int) -> tuple[datetime, datetime]:
    """Return from when until when a ticket lets its holder in."""
    return clock.at(clock.date_of(day), start - early_minutes), clock.at(clock.date_of(day), end)
