"""A store with 100,000 orders or as many as wanted, built by the product's own models and inserted in bulk."""

import random
import secrets
from collections.abc import Iterator
from typing import Any

from bson import ObjectId

from backend import clock
from models.booking import checkout, takes
from models.booking.order import Order
from models.booking.slot import Slot
from models.identity.actors import Resident

ORDERS, ACCOUNTS, BATCH = 100_000, 20_000, 5_000
STATES = {"issued": 85, "cancelled": 9, "expired": 5, "held": 1}
LIVE = ("issued", "held")


def fill(orders: int = ORDERS) -> list[Resident]:
    """Spread the orders over all slots that are open; return who made them."""
    slots = list(
        Slot._get_collection().find(
            {"day": {"$gte": clock.today().isoformat()}, "kind": {"$ne": "day"}}, {"pending": 0}
        )
    )
    residents = [Resident(ObjectId(), "bench", {}) for _ in range(ACCOUNTS)]
    for batch in _batches(_orders(slots, residents, orders)):
        Order._get_collection().insert_many(batch, ordered=False)
    return residents


def _batches(records: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [record for _, record in zip(range(BATCH), records, strict=False)]:
        yield batch


def _orders(slots: list[dict[str, Any]], residents: list[Resident], orders: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(2026)
    states = chance.choices(list(STATES), weights=list(STATES.values()), k=orders)
    for number, state in enumerate(states):
        yield _order(chance.choice(slots), residents[number % ACCOUNTS], state)


def _order(slot: dict[str, Any], resident: Resident, state: str) -> dict[str, Any]:
    kind = slot["classes"][0]
    visitor = checkout.Visitor(ObjectId(), "李小明", kind["code"], kind["price_fen"])
    buyer = checkout.Buyer(resident.key, resident.account_id)
    record = checkout._record(buyer, slot, [visitor], wishes=takes.of(slot, 1), extras=())
    record["idempotency"] = {"key": secrets.token_bytes(32), "body": secrets.token_bytes(32)}
    record["state"] = state
    if state not in LIVE:
        del record["claims"]
    if state != "held":
        record["outbox"] = []
    return record
