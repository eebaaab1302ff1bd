"""Parties that book and wait by the rules themselves, without HTTP: for threads, random walks and kills."""

import itertools
from typing import Any

from bson import ObjectId

from models.booking import checkout, slot, waiting, waiting_join
from models.booking.checkout import Buyer, Visitor
from models.booking.waiting import WaitingEntry

_numbers = itertools.count(1)


def visitors(number: int, *, share: str = "", price_fen: int = 0) -> list[Visitor]:
    """Return that many persons whom nobody has seen before."""
    return [Visitor(ObjectId(), "张三", "adult", price_fen, share=share) for _ in range(number)]


def buyer() -> Buyer:
    account = ObjectId()
    return Buyer(f"resident:{account}", account)


def book(slot_id: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """Book for a new party; return the order."""
    key = next(_numbers).to_bytes(32, "big")
    return checkout.place(buyer(), slot.read(slot_id), visitors(number, **more), key=key, body=b"x")


def wait(slot_id: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """Let a new party wait; return the entry."""
    return waiting_join.join(buyer(), slot.read(slot_id), visitors(number, **more), place_zh="博物馆")


def entries(*slots: str) -> list[dict[str, Any]]:
    """Return all entries of some slots."""
    return list(WaitingEntry._get_collection().find({"counters": {"$in": list(slots)}, "state": {"$gte": ""}}))


def state(entry: dict[str, Any]) -> str:
    return waiting.read(entry["_id"])["state"]
