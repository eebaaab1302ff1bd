"""What must be true of lines, offers and courts when the dust has settled.

Who is served when is told by the times in the orders and entries: two changes of one line never run at once, and the
later one takes its time after the earlier one was stored.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.chaos.books import Books, invariant
from bench.chaos.invariants import LIVE
from models.booking import offer_rule

Entry = dict[str, Any]
NEVER = datetime.max.replace(tzinfo=UTC)
ISSUED = {"issued", "revived"}


@invariant("no offer holds places after its end")
def ended(books: Books) -> tuple[str, list[str]]:
    broken = []
    for i, e in books.entries.items():
        state = books.orders.get(i, {}).get("state")
        if e["state"] == "offered" and (state != "held" or e["until"] < books.now):
            broken.append(f"entry {i} is offered until {e['until']:%H:%M:%S}, its order is {state}")
        if e["state"] in {"waiting", "expired", "gone"} and state in LIVE:
            broken.append(f"entry {i} is {e['state']}, its order is {state}")
    states = Counter(e["state"] for e in books.entries.values() if "until" in e)
    return f"{states.total()} offers: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())), broken


@invariant("who took an offer has its order")
def taken(books: Books) -> tuple[str, list[str]]:
    broken = []
    for i, e in books.entries.items():
        was_issued = bool(ISSUED & {line["what"] for line in books.orders.get(i, {}).get("history", ())})
        if was_issued != (e["state"] == "taken"):
            broken.append(f"entry {i} is {e['state']}, its order was {'' if was_issued else 'never '}issued")
    accepted = [one for one in books.waits if one.taken]
    broken += [f"entry {w.entry}: {w.taken}" for w in accepted if set(w.taken) != {w.entry} & set(books.orders)]
    unissued = (w for w in accepted if w.attempt.free and books.entries.get(w.entry, {}).get("state") != "taken")
    broken += [f"entry {w.entry} was accepted and is not taken" for w in unissued]
    return f"{len(accepted)} accepted, {sum(e['state'] == 'taken' for e in books.entries.values())} taken", broken


@invariant("no party is split")
def whole(books: Books) -> tuple[str, list[str]]:
    sizes = {w.entry: len(w.attempt.companions) for w in books.waits}
    made = [(i, e, books.orders[i]) for i, e in books.entries.items() if i in books.orders]
    broken = [
        f"entry {i} of {e['size']}: places {o['places']}, {len(o['visitors'])} visitors, takes {o['takes']}"
        for i, e, o in made
        if {o["places"], len(o["visitors"]), *(take["places"] for take in o["takes"])} != {e["size"]}
    ]
    broken += [
        f"entry {i} of {sizes[i]} has {e['size']}"
        for i, e in books.entries.items()
        if sizes.get(i, e["size"]) != e["size"]
    ]
    broken += [
        f"entry {i}: offered without an order"
        for i, e in books.entries.items()
        if "until" in e and i not in books.orders
    ]
    return f"{len(made)} offers, {sum(e['size'] > 1 for _, e, _ in made)} of them to parties of several", broken


@invariant("a line is served in its turn")
def in_turn(books: Books) -> tuple[str, list[str]]:
    lines = defaultdict(list)
    for i, e in books.entries.items():
        lines[e["slot"]].append({**e, "offered_at": offered_at(books.orders.get(i))})
    broken = [one for line in lines.values() for one in unfair(line)]
    return f"{len(lines)} lines, {sum(len(line) for line in lines.values())} parties", broken


def offered_at(order: dict[str, Any] | None) -> datetime | None:
    """Return when an offer was made, None without one."""
    return order["history"][0]["at"] if order else None


def unfair(line: list[Entry]) -> Iterator[str]:
    """Yield who was served before somebody in front, other than the rule says.

    The first whose whole party fits is served, so only a smaller party passes a larger one. The first in line is passed
    a few times at most; after that nobody passes it while places are collected for it.
    """
    most, passes = offer_rule.CODES["waiting_passed_most"], Counter[Any]()
    line = sorted(line, key=lambda one: one["seq"])
    for one in sorted((e for e in line if e["offered_at"]), key=lambda e: e["offered_at"]):
        at = one["offered_at"]
        before = [e for e in line if e["seq"] < one["seq"] and _left_at(e) > at]
        yield from (
            f"entry {one['_id']} of {one['size']} was served before {e['_id']} of {e['size']}"
            for e in before
            if e["size"] <= one["size"]
        )
        if before and at < before[0].get("collect_until", NEVER):
            passes[before[0]["_id"]] += 1
    yield from (f"entry {i} was passed {n} times" for i, n in passes.items() if n > most)


def _left_at(e: Entry) -> datetime:
    return e["offered_at"] or e.get("ended_at") or NEVER


@invariant("a line counts its parties, and nobody waits for what is there")
def counted(books: Books) -> tuple[str, list[str]]:
    broken = []
    for s in books.world.slots:
        slot = books.slots[s]
        line = sorted((e for e in books.entries.values() if e["slot"] == s and e["state"] == "waiting"), key=_seq)
        if slot.get("waiting", 0) != len(line):
            broken.append(f"{s}: {slot.get('waiting', 0)} counted, {len(line)} wait")
        if slot.get("kept") and not line:
            broken.append(f"{s}: {slot['kept']} kept for nobody")
        room = slot["left"] + slot.get("kept", 0)
        first = next((e for e in line if e.get("collect_until", books.now) > books.now or e["size"] <= room), None)
        if first and first["size"] <= room:
            broken.append(f"{s}: entry {first['_id']} of {first['size']} waits while {room} are there")
    return f"{sum(e['state'] == 'waiting' for e in books.entries.values())} parties wait", broken


def _seq(e: Entry) -> int:
    return int(e["seq"])


@invariant("one place in a line for an account and for a person")
def once(books: Books) -> tuple[str, list[str]]:
    living = [e for e in books.entries.values() if e["state"] in {"waiting", "offered"}]
    who = Counter((e["slot"], e["account"]) for e in living)
    who += Counter((e["slot"], v["person"]) for e in living for v in e["order"]["visitors"])
    broken = [f"{slot} {one}: {n} entries" for (slot, one), n in who.items() if n > 1]
    return f"{len(living)} live entries", broken


@invariant("one request to wait, one entry, and none behind a refusal")
def given(books: Books) -> tuple[str, list[str]]:
    told = {w.entry for w in books.waits}
    broken = [f"entry {i} is missing" for i in told - set(books.entries)]
    broken += [f"entry {i} was made and refused" for i in set(books.entries) - told]
    broken += [f"attempt {w.attempt.number}: {', '.join(w.given)}" for w in books.waits if len(set(w.given)) > 1]
    several = Counter(w.entry for w in books.waits)
    broken += [f"entry {i} was given to {n} requests" for i, n in several.items() if n > 1]
    return f"{len(told)} acknowledged", broken


@invariant("an hour of a court has one live order at most, and nobody plays on two at once")
def courts(books: Books) -> tuple[str, list[str]]:
    live = [o for o in books.orders.values() if o["slot"] in books.world.courts and o["state"] in LIVE]
    hours = Counter(take["slot"] for o in live for take in o["takes"])
    broken = [f"{hour}: {n} live orders" for hour, n in hours.items() if n > 1]
    players = Counter((hour, v["person"]) for o in live for hour in _hours(o) for v in o["visitors"])
    broken += [f"{hour} {person}: {n} courts" for (hour, person), n in players.items() if n > 1]
    ever = sum(o["slot"] in books.world.courts for o in books.orders.values())
    return f"{len(hours)} of {len(books.world.courts)} hours taken, {ever} orders in all", broken


def _hours(order: dict[str, Any]) -> list[str]:
    return [take["slot"].split("-", 1)[1] for take in order["takes"]]
