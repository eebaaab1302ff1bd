"""What must be true when the dust has settled, read from the store and from WeChat's books."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db

from bench.chaos.rush import Outcome
from bench.chaos.world import World
from models.booking import sweeper

CARRIERS = ("orders", "payments", "refunds", "payment_notices")
LIVE = ("held", "issued")
SHOWN = 5
STUCK, TAKEN, SOLD = "no hold is stuck", "taken places = places of live orders", "sold = tickets + live holds"
BROKEN_BY_A_STUCK_HOLD = {STUCK, TAKEN, SOLD}


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

    def __init__(self, world: World, outcomes: list[Outcome]) -> None:
        database = get_db()
        ours = [*world.slots, *world.guides, *([world.probe_slot] if world.probe_slot else [])]
        self.world, self.outcomes = world, outcomes
        self.now = datetime.now(UTC) + timedelta(seconds=world.shifted)
        self.slots = {s["_id"]: s for s in database["slots"].find({"_id": {"$in": ours}})}
        self.visits = {i: s for i, s in self.slots.items() if i not in world.guides}
        everything = list(database["orders"].find({"slot": {"$in": ours}}))
        self.orders = {str(o["_id"]): o for o in everything if o["state"] != "abandoned"}
        self.tombstones = len(everything) - len(self.orders)
        self.tickets = list(database["tickets"].find({"order": {"$in": [o["_id"] for o in self.orders.values()]}}))
        self.payments = {str(p["_id"]): p for p in database["payments"].find({"subject": {"$regex": "^order:"}})}
        self.refunds = {r["_id"]: r for r in database["refunds"].find({"state": {"$exists": True}})}
        self.at_wechat = {o["out_trade_no"]: o for o in world.sandbox("/orders")["orders"]}
        self.shipped = {s["out_trade_no"] for s in world.sandbox("/shipping")["shipping"]}
        self.waiting = [(name, e) for name in CARRIERS for e in _entries(name)]

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


def _invariant(name: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        _rules.append((name, rule))
        return rule

    return register


def look(world: World, outcomes: list[Outcome]) -> list[Check]:
    """Read the books once and judge every invariant by them."""
    books = Books(world, outcomes)
    return [Check(name, *rule(books)) for name, rule in _rules]


def _places(books: Books, slot_id: str, *states: str) -> int:
    living = (o for o in books.orders.values() if o["state"] in states)
    return sum(take["places"] for o in living for take in o["takes"] if take["slot"] == slot_id)


@_invariant("never over quota")
def over(books: Books) -> tuple[str, list[str]]:
    sold = {s: _places(books, s, *LIVE) for s in books.slots}
    broken = [f"{s}: {n} of {books.slots[s]['quota']}" for s, n in sold.items() if n > books.slots[s]["quota"]]
    broken += [f"{s}: left {slot['left']}" for s, slot in books.slots.items() if slot["left"] < 0]
    quota = sum(slot["quota"] for s, slot in books.slots.items() if s != books.world.probe_slot)
    return f"{sum(sold.values())} of {quota} places, guides among them", broken


@_invariant(TAKEN)
def counted(books: Books) -> tuple[str, list[str]]:
    broken = [
        f"{s}: {slot['quota'] - slot['left']} taken, {_places(books, s, *LIVE)} in orders"
        for s, slot in books.slots.items()
        if slot["quota"] - slot["left"] != _places(books, s, *LIVE)
    ]
    return f"{len(books.slots)} slots", broken


@_invariant(STUCK)
def stuck(books: Books) -> tuple[str, list[str]]:
    notes = [(s, hold) for s, slot in books.slots.items() for hold in slot["pending"]]
    broken = [f"{s}: hold {hold} has no order" for s, hold in notes if hold not in books.orders]
    return f"{len(notes)} notes pending, {books.tombstones} holds were given back by the sweeper", broken


@_invariant(SOLD)
def sold(books: Books) -> tuple[str, list[str]]:
    taken = sum(slot["quota"] - slot["left"] for slot in books.visits.values())
    tickets = sum(t["state"] in {"valid", "used"} for t in books.tickets)
    holds = sum(o["places"] for o in books.orders.values() if o["state"] == "held")
    figures = f"{taken} = {tickets} + {holds}"
    return figures, [] if taken == tickets + holds else [figures.replace("=", "≠")]


@_invariant("visit and guide are taken both or none")
def whole(books: Books) -> tuple[str, list[str]]:
    bundles = [o for o in books.orders.values() if o.get("extras")]
    broken = [
        f"order {o['_id']} takes {[take['slot'] for take in o['takes']]}"
        for o in bundles
        if {take["slot"] for take in o["takes"]} != {o["slot"], *(extra["slot"] for extra in o["extras"])}
    ]
    broken += [f"{g}: {books.slots[g]['left']} left" for g in books.world.guides if books.slots[g]["left"] < 0]
    return f"{len(bundles)} orders with a guide, {sum(o['state'] in LIVE for o in bundles)} living", broken


@_invariant("drift 0 by the recount")
def drift(books: Books) -> tuple[str, list[str]]:
    drifted = {s: found for s in books.slots if (found := sweeper.recount(s))}
    return f"{len(books.slots)} slots recounted", [f"{s}: {found}" for s, found in drifted.items()]


@_invariant("no hold outlives its end")
def outlived(books: Books) -> tuple[str, list[str]]:
    held = [o for o in books.orders.values() if o["state"] == "held"]
    states = Counter(o["state"] for o in books.orders.values())
    late = [f"order {o['_id']} held until {o['hold_until']:%H:%M:%S}" for o in held if o["hold_until"] < books.now]
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())), late


@_invariant("every ticket belongs to an issued order, and every issued order has its tickets")
def ticketed(books: Books) -> tuple[str, list[str]]:
    live = Counter(str(t["order"]) for t in books.tickets if t["state"] in {"valid", "used"})
    broken = [
        f"order {i} ({o['state']}, {o['places']} places) has {live[i]} live tickets"
        for i, o in books.orders.items()
        if live[i] != (o["places"] if o["state"] == "issued" else 0)
    ]
    return f"{sum(live.values())} live tickets", broken


@_invariant("every payment has its tickets or its refund")
def paid(books: Books) -> tuple[str, list[str]]:
    broken, kinds = [], Counter[str]()
    for number, known in books.at_wechat.items():
        if known["state"] in {"SUCCESS", "REFUND"}:
            fate = _fate(books, number, known)
            kinds[fate.split(":")[0]] += 1
            broken += [f"payment {number} {fate}"] if fate.startswith("lost") else []
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())), broken


def _fate(books: Books, number: str, known: dict[str, Any]) -> str:
    order = books.order_of(number)
    if order is None or books.payments[number]["state"] != "paid":
        return f"lost: {'not noted here' if order else 'unknown here'}"
    gone = known["refunded"] == known["amount"]
    if order["state"] == "issued":
        return "ticketed" if not known["refunded"] + known["refunding"] else "lost: refunded and its tickets still live"
    return "refunded" if gone else f"lost: order {order['_id']} is {order['state']}, refunded {known['refunded']}"


@_invariant("no tickets without a payment")
def unpaid(books: Books) -> tuple[str, list[str]]:
    paid_for = {
        books.payments[n]["subject"].removeprefix("order:")
        for n, known in books.at_wechat.items()
        if known["state"] in {"SUCCESS", "REFUND"} and n in books.payments
    }
    issued = [i for i, o in books.orders.items() if o["state"] == "issued" and o["total_fen"]]
    return f"{len(issued)} issued orders", [f"order {i}" for i in issued if i not in paid_for]


@_invariant("no refund twice, none without an end")
def refunded(books: Books) -> tuple[str, list[str]]:
    broken = [
        f"payment {n}: {known['refunded']} + {known['refunding']} of {known['amount']} fen"
        for n, known in books.at_wechat.items()
        if known["refunded"] + known["refunding"] > known["amount"]
    ]
    each = Counter(str(r["payment"]) for r in books.refunds.values())
    broken += [f"payment {n}: {count} refunds" for n, count in each.items() if count > 1]
    broken += [f"refund {i} is {r['state']}" for i, r in books.refunds.items() if r["state"] != "succeeded"]
    shown = [o for o in books.orders.values() if o.get("refund", {}).get("fen")]
    broken += [f"order {o['_id']} shows {o['refund']['state']}" for o in shown if o["refund"]["state"] != "succeeded"]
    return f"{len(books.refunds)} refunds, {sum(k['refunded'] for k in books.at_wechat.values())} fen", broken


@_invariant("every outbox entry was delivered")
def delivered(books: Books) -> tuple[str, list[str]]:
    failed = sum("failed_at" in e for _, e in books.waiting)
    tasks = defaultdict(list)
    for carrier, e in books.waiting:
        tasks[f"{carrier}: {e['task']}"].append(e)
    broken = [
        f"{len(found)} × {task}, tries {max(e['tries'] for e in found)}, {_due(books, found)}"
        for task, found in tasks.items()
    ]
    return f"{len(books.waiting)} left, {failed} given up", broken


def _due(books: Books, entries: list[dict[str, Any]]) -> str:
    dues = [(e["due"] - books.now).total_seconds() for e in entries if e.get("due")]
    return f"next due in {min(dues):.0f} s" if dues else "given up"


@_invariant("WeChat was told of every delivery")
def shipping(books: Books) -> tuple[str, list[str]]:
    issued = [str(o["payment"]) for o in books.orders.values() if o["state"] == "issued" and o.get("payment")]
    return f"{len(issued)} issued orders", [f"payment {n}" for n in issued if n not in books.shipped]


@_invariant("nothing unpaid stays payable")
def payable(books: Books) -> tuple[str, list[str]]:
    opened = [n for n, known in books.at_wechat.items() if known["state"] == "NOTPAY"]
    here = Counter(p["state"] for p in books.payments.values())
    figures = ", ".join(f"{count} {state}" for state, count in sorted(here.items()))
    return figures, [f"payment {n} is open at WeChat" for n in opened]


@_invariant("one person, one ticket for a place and day")
def twice(books: Books) -> tuple[str, list[str]]:
    live = {i: o for i, o in books.orders.items() if o["state"] in LIVE}
    seen = Counter((o["place"], o["day"], v["person"]) for o in live.values() for v in o["visitors"])
    return f"{len(seen)} visits", [f"{day} {person}: {count}" for (_, day, person), count in seen.items() if count > 1]


@_invariant("no acknowledged booking is missing")
def acknowledged(books: Books) -> tuple[str, list[str]]:
    given = {order for o in books.outcomes for order in o.orders}
    return f"{len(given)} acknowledged", [f"order {order}" for order in given if order not in books.orders]


@_invariant("one request, one order")
def keyed(books: Books) -> tuple[str, list[str]]:
    by_key = Counter(o["idempotency"]["key"] for o in books.orders.values())
    broken = [f"key {key.hex()[:12]}: {count} orders" for key, count in by_key.items() if count > 1]
    several = [o for o in books.outcomes if len(set(o.orders)) > 1]
    broken += [f"attempt {o.attempt.number}: {', '.join(sorted(set(o.orders)))}" for o in several]
    again = sum(len(o.orders) > 1 for o in books.outcomes)
    return f"{len(by_key)} keys, {again} sent twice with the same answer", broken


@_invariant("no order behind a refusal")
def refused(books: Books) -> tuple[str, list[str]]:
    keys = {o["idempotency"]["key"]: i for i, o in books.orders.items()}
    failed = [o for o in books.outcomes if o.result == "failed"]
    met = [(o, keys[key]) for o in failed if (key := _key(books, o)) in keys]
    return f"{len(failed)} refused", [f"attempt {o.attempt.number} ({o.code}): order {i}" for o, i in met]


def _key(books: Books, outcome: Outcome) -> bytes:
    actor = books.world.residents[outcome.attempt.resident].account
    scope = f"resident:{ObjectId(actor)}\x00/mini/v1/orders\x00{outcome.attempt.key}"
    return hashlib.sha256(scope.encode()).digest()
