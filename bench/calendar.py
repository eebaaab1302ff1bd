"""A month of slots and the lists of bookings among 100,000 orders: what each query reads for what it returns.

The queries are those that the product's functions send, caught on the wire and explained; the store refuses scans.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from pymongo import monitoring

import wsgi  # noqa: F401 - registers every document
from backend import clock, runtime
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.keys.algorithms import AES_256_GCM
from backend.sealing import OpenedKey, Sealer
from backend.store import connection, indexes
from bench import bookings_100k
from bench.machine import BenchFailed
from bench.report import Figure
from bench.stand import FOLDER, clear
from models.booking import order_office_views, order_views
from models.booking.order import Order
from models.booking.order_office_views import Filter
from models.identity.actors import Resident, Staff
from seed import county_data

MOST_READ = 10
READERS = ("find", "aggregate")
FILLED = {"orders", "slots"}
"""What else a list looks up, by ids, the store of the benchmark does not hold."""
EXPLAINED = ("find", "filter", "sort", "projection", "limit", "aggregate", "pipeline", "cursor")


class Wire(monitoring.CommandListener):
    """Keeps the reading commands that are sent while it listens."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in READERS:
            self.sent.append({name: value for name, value in event.command.items() if name in EXPLAINED})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to keep."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to keep."""


def bench() -> list[Figure]:
    """Fill the store, ask every list once, explain what was asked."""
    wire = Wire()
    monitoring.register(wire)
    with _store_without_scans():
        county_data.load(with_demo=True)
        residents = bookings_100k.fill()
        return [_figure(f"calendar.{name}", ask, wire) for name, ask in _questions(residents[0]).items()]


@contextmanager
def _store_without_scans() -> Iterator[None]:
    folder = FOLDER / "calendar"
    clear(folder)
    server = Mongod(folder, free_port(), options=["--setParameter", "notablescan=true"]).start()
    try:
        server.initiate()
        connection.connect(server.uri("calendar"))
        key = OpenedKey(1, AES_256_GCM, bytes(32), active=True)
        runtime.install(cast("runtime.Runtime", SimpleNamespace(sealer=Sealer({}, {1: bytes(32)}, lambda: [key]))))
        indexes.ensure()
        yield
    finally:
        server.stop()
        clear(folder)


def _questions(resident: Resident) -> dict[str, Callable[[], Any]]:
    account, today = resident.account_id, clock.today()
    day, last = ((today + timedelta(days=days)).isoformat() for days in (3, 30))
    busy = Order._get_collection().find_one({"place": "pingshan", "day": day}) or {}
    place, slot = Filter(place="pingshan", day=day), Filter(slot=busy["slot"])
    asked: dict[str, Callable[[], Any]] = {
        "month_of_slots": lambda: order_views.calendar("pingshan", today.isoformat(), last),
        "resident_first_page": lambda: order_views.of_account(account, cursor=None, limit=2),
        "resident_second_page": lambda: order_views.of_account(account, cursor=_cursor(account), limit=2),
        "staff_place_day": lambda: _staff(place),
        "staff_place_day_held": lambda: _staff(Filter(place=place.place, day=day, state="held")),
        "staff_slot": lambda: _staff(slot),
        "staff_slot_cancelled": lambda: _staff(Filter(slot=slot.slot, state="cancelled")),
    }
    return asked


def _cursor(account: Any) -> str | None:
    return order_views.of_account(account, cursor=None, limit=2)[1]


def _staff(wanted: Filter) -> None:
    actor = cast("Staff", SimpleNamespace(key="staff:bench", unit="changzhengyuan"))
    order_office_views.listed(actor, wanted, purpose="booking_service", cursor=None, limit=20)


def _figure(name: str, ask: Callable[[], Any], wire: Wire) -> Figure:
    wire.sent.clear()
    ask()
    asked = [one for one in wire.sent if {one.get(reader) for reader in READERS} & FILLED]
    ratio, against = max(_read(command, name) for command in asked)
    return Figure(name, ratio, "read/returned", against, target=MOST_READ, better="lower")


def _read(command: dict[str, Any], name: str) -> tuple[float, str]:
    """Return how many keys or documents a command reads for each that it returns, and the figures in words."""
    told = Order._get_collection().database.command("explain", command, verbosity="executionStats")
    stats = told["executionStats"]
    keys, documents, returned = (stats[n] for n in ("totalKeysExamined", "totalDocsExamined", "nReturned"))
    if not returned:
        raise BenchFailed(f"{name} found nothing, so that it shows nothing")
    against = f"{keys} keys and {documents} documents for {returned} in {stats['executionTimeMillis']} ms"
    return max(keys, documents) / returned, against
