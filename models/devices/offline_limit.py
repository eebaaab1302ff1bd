"""How long and how much a scanner may accept without network: dated data for each scanner class."""

from datetime import date
from typing import Any

from mongoengine import Document, IntField, StringField
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound, Unprocessable
from backend.store import paging, transactions
from models.audit import entry
from models.identity.actors import Staff

FIGURES = ("max_offline_hours", "max_accepted", "max_accepted_per_handle", "accept_late_hours")


class OfflineLimit(Document):
    """The id reads class and first day. A journal entry later than `accept_late_hours` is kept, but marked."""

    meta = {
        "collection": "offline_limits",
        "auto_create_index": False,
        "indexes": [{"fields": ["scanner_class", "-valid_from", "-_id"]}],
    }
    id = StringField(primary_key=True)
    scanner_class = StringField(required=True)
    valid_from = StringField(required=True)
    max_offline_hours = IntField(required=True)
    max_accepted = IntField(required=True)
    max_accepted_per_handle = IntField(required=True)
    accept_late_hours = IntField(required=True)
    source = StringField(required=True)


class LimitInForce(Unprocessable):
    """422: the day has begun, so scanners may have worked by what holds."""

    code = "offline_limit_in_force"
    zh = "离线上限只能从明天或以后的日期起设定,请改选日期。"
    en = "Offline limits can be set from tomorrow on. Choose a later day."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


def put(actor: Staff, scanner_class: str, valid_from: date, figures: dict[str, int], *, source: str) -> dict[str, Any]:
    """Set the figures of a class from a coming day on; until then they can be set again. Return them.

    Raises:
        LimitInForce: the day is not a coming one.
    """
    actor.require("device.register")
    if valid_from <= clock.today():
        raise LimitInForce
    told = {"scanner_class": scanner_class, "valid_from": valid_from.isoformat(), "source": source, **figures}
    limit_id = f"{scanner_class}:{told['valid_from']}"
    line = entry.line(actor.key, "device.limit", f"offline_limit:{limit_id}", unit=actor.unit, **figures)

    def change(session: ClientSession) -> None:
        OfflineLimit._get_collection().update_one({"_id": limit_id}, {"$set": told}, upsert=True, session=session)
        entry.write(line, session)

    transactions.run(change)
    return told


def listed(
    actor: Staff, scanner_class: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the figures of a class, the latest day first."""
    actor.require("device.list")
    query, collection = {"scanner_class": scanner_class}, OfflineLimit._get_collection()
    found, following = paging.page(collection, query, sort=("valid_from", -1), cursor=cursor, limit=limit)
    return [{name: value for name, value in one.items() if name != "_id"} for one in found], following


def seed(told: dict[str, Any]) -> None:
    """Put the figures of a class from a day on, unless there are some of that day."""
    limit_id = f"{told['scanner_class']}:{told['valid_from']}"
    OfflineLimit._get_collection().update_one({"_id": limit_id}, {"$setOnInsert": told}, upsert=True)


def on(scanner_class: str, day: date) -> dict[str, Any]:
    """Return the figures of a class that hold on a day, with their source.

    Raises:
        NotFound: none do; such a scanner works with network only.
    """
    query = {"scanner_class": scanner_class, "valid_from": {"$lte": day.isoformat()}}
    found = OfflineLimit._get_collection().find_one(query, sort=[("valid_from", -1)])
    if found is None:
        raise NotFound
    return found
