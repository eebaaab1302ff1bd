"""A booked time for a case of a service item: taken of the item's place, kept with the case, given back once.

    begun ──the case opens, in its transaction──▶ kept ──the case is withdrawn──▶ given_back
      └──the case is refused, or the process died──▶ given_back

The order is placed between the first write and the second: a kill leaves `begun`, and two minutes later the queue gives
the place back. It looks once more after a quarter of an hour, so that a process that slept meanwhile leaves no order
without a case. Whoever comes too late finds its guard closed and gives its own order back.
"""

import hashlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.personal_data import Holding, declare
from backend.store import documents
from models.booking import cancel, order
from models.booking.cancel import TicketUsed
from models.booking.order import HoldLost, OrderStateWrong

COLLECTION = "service_appointments"
outbox.carried_by(COLLECTION)
STATES = {"begun": "预约中", "kept": "已预约", "given_back": "已退回"}
WHO = "system:places"
LOOKS_AFTER, LAST_LOOK = timedelta(minutes=2), timedelta(minutes=15)


class Appointment(Document):
    """`key` names the request that began it, and the order that it placed; `account` is who sent it."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["key"], "unique": True}, {"fields": ["account", "-_id"]}, outbox.INDEX],
    }
    key = BinaryField(required=True)
    account = ObjectIdField(required=True)
    item = StringField(required=True)
    slot = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    order = ObjectIdField()
    case = ObjectIdField()
    at = DateTimeField(required=True)
    outbox = ListField(DictField())


declare(Holding(COLLECTION, "事项的预约时段", accounts=("account",), at_deletion="delete"))


def key_of(who: str, key: str) -> bytes:
    """Return what names a request of somebody."""
    return hashlib.blake2b(f"appointment\x00{who}\x00{key}".encode(), digest_size=32).digest()


def begin(key: bytes, account: ObjectId, item: str, slot_id: str) -> dict[str, Any]:
    """Begin an appointment, or return the one that the same request began."""
    made, now = ObjectId(), clock.now()
    look = outbox.entry("checkout", "places.heal_appointment", due=now + LOOKS_AFTER, appointment_id=str(made))
    told = {"_id": made, "account": account, "item": item, "slot": slot_id, "state": "begun", "at": now}
    return Appointment._get_collection().find_one_and_update(
        {"key": key}, {"$setOnInsert": told | {"outbox": [look]}}, upsert=True, return_document=ReturnDocument.AFTER
    )


def keep(appointment: ObjectId, order_id: ObjectId, session: ClientSession) -> None:
    """Keep an appointment, within the transaction that opens its case.

    Raises:
        HoldLost: it was given back meanwhile.
    """
    guard, told = {"_id": appointment, "state": "begun"}, {"state": "kept", "order": order_id}
    if not Appointment._get_collection().update_one(guard, {"$set": told}, session=session).matched_count:
        raise HoldLost


def belongs(appointment: ObjectId, case_id: ObjectId) -> None:
    """Note which case an appointment is kept for."""
    Appointment._get_collection().update_one({"_id": appointment}, {"$set": {"case": case_id}})


def read(appointment: ObjectId) -> dict[str, Any]:
    """Return an appointment.

    Raises:
        NotFound: there is none.
    """
    return documents.one(Appointment, {"_id": appointment})


def give_back(appointment: ObjectId, *, states: tuple[str, ...] = ("begun",)) -> None:
    """Give the place of an appointment back that is in one of `states`; repeating it gives nothing more.

    The order's own guarded cancelling frees the place, so that it is free once whoever comes how often.
    """
    guard = {"_id": appointment, "state": {"$in": [*states, "given_back"]}}
    found = Appointment._get_collection().find_one_and_update(guard, {"$set": {"state": "given_back"}})
    placed = order.by_key(bytes(found["key"])) if found else None
    if placed and placed["state"] in {"held", "issued"}:
        with suppress(TicketUsed, OrderStateWrong):
            cancel.cancel(placed["_id"], WHO, full=True)


def heal(appointment: ObjectId) -> None:
    """Give back what no case came to, and look once more after a while.

    Raises:
        outbox.Later: the last look is not due yet.
    """
    found = read(appointment)
    if found["state"] == "kept":
        return
    give_back(appointment)
    left = found["at"] + LAST_LOOK - clock.now()
    if left > timedelta():
        raise outbox.Later(left.total_seconds())
