"""One reading of the store and of WeChat's books after a run, and the list of what must be true of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mongoengine.connection import get_db

from bench.chaos.line import Wait
from bench.chaos.rush import Outcome
from bench.chaos.world import World

CARRIERS = ("orders", "payments", "refunds", "payment_notices", "slots", "notices")
SHOWN = 5


@dataclass(frozen=True)
class Check:
    """One invariant: what it says, the figures behind it, and what breaks it."""

    name: str
    figures: str
    broken: list[str]

    @property
    def ok(self) -> bool:
        return not self.broken

    def shown(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "figures": self.figures, "broken": self.broken[:SHOWN]}


class Books:
    """One reading of the store and of the sandbox."""

    def __init__(self, world: World, outcomes: list[Outcome], waits: list[Wait]) -> None:
        database = get_db()
        ours = [*world.slots, *world.guides, *world.courts, *([world.probe_slot] if world.probe_slot else [])]
        self.world, self.outcomes, self.waits = world, outcomes, waits
        self.now = datetime.now(UTC) + timedelta(seconds=world.shifted)
        self.slots = {s["_id"]: s for s in database["slots"].find({"_id": {"$in": ours}})}
        self.visits = {i: s for i, s in self.slots.items() if i not in {*world.guides, *world.courts}}
        everything = list(database["orders"].find({"slot": {"$in": ours}}))
        self.orders = {str(o["_id"]): o for o in everything if o["state"] != "abandoned"}
        self.tombstones = len(everything) - len(self.orders)
        self.tickets = list(database["tickets"].find({"order": {"$in": [o["_id"] for o in self.orders.values()]}}))
        self.payments = {str(p["_id"]): p for p in database["payments"].find({"subject": {"$regex": "^order:"}})}
        self.refunds = {r["_id"]: r for r in database["refunds"].find({"state": {"$exists": True}})}
        self.at_wechat = {o["out_trade_no"]: o for o in world.sandbox("/orders")["orders"]}
        self.shipped = {s["out_trade_no"] for s in world.sandbox("/shipping")["shipping"]}
        self.entries = {str(e["_id"]): e for e in database["waiting_entries"].find({"slot": {"$in": world.slots}})}
        self.undelivered = [(name, e) for name in CARRIERS for e in _entries(name)]

    def places(self, slot_id: str, *states: str) -> int:
        """Return how many places of a slot the orders in these states hold."""
        living = (o for o in self.orders.values() if o["state"] in states)
        return sum(take["places"] for o in living for take in o["takes"] if take["slot"] == slot_id)

    def live_tickets(self, order: dict[str, Any]) -> int:
        """Return how many tickets of an order let somebody in."""
        return sum(t["order"] == order["_id"] and t["state"] in {"valid", "used"} for t in self.tickets)

    def order_of(self, out_trade_no: str) -> dict[str, Any] | None:
        """Return the order that a payment at WeChat is for."""
        paid = self.payments.get(out_trade_no)
        return self.orders.get(paid["subject"].removeprefix("order:")) if paid else None


def _entries(carrier: str) -> Iterator[dict[str, Any]]:
    for found in get_db()[carrier].find({"outbox.0": {"$exists": True}}, {"outbox": 1}):
        yield from found["outbox"]


Rule = Callable[[Books], tuple[str, list[str]]]
_rules: list[tuple[str, Rule]] = []


def invariant(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under what it says."""

    def register(rule: Rule) -> Rule:
        _rules.append((name, rule))
        return rule

    return register


def look(world: World, outcomes: list[Outcome], waits: list[Wait]) -> list[Check]:
    """Read the books once and judge every invariant by them."""
    books = Books(world, outcomes, waits)
    return [Check(name, *rule(books)) for name, rule in _rules]
