"""A ticket: one visitor's right to walk in once, as a signed code that a gate can read without network."""

import hashlib
import struct
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.codes import compact
from backend.personal_data import Holding
from models.devices import revocation

KIND = 0x54
"""First byte of every ticket code, "T"."""
AGE_BANDS = ("unknown", "child", "youth", "adult", "senior")
_FORM = struct.Struct(">12sB4sHHHBB4s")
_EPOCH = date(2020, 1, 1)
_REVOKED_BY = {"state": 1, "place": 1, "enter_until": 1}


class Ticket(Document):
    """The id reads order and number: `<24 hex>-<n>`. `enter_from` and `enter_until` are instants."""

    meta = {
        "collection": "tickets",
        "auto_create_index": False,
        "indexes": ["order", "person", {"fields": ["place", "day", "_id"]}],
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
    key_id = IntField(required=True)
    first_scan = DictField()


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
    person: ObjectId, place: str, day: str, scan: str, *, session: ClientSession | None = None
) -> dict[str, Any] | None:
    """Return the ticket by which a person walks in on a day: the one that `scan` used, else the earliest valid one.

    Without either it is one that was used before.
    """
    query = {"person": person, "place": place, "day": day, "state": {"$ne": "void"}}
    found = list(Ticket._get_collection().find(query, session=session).sort("enter_from", 1))
    device, _, nonce = scan.partition(":")

    def rank(one: dict[str, Any]) -> int:
        first = one.get("first_scan") or {}
        if (first.get("device"), first.get("nonce")) == (device, nonce):
            return 0
        return 1 if one["state"] == "valid" else 2

    return min(found, key=rank, default=None)


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


def use(ticket: str, scan: dict[str, Any]) -> dict[str, Any] | None:
    """Use a valid ticket once; return it when this scan is the one that used it, None otherwise."""
    tickets = Ticket._get_collection()
    return tickets.find_one_and_update(
        {"_id": ticket, "state": "valid"},
        {"$set": {"state": "used", "first_scan": scan}},
        return_document=ReturnDocument.AFTER,
    )


def use_late(ticket: str, scan: dict[str, Any], session: ClientSession | None) -> bool:
    """Let an earlier entry that became known later be the first one; return whether it is."""
    earliest = {"$or": [{"state": "valid"}, {"state": "used", "first_scan.at": {"$gt": scan["at"]}}]}
    change = {"$set": {"state": "used", "first_scan": scan}}
    return bool(Ticket._get_collection().update_one({"_id": ticket, **earliest}, change, session=session).matched_count)


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
