"""What must be true of places, holds, money and requests when the dust has settled."""

import hashlib
from collections import Counter, defaultdict
from typing import Any

from bson import ObjectId

from bench.chaos.books import Books, invariant
from bench.chaos.rush import Outcome
from models.booking import sweeper

LIVE = ("held", "issued")
STUCK, TAKEN = "no hold is stuck", "left + kept for offers + places of live orders = quota"
SOLD = "sold = tickets + live holds"
BROKEN_BY_A_STUCK_HOLD = {STUCK, TAKEN, SOLD}


def taken(slot: dict[str, Any]) -> int:
    """Return what a slot has given away: neither left nor kept for the line."""
    return int(slot["quota"] - slot["left"] - slot.get("kept", 0))


@invariant("never over quota")
def over(books: Books) -> tuple[str, list[str]]:
    sold = {s: books.places(s, *LIVE) for s in books.slots}
    broken = [f"{s}: {n} of {books.slots[s]['quota']}" for s, n in sold.items() if n > books.slots[s]["quota"]]
    broken += [
        f"{s}: left {slot['left']}, kept {slot.get('kept', 0)}"
        for s, slot in books.slots.items()
        if slot["left"] < 0 or slot.get("kept", 0) < 0
    ]
    quota = sum(slot["quota"] for s, slot in books.slots.items() if s != books.world.probe_slot)
    return f"{sum(sold.values())} of {quota} places, guides and courts among them", broken


@invariant(TAKEN)
def counted(books: Books) -> tuple[str, list[str]]:
    broken = [
        f"{s}: {slot['quota']} = {slot['left']} + {slot.get('kept', 0)} kept + {books.places(s, *LIVE)} in orders"
        for s, slot in books.slots.items()
        if taken(slot) != books.places(s, *LIVE)
    ]
    kept = sum(slot.get("kept", 0) for slot in books.slots.values())
    return f"{len(books.slots)} counters, {kept} places kept", [one.replace(" = ", " ≠ ") for one in broken]


@invariant(STUCK)
def stuck(books: Books) -> tuple[str, list[str]]:
    notes = [(s, hold) for s, slot in books.slots.items() for hold in slot["pending"]]
    broken = [f"{s}: hold {hold} has no order" for s, hold in notes if hold not in books.orders]
    return f"{len(notes)} notes pending, {books.tombstones} holds were given back by the sweeper", broken


@invariant(SOLD)
def sold(books: Books) -> tuple[str, list[str]]:
    given = sum(taken(slot) for slot in books.visits.values())
    visits = {o["_id"] for o in books.orders.values() if o["slot"] in books.visits}
    tickets = sum(t["state"] in {"valid", "used"} and t["order"] in visits for t in books.tickets)
    holds = sum(o["places"] for o in books.orders.values() if o["state"] == "held" and o["_id"] in visits)
    figures = f"{given} = {tickets} + {holds}"
    return figures, [] if given == tickets + holds else [figures.replace("=", "≠")]


@invariant("visit and guide, and hours of a court in a row, are taken all or none")
def whole(books: Books) -> tuple[str, list[str]]:
    bundles = [o for o in books.orders.values() if o.get("extras")]
    broken = [
        f"order {o['_id']} takes {[take['slot'] for take in o['takes']]}"
        for o in bundles
        if {take["slot"] for take in o["takes"]} != {o["slot"], *(extra["slot"] for extra in o["extras"])}
    ]
    broken += [f"{g}: {books.slots[g]['left']} left" for g in books.world.guides if books.slots[g]["left"] < 0]
    return (
        f"{len(bundles)} orders with a guide or a further hour, {sum(o['state'] in LIVE for o in bundles)} living",
        broken,
    )


@invariant("drift 0 by the recount")
def drift(books: Books) -> tuple[str, list[str]]:
    drifted = {s: found for s in books.slots if (found := sweeper.recount(s))}
    return f"{len(books.slots)} slots recounted", [f"{s}: {found}" for s, found in drifted.items()]


@invariant("no hold outlives its end")
def outlived(books: Books) -> tuple[str, list[str]]:
    held = [o for o in books.orders.values() if o["state"] == "held"]
    states = Counter(o["state"] for o in books.orders.values())
    late = [f"order {o['_id']} held until {o['hold_until']:%H:%M:%S}" for o in held if o["hold_until"] < books.now]
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())), late


@invariant("every ticket belongs to an issued order, and every issued order has its tickets")
def ticketed(books: Books) -> tuple[str, list[str]]:
    live = Counter(str(t["order"]) for t in books.tickets if t["state"] in {"valid", "used"})
    broken = [
        f"order {i} ({o['state']}, {len(o['visitors'])} visitors) has {live[i]} live tickets"
        for i, o in books.orders.items()
        if live[i] != (len(o["visitors"]) if o["state"] == "issued" else 0)
    ]
    return f"{sum(live.values())} live tickets", broken


