"""Several tickets of one person, tickets with too many scans, gates that were moved: where gates went wrong."""

from base64 import b64encode
from datetime import timedelta

import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from mongoengine.connection import get_db

from models.audit.entry import AuditEntry
from models.booking import gate_rule
from models.booking.slot import Slot
from models.booking.ticket import Ticket
from models.devices.journal import JournalEntry
from models.identity import device
from tests.support import slots
from tests.support.scanner import Scanner
from tests.tourism.gates_kit import ZoneGate, agree, nonce, passed, stored, zone


@pytest.fixture
def visit(phone, travel, seeded):
    """Issue a ticket and go to the hour of the visit; return the order."""

    def go(*zones):
        agree(*(zones or (zone(code="", most_entries=0),)))
        order = phone.issued(slots.make(9))
        travel(order["day"], "18:30")
        phone.log_in()
        return order

    return go


def another(order, hours: float) -> str:
    """Give the same person a second ticket of the day, so many hours earlier or later; return its id."""
    found, shift = stored(order), timedelta(hours=hours)
    made = {**found, "_id": f"{ObjectId()}-0", "state": "valid"}
    made |= {name: found[name] + shift for name in ("enter_from", "enter_until")}
    Ticket._get_collection().insert_one(made)
    return made["_id"]


@pytest.fixture
def reader(client, seeded):
    return ZoneGate(client, direction="both", reads_documents=True)


def leave(reader, phone) -> dict:
    body = {"document": {"kind": "resident_id", "number": phone.document}, "direction": "out"}
    return reader.call("POST", "/gate/v1/scans", body).json


def test_who_missed_the_morning_walks_in_by_the_ticket_of_the_evening(reader, visit, phone):
    order = visit()
    another(order, -6)
    shown = reader.read_card(phone.document).json
    assert (shown["result"], shown["ticket"]) == ("admitted", order["tickets"][0]["id"])


def test_a_ticket_of_later_does_not_keep_its_holder_out_of_a_hall_now(reader, visit, phone, client):
    order = visit(zone(code="", most_entries=0), zone())
    another(order, 3)
    assert reader.read_card(phone.document).json["result"] == "admitted"
    hall = ZoneGate(client, "hall_a", reads_documents=True)
    shown = hall.read_card(phone.document).json
    assert (shown["result"], shown["ticket"]) == ("admitted", order["tickets"][0]["id"])


def test_the_second_of_two_tickets_of_an_hour_is_used_when_the_first_is(reader, visit, phone):
    order = visit(zone(code=""))
    second = another(order, 0)
    told = [reader.read_card(phone.document).json for _ in range(3)]
    assert [one["result"] for one in told] == ["admitted", "admitted", "already_used"]
    assert {one["ticket"] for one in told[:2]} == {order["tickets"][0]["id"], second}


def test_one_leaves_by_the_ticket_by_which_one_is_inside(reader, visit, phone):
    order = visit()
    evening = another(order, 0.25)
    reader.read_card(phone.document)
    assert leave(reader, phone)["ticket"] == order["tickets"][0]["id"]
    assert reader.read_card(phone.document).json["ticket"] == evening
    assert leave(reader, phone)["ticket"] == evening
    assert not Ticket._get_collection().find_one({"_id": evening})["zones"]["_"]["inside"]


def test_whose_ticket_was_cancelled_still_leaves_by_the_card(reader, visit, phone):
    order = visit()
    Ticket._get_collection().update_one({"_id": order["tickets"][0]["id"]}, {"$set": {"state": "void"}})
    assert leave(reader, phone)["result"] == "exited"
    assert reader.read_card(phone.document).json["result"] == "no_ticket"


def test_a_repeated_request_hears_the_same_of_a_ticket_that_was_cancelled_meanwhile(reader, visit, phone):
    order, mine = visit(zone(code=""), zone(ticket_types=["nobody"])), nonce()
    device.Device._get_collection().update_one({"_id": reader.id}, {"$set": {"zone": "hall_a"}})
    first = reader.read_card(phone.document, nonce=mine)
    assert first.json["result"] == "zone_not_included"
    Ticket._get_collection().update_one({"_id": order["tickets"][0]["id"]}, {"$set": {"state": "void"}})
    again = reader.read_card(phone.document, nonce=mine)
    assert (again.status_code, again.json) == (200, first.json)


def test_a_ticket_takes_no_more_scans_than_it_may_and_nobody_is_kept_inside(reader, visit, monkeypatch):
    order = visit()
    monkeypatch.setattr(gate_rule, "MOST_SCANS", 3)
    code = order["tickets"][0]["code"]
    told = [reader.result(code, way) for way in ("in", "out", "out", "out", "out", "in")]
    assert told == ["admitted", "exited", "exited", "exited", "exited", "entries_used_up"]
    assert len(stored(order)["scans"]) == 3


# Gates without network


def test_an_entry_of_the_whole_place_stays_there_when_its_gate_is_moved_to_a_hall(client, visit):
    order, gate = visit(), ZoneGate(client)
    device.Device._get_collection().update_one({"_id": gate.id}, {"$set": {"zone": "hall_a"}})
    code = order["tickets"][0]["code"]
    told, untold = {**passed(code), "zone": ""}, passed(code)
    assert gate.results(told, untold) == ["received", "received"]
    found = {one["nonce"]: one["zone"] for one in JournalEntry._get_collection().find({"_id": {"$gte": gate.id}})}
    assert found == {told["nonce"]: "", untold["nonce"]: "hall_a"}


@pytest.mark.parametrize("wrong", [None, 0, [], "\n", "x" * 65])
def test_another_zone_that_is_none_is_malformed(client, seeded, wrong):
    assert ZoneGate(client).results({**passed("5R80:8 9WE"), "zone": wrong}) == ["malformed"]


def test_many_courts_hide_no_hours_from_a_gate(client, seeded, travel):
    day = get_db().slots.find_one({"place": slots.PLACE}, {"day": 1})["day"]
    travel(day, "08:00")
    hours = [(minute, minute + 15) for minute in range(360, 1200, 60)]
    made = [
        {
            "_id": f"t.c{court}-{start}",
            "place": slots.PLACE,
            "resource": f"c{court}",
            "kind": "slot",
            "day": day,
            "start": start,
            "end": end,
            "terms": {"static_code": "refuse"},
        }
        for court in range(20)
        for start, end in hours
    ]
    Slot._get_collection().insert_many(made)
    rules = Scanner(client, slots.PLACE).get("/gate/v1/sync").json["gate_rules"]
    told = [(one["start"], one["end"]) for one in rules]
    assert set(hours) <= set(told)
    assert len(told) == len(set(told))
    assert all(start >= 0 for start, _ in told)


def test_fetching_the_list_of_documents_is_written_down(reader, visit, client):
    visit()
    key = b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    assert reader.call("POST", "/gate/v1/documents", {"public_key": key}).status_code == 200
    (line,) = AuditEntry.objects(action="device.documents")
    assert (line.actor, line.details["number"] >= 1) == (f"device:{reader.id}", True)


def test_the_name_of_a_zone_holds_no_control_characters(manager, seeded):
    path = f"/office/v1/places/{slots.PLACE}/zones"
    for name in ("一号\x07厅", "一号\n", "\x00", " "):
        assert manager.call("PUT", path, {"zones": [zone(name_zh=name)]}).status_code == 400, name
    assert manager.call("PUT", path, {"zones": [zone(name_zh="一号 展厅")]}).status_code == 200
