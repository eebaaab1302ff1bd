"""What one scan costs the store, and tickets that carry what gates go by."""

import pytest
from pymongo import monitoring

from models.booking import gate_terms, ticket
from models.booking.order import Order
from models.booking.ticket import Ticket
from tests.support import slots
from tests.tourism.gates_kit import DrawnTicket, ZoneGate, agree, nonce, stored, zone

READ, WRITE = {"find", "aggregate", "count", "getMore"}, {"insert", "update", "findAndModify", "delete"}


class Wire(monitoring.CommandListener):
    """Notes the commands to the collections of the product while it is `open`."""

    def __init__(self) -> None:
        self.open, self.sent = False, []

    def started(self, event) -> None:
        if self.open and event.command_name in READ | WRITE:
            self.sent.append((event.command_name, event.command[event.command_name]))

    def succeeded(self, event) -> None:
        pass

    def failed(self, event) -> None:
        pass


WIRE = Wire()
monitoring.register(WIRE)  # before the fixtures connect: a client keeps the listeners of its beginning

ONE_SCAN = [
    ("find", "devices"),
    ("find", "gate_scans"),
    ("find", "tickets"),
    ("findAndModify", "tickets"),
    ("insert", "gate_scans"),
]


@pytest.fixture
def visit(phone, travel, seeded):
    def go(*, zones=(), static_code="accept"):
        agree(zone(code=""), *zones, static_code=static_code)
        order = phone.issued(slots.make(9))
        travel(order["day"], "18:30")
        phone.log_in()
        return order

    return go


def sent(ask) -> list[tuple[str, str]]:
    WIRE.sent.clear()
    WIRE.open = True
    try:
        ask()
    finally:
        WIRE.open = False
    return list(WIRE.sent)


def test_one_scan_is_five_commands_to_the_store_and_reads_no_order(visit, client):
    order, gate = visit(zones=[zone()]), ZoneGate(client)
    code = order["tickets"][0]["code"]
    assert sent(lambda: gate.result(code)) == ONE_SCAN


def test_the_number_does_not_grow_with_scans_of_before(visit, client, phone):
    order = visit(zones=[zone(most_entries=0, again="free")])
    gate, drawn = ZoneGate(client, "hall_a"), DrawnTicket(phone, order["tickets"][0]["id"])
    gate.result(drawn.package["code"])
    for _ in range(20):
        gate.result(drawn.package["code"])
    assert sent(lambda: gate.result(drawn.package["code"])) == ONE_SCAN
    assert stored(order)["zones"]["hall_a"]["in"] == 22


def test_a_repeated_and_a_refused_scan_cost_less(visit, client):
    order, gate, mine = visit(), ZoneGate(client), nonce()
    code = order["tickets"][0]["code"]
    gate.result(code, nonce=mine)
    assert sent(lambda: gate.result(code, nonce=mine)) == ONE_SCAN[:3]
    assert sent(lambda: gate.result(code)) == [*ONE_SCAN[:3], ONE_SCAN[4]]
    assert sent(lambda: gate.result("5R80:8 9WE")) == [*ONE_SCAN[:2], ONE_SCAN[4]]


def test_a_ticket_of_before_reads_its_order_once_more(visit, client):
    order, gate = visit(static_code="refuse"), ZoneGate(client)
    Ticket._get_collection().update_one({"_id": order["tickets"][0]["id"]}, {"$unset": {"terms": ""}})
    told = sent(lambda: gate.result(order["tickets"][0]["code"]))
    assert told == [*ONE_SCAN[:3], ("find", "orders"), ONE_SCAN[4]]
    assert gate.result(order["tickets"][0]["code"]) == "static_code_refused"


def test_a_ticket_carries_what_its_order_agreed_and_nothing_else(visit):
    order = visit(zones=[zone(most_entries=3, ticket_types=["adult"])], static_code="inspect")
    found = stored(order)
    assert set(found["terms"]) == {"zones", "static_code"}
    assert all("name_zh" not in one for one in found["terms"]["zones"])
    old = {name: value for name, value in found.items() if name != "terms"}
    assert gate_terms.of(found) == gate_terms.of(old) != gate_terms.GateTerms()


def test_what_was_agreed_on_holds_even_where_the_order_is_changed(visit, client):
    order = visit(static_code="refuse")
    Order._get_collection().update_one({"_id": stored(order)["order"]}, {"$set": {"terms": {}}})
    assert ZoneGate(client).result(order["tickets"][0]["code"]) == "static_code_refused"


def test_an_order_without_rules_for_gates_gives_a_ticket_that_says_so(phone, seeded):
    order = phone.issued(slots.make(9))
    assert ticket.read(order["tickets"][0]["id"])["terms"] == {}
    assert gate_terms.carried({"zones": []}) == {"zones": []}