@invariant("every payment has its tickets or its refund")
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


@invariant("no tickets without a payment")
def unpaid(books: Books) -> tuple[str, list[str]]:
    paid_for = {
        books.payments[n]["subject"].removeprefix("order:")
        for n, known in books.at_wechat.items()
        if known["state"] in {"SUCCESS", "REFUND"} and n in books.payments
    }
    issued = [i for i, o in books.orders.items() if o["state"] == "issued" and o["total_fen"]]
    return f"{len(issued)} issued orders", [f"order {i}" for i in issued if i not in paid_for]


@invariant("no refund twice, none without an end")
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


@invariant("every outbox entry was delivered")
def delivered(books: Books) -> tuple[str, list[str]]:
    failed = sum("failed_at" in e for _, e in books.undelivered)
    tasks = defaultdict(list)
    for carrier, e in books.undelivered:
        if not _runs_yet(books, e):
            tasks[f"{carrier}: {e['task']}"].append(e)
    broken = [
        f"{len(found)} × {task}, tries {max(e['tries'] for e in found)}, {_due(books, found)}"
        for task, found in tasks.items()
    ]
    runs = len(books.undelivered) - sum(len(found) for found in tasks.values())
    return f"{len(books.undelivered)} left, {runs} of them ends of offers that run yet, {failed} given up", broken


def _runs_yet(books: Books, e: dict[str, Any]) -> bool:
    """Tell whether an entry is the end of an offer that was made so late that it runs yet."""
    own = books.orders.get(e["args"].get("order", ""), {}) if e["task"] == "booking.expire" else {}
    return bool(own.get("from_waiting")) and e["tries"] == 0 and e["due"] > books.now


def _due(books: Books, entries: list[dict[str, Any]]) -> str:
    dues = [(e["due"] - books.now).total_seconds() for e in entries if e.get("due")]
    return f"next due in {min(dues):.0f} s" if dues else "given up"


@invariant("WeChat was told of every delivery")
def shipping(books: Books) -> tuple[str, list[str]]:
    issued = [str(o["payment"]) for o in books.orders.values() if o["state"] == "issued" and o.get("payment")]
    return f"{len(issued)} issued orders", [f"payment {n}" for n in issued if n not in books.shipped]


@invariant("nothing unpaid stays payable")
def payable(books: Books) -> tuple[str, list[str]]:
    opened = [n for n, known in books.at_wechat.items() if known["state"] == "NOTPAY"]
    here = Counter(p["state"] for p in books.payments.values())
    figures = ", ".join(f"{count} {state}" for state, count in sorted(here.items()))
    return figures, [f"payment {n} is open at WeChat" for n in opened]


@invariant("one person, one ticket for a place and day")
def twice(books: Books) -> tuple[str, list[str]]:
    live = {i: o for i, o in books.orders.items() if o["state"] in LIVE and o["slot"] in books.visits}
    seen = Counter((o["place"], o["day"], v["person"]) for o in live.values() for v in o["visitors"])
    return f"{len(seen)} visits", [f"{day} {person}: {count}" for (_, day, person), count in seen.items() if count > 1]


@invariant("no acknowledged booking is missing")
def acknowledged(books: Books) -> tuple[str, list[str]]:
    given = {order for o in books.outcomes for order in o.orders}
    return f"{len(given)} acknowledged", [f"order {order}" for order in given if order not in books.orders]


@invariant("one request, one order")
def keyed(books: Books) -> tuple[str, list[str]]:
    by_key = Counter(o["idempotency"]["key"] for o in books.orders.values() if "idempotency" in o)
    broken = [f"key {key.hex()[:12]}: {count} orders" for key, count in by_key.items() if count > 1]
    several = [o for o in books.outcomes if len(set(o.orders)) > 1]
    broken += [f"attempt {o.attempt.number}: {', '.join(sorted(set(o.orders)))}" for o in several]
    again = sum(len(o.orders) > 1 for o in books.outcomes)
    return f"{len(by_key)} keys, {again} sent twice with the same answer", broken


@invariant("no order behind a refusal")
def refused(books: Books) -> tuple[str, list[str]]:
    keys = {o["idempotency"]["key"]: i for i, o in books.orders.items() if "idempotency" in o}
    failed = [o for o in books.outcomes if o.result == "failed"]
    met = [(o, keys[key]) for o in failed if (key := _key(books, o)) in keys]
    return f"{len(failed)} refused", [f"attempt {o.attempt.number} ({o.code}): order {i}" for o, i in met]


def _key(books: Books, outcome: Outcome) -> bytes:
    actor = books.world.residents[outcome.attempt.resident].account
    scope = f"resident:{ObjectId(actor)}\x00{outcome.attempt.path}\x00{outcome.attempt.key}"
    return hashlib.sha256(scope.encode()).digest()
