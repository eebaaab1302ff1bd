"""How booking scales: one hot slot and a hundred slots, from one client to a hundred."""

from pathlib import Path

from backend import clock
from bench import stand, visitors, wrk
from bench.machine import BenchFailed
from bench.report import Figure
from deploy.stack import Stack
from models.booking.slot import Slot
from models.booking.sweeper import recount

SECONDS, WARM_SECONDS = 4, 2
ACCOUNTS, QUOTA = 5_000, 1_000_000
CLIENTS = (1, 4, 16, 50, 100)
SLOTS = 100
PLACE = "pingshan"


def bench() -> list[Figure]:
    """Book on one slot and on a hundred, the two in turns at each number of clients."""
    wrk.find()
    with stand.stand() as stack:
        people = visitors.seed(ACCOUNTS)
        hot, many, warm = _chosen(len(CLIENTS))
        _run(stack, people, [warm], WARM_SECONDS, 16)
        found = []
        for number, clients in enumerate(CLIENTS):
            found.append(_figure("hot", clients, _run(stack, people, [hot[number]], SECONDS, clients)))
            found.append(_figure("hundred", clients, _run(stack, people, many[number], SECONDS, clients)))
    return found


def _chosen(rounds: int) -> tuple[list[str], list[list[str]], str]:
    """Return a hot slot and a hundred others for each round, none of a day twice for the same people, and one more.

    A person books a place once a day, so each round has slots of its own that let everybody book often.
    """
    slots = Slot._get_collection()
    like = slots.find_one({"place": PLACE, "day": {"$gt": clock.today().isoformat()}}) or {}
    names = [f"bench{number}" for number in range(rounds * (SLOTS + 1) + 1)]
    slots.insert_many(
        [{**like, "_id": name, "place": name, "quota": QUOTA, "left": QUOTA, "pending": {}} for name in names]
    )
    hot = [names.pop() for _ in range(rounds)]
    return hot, [[names.pop() for _ in range(SLOTS)] for _ in range(rounds)], names.pop()


def _run(stack: Stack, people: list[visitors.Visitor], slots: list[str], seconds: float, clients: int) -> wrk.Load:
    """Book one place for each visitor, over the slots in turn.

    Raises:
        BenchFailed: a booking was refused, or a counter does not agree with its orders.
    """
    lines = Path(stack.folder) / "bookings.txt"
    told = (f"{one.token} {one.companion} {slots[0]}-{n} {slots[n % len(slots)]}\n" for n, one in enumerate(people))
    lines.write_text("".join(told))
    load = wrk.run(stack.base, seconds, env={"BOOKINGS": str(lines)}, clients=clients)
    if drifted := [slot for slot in slots if recount(slot)]:
        raise BenchFailed(f"counters that do not agree with their orders: {drifted[:3]}")
    return load


def _figure(name: str, clients: int, load: wrk.Load) -> Figure:
    against = f"{clients} clients; p50 {load.p50_ms:.0f} ms, p99 {load.p99_ms:.0f} ms"
    return Figure(f"booking_scale.{name}.{clients}", load.rate, "bookings/s", against)
