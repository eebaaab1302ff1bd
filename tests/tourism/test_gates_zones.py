"""Zones and directions at gates with network: one ticket at several gates, entries counted once, exits as facts."""

import pytest

from models.audit.entry import AuditEntry
from models.booking import gate as rules
from models.booking import ticket
from models.booking.gate_scan import GateScan
from models.booking.ticket import Ticket
from models.identity import device
from models.places import place
from tests.office import conftest as staff
from tests.support import slots
from tests.support.crowd import at_once
from tests.tourism import gates_kit
from tests.tourism.gates_kit import WHOLE, ZoneGate, agree, nonce, stored, zone

admin, manager, auditor = staff.admin, staff.manager, staff.auditor
ZONES = "/office/v1/places/pingshan/zones"


@pytest.fixture
def visit(phone, travel):
    """Agree on zones, issue tickets, go to the hour of the visit; return the order."""

    def go(*zones, visitors=(), at="18:30", **terms):
        if zones or terms:
            agree(*zones, **terms)
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


def code(order, number=0):
    return order["tickets"][number]["code"]


# Entries and exits


def test_the_answer_tells_entries_and_what_is_left(client, visit):
    order = visit({**WHOLE, "most_entries": 2})
    entrance, exit_ = ZoneGate(client), ZoneGate(client, direction="out", name="出口")
    first = entrance.shown(code(order))
    assert (first["result"], first["entries"], first["entries_left"], first["direction"]) == ("admitted", 1, 1, "in")
    assert entrance.shown(code(order))["result"] == "already_inside"
    left = exit_.shown(code(order))
    assert (left["result"], left["message"], left["direction"]) == ("exited", "请慢走。", "out")
    again = entrance.shown(code(order))
    assert (again["result"], again["entries"], again["entries_left"]) == ("admitted", 2, 0)
    assert again["first_scan_at"] == first["first_scan_at"]
    exit_.shown(code(order))
    used_up = entrance.shown(code(order))
    assert used_up["result"] == "entries_used_up"
    assert "2 次" in used_up["message"]


def test_without_a_limit_nothing_is_said_to_be_left(client, visit):
    order = visit({**WHOLE, "most_entries": 0, "again": "free"})
    gate = ZoneGate(client)
    shown = [gate.shown(code(order)) for _ in range(3)]
    assert [one["entries"] for one in shown] == [1, 2, 3]
    assert all("entries_left" not in one for one in shown)


def test_re_entry_ends_with_the_hours_of_the_ticket_and_leaving_does_not(client, visit, travel):
    order = visit({**WHOLE, "most_entries": 0})
    gate = ZoneGate(client, direction="both")
    assert gate.result(code(order), "in") == "admitted"
    assert gate.result(code(order), "out") == "exited"
    travel(order["day"], "20:30")
    assert gate.result(code(order), "in") == "other_time"
    assert gate.result(code(order), "out") == "exited"


def test_an_exit_without_an_entry_is_recorded_and_uses_no_ticket(client, visit, phone):
    order = visit()
    shown = ZoneGate(client, direction="out").shown(code(order))
    assert (shown["result"], shown["entries"]) == ("exited", 0)
    assert "没有入园记录" in shown["message"]
    assert (stored(order)["state"], stored(order)["zones"]["_"]["out"]) == ("valid", 1)
    assert phone.cancel(order["id"]).status_code == 200
    assert ZoneGate(client, direction="out").result(code(order)) == "exited"


def test_a_gate_for_one_way_does_not_work_for_the_other(client, visit):
    order = visit()
    answer = ZoneGate(client).call("POST", "/gate/v1/scans", {"code": code(order), "direction": "out"})
    assert (answer.status_code, answer.json["code"]) == (422, "gate_direction_wrong")
    assert ZoneGate(client, direction="both").shown(code(order))["direction"] == "in"


# Zones


def test_each_zone_counts_for_itself_and_the_first_one_uses_the_ticket(client, visit):
    order = visit(zone("hall_a"), zone("hall_b", most_entries=0))
    at = {name: ZoneGate(client, name, name=f"{name}门") for name in ("", "hall_a", "hall_b")}
    assert at["hall_a"].shown(code(order))["zone"] == "hall_a"
    assert (stored(order)["state"], stored(order)["first_scan"]["gate"]) == ("used", "hall_a门")
    assert at["hall_a"].result(code(order)) == "already_used"
    assert at[""].result(code(order)) == "admitted"
    assert at["hall_b"].result(code(order)) == "admitted"
    found = stored(order)["zones"]
    assert {name: (one["in"], one["inside"]) for name, one in found.items()} == {
        "hall_a": (1, True),
        "_": (1, True),
        "hall_b": (1, True),
    }
    assert found["hall_b"]["last"]["device"] == at["hall_b"].id


def test_a_zone_is_for_the_ticket_types_that_include_it(client, visit, phone):
    order = visit(
        zone("hall_a", ticket_types=["adult"]),
        visitors=((phone.me, "adult"), (phone.companion("19500101"), "senior_65")),
    )
    gate = ZoneGate(client, "hall_a")
    results = {one["ticket_class"]: gate.result(one["code"]) for one in order["tickets"]}
    assert results == {"adult": "admitted", "senior_65": "zone_not_included"}
    assert ZoneGate(client).result(code(order, 1)) == "admitted"


def test_a_zone_that_was_set_up_after_the_booking_takes_old_tickets_once(client, visit):
    order = visit()
    agree(zone("hall_a", ticket_types=["senior_65"]))
    gate = ZoneGate(client, "hall_a")
    assert [gate.result(code(order)) for _ in range(2)] == ["admitted", "already_used"]


def test_a_ticket_of_an_older_release_that_was_used_stays_used(client, visit):
    order = visit({**WHOLE, "most_entries": 0, "again": "free"})
    old = {"at": stored(order)["enter_from"], "device": "gate-old", "gate": "老闸机", "nonce": "n" * 16}
    Ticket._get_collection().update_one(
        {"_id": order["tickets"][0]["id"]}, {"$set": {"state": "used", "first_scan": old}}
    )
    shown = ZoneGate(client).shown(code(order))
    assert (shown["result"], shown["entries"], shown["first_scan_gate"]) == ("admitted", 2, "老闸机")


# The same request again


def test_a_repeated_request_hears_the_numbers_of_its_own_scan(client, visit):
    order = visit({**WHOLE, "most_entries": 5, "again": "free"})
    gate, mine = ZoneGate(client), nonce()
    first = gate.shown(code(order), nonce=mine)
    gate.shown(code(order))
    assert gate.shown(code(order), nonce=mine) == first
    assert stored(order)["zones"]["_"]["in"] == 2


def test_a_nonce_is_for_one_direction(client, visit):
    order, gate, mine = visit({**WHOLE, "most_entries": 0}), ZoneGate(client, direction="both"), nonce()
    assert gate.result(code(order), "in", nonce=mine) == "admitted"
    answer = gate.call("POST", "/gate/v1/scans", {"code": code(order), "direction": "out"}, nonce=mine)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")


def test_a_scan_whose_record_was_lost_by_a_kill_is_the_same_scan_when_it_comes_again(client, visit):
    order, gate, mine = visit(), ZoneGate(client), nonce()
    first = gate.shown(code(order), nonce=mine)
    GateScan._get_collection().delete_one({"_id": f"{gate.id}:{mine}"})
    assert gate.shown(code(order), nonce=mine) == first
    (record,) = GateScan._get_collection().find({"ticket": first["ticket"]})
    assert (record["_id"], record["uncounted"], record["direction"]) == (f"{gate.id}:{mine}", True, "in")


# What counts people


def test_only_who_goes_through_waits_to_be_counted(client, visit):
    order = visit(zone("hall_a"))
    ZoneGate(client, "hall_a").shown(code(order))
    ZoneGate(client, "hall_a").shown(code(order))
    ZoneGate(client, "hall_a", "out").shown(code(order))
    ZoneGate(client).shown("X")
    found = GateScan._get_collection().find({"place": slots.PLACE}).sort("at", 1)
    told = [(one["result"], one["zone"], one["direction"], one.get("uncounted")) for one in found]
    assert told == [
        ("admitted", "hall_a", "in", True),
        ("already_used", "hall_a", "in", None),
        ("exited", "hall_a", "out", True),
        ("not_ours", "", "in", None),
    ]
    assert GateScan._get_collection().count_documents({"uncounted": True, "place": slots.PLACE}) == 2


# Many at once


def test_many_gates_at_once_let_in_as_often_as_agreed(client, visit):
    order = visit({**WHOLE, "most_entries": 3, "again": "free"})
    app = client.application
    gates = [ZoneGate(app.test_client(), name=f"{number}号") for number in range(12)]
    told = at_once([lambda one=one: one.result(code(order)) for one in gates])
    assert sorted(told) == ["admitted"] * 3 + ["entries_used_up"] * 9
    assert (stored(order)["zones"]["_"]["in"], len(stored(order)["scans"])) == (3, 3)


def test_without_the_guard_many_gates_let_in_more_often_than_agreed(client, visit, monkeypatch):
    order = visit()
    monkeypatch.setattr(ticket, "_unchanged", lambda found: {"_id": found["_id"]})
    app = client.application
    gates = [ZoneGate(app.test_client(), name=f"{number}号") for number in range(12)]
    told = []
    for _ in range(5):
        Ticket._get_collection().update_one(
            {"_id": order["tickets"][0]["id"]},
            {"$set": {"state": "valid"}, "$unset": {"scans": "", "zones": "", "first_scan": ""}},
        )
        told += at_once([lambda one=one: one.result(code(order)) for one in gates])
    assert told.count("admitted") > 5


def test_entries_and_exits_at_once_leave_counters_that_follow_from_the_scans(client, visit):
    order = visit({**WHOLE, "most_entries": 0, "again": "free"}, zone("hall_a", most_entries=0, again="free"))
    app = client.application
    gates = [ZoneGate(app.test_client(), name, way) for name in ("", "hall_a") for way in ("in", "out") for _ in "123"]
    at_once([lambda one=one: one.result(code(order)) for one in gates])
    found = stored(order)["zones"]
    assert {name: (one["in"], one["out"]) for name, one in found.items()} == {"_": (3, 3), "hall_a": (3, 3)}


@pytest.mark.parametrize("turn", range(4))
def test_cancelling_and_walking_in_at_once_never_end_as_both(client, visit, phone, turn):
    order = visit()
    gate = ZoneGate(client.application.test_client())
    other = phone.twin(client.application.test_client())
    calls = [lambda: other.cancel(order["id"]), lambda: gate.shown(code(order))]
    told = at_once(calls if turn % 2 else calls[::-1])
    cancelled, shown = told if turn % 2 else told[::-1]
    state = stored(order)["state"]
    assert (cancelled.status_code == 200, shown["result"] == "admitted") == (state == "void", state == "used")


# Setting zones


def body(*zones, static_code="accept"):
    return {"zones": list(zones), "static_code": static_code}


def test_staff_set_zones_and_slots_opened_later_carry_them(manager, admin):
    told = body({**WHOLE, "most_entries": 2}, zone("hall_a", ticket_types=["adult"]), static_code="inspect")
    before = place.terms_on(place.read("pingshan"), "2026-12-01")
    assert "zones" not in before
    answer = manager.call("PUT", ZONES, told)
    assert (answer.status_code, answer.json) == (200, told)
    assert manager.get(ZONES).json == told
    terms = place.terms_on(place.read("pingshan"), "2026-12-01")
    assert (terms["zones"], terms["static_code"]) == (told["zones"], "inspect")
    assert terms["refund_rows"] == before["refund_rows"]
    (line,) = AuditEntry._get_collection().find({"object": "place:pingshan", "action": "place.zones"})
    assert line["details"] == {"zones": ["", "hall_a"], "static_code": "inspect"}


WRONG = [
    (body(zone("hall_a"), zone("hall_a")), 422),
    (body(zone("hall_a", parent="hall_b")), 422),
    (body(zone("hall_a", parent="hall_b"), zone("hall_b", parent="hall_a")), 422),
    (body({**WHOLE, "parent": "hall_a"}, zone("hall_a")), 422),
    (body(zone("hall_a", ticket_types=["nobody"])), 422),
    (body(zone("A 厅")), 400),
    (body(zone("_")), 400),
    (body(zone("hall_a", most_entries=-1)), 400),
    (body(zone("hall_a", most_entries=101)), 400),
    (body(zone("hall_a", again="never")), 400),
    (body(zone("hall_a", name_zh=" ")), 400),
    (body(static_code="maybe"), 400),
    (body(*[zone(f"z{number}") for number in range(21)]), 400),
    ({}, 400),
]


@pytest.mark.parametrize(("told", "status"), WRONG)
def test_zones_that_do_not_fit_are_refused(manager, told, status):
    assert manager.call("PUT", ZONES, told).status_code == status
    assert manager.get(ZONES).json == {"zones": [], "static_code": "accept"}


def test_zones_of_another_unit_are_not_there_and_an_auditor_only_reads(manager, auditor):
    assert manager.call("PUT", ZONES.replace("pingshan", "museum"), body()).status_code == 404
    assert auditor.get(ZONES).status_code == 200
    assert auditor.call("PUT", ZONES, body()).status_code == 403


# Where a gate stands


def registered(admin, **told):
    key = gates_kit.b64encode(bytes(range(32))).decode()
    return admin.post(
        "/office/v1/devices", {"id": "gate-a", "name": "A", "place_id": "pingshan", "public_key": key, **told}
    )


def test_a_gate_is_registered_for_a_zone_and_a_direction_and_moved(admin):
    assert registered(admin, zone="hall_a").json["code"] == "zone_unknown"
    agree(zone("hall_a"))
    made = registered(admin, zone="hall_a", direction="both", reads_documents=True)
    assert made.status_code == 201, made.json
    told = {name: made.json[name] for name in ("zone", "direction", "reads_documents", "signs_entries")}
    assert told == {"zone": "hall_a", "direction": "both", "reads_documents": True, "signs_entries": True}
    path = "/office/v1/devices/gate-a/post"
    moved = admin.call("PUT", path, {"zone": "", "direction": "out"})
    assert (moved.status_code, moved.json["zone"], moved.json["direction"]) == (200, "", "out")
    assert device.Device._get_collection().find_one({"_id": "gate-a"})["direction"] == "out"
    assert admin.call("PUT", path, {"zone": "hall_z"}).status_code == 422
    assert admin.call("PUT", "/office/v1/devices/gate-z/post", {}).status_code == 404
    assert AuditEntry._get_collection().count_documents({"object": "device:gate-a", "action": "device.move"}) == 1


def test_who_may_not_register_gates_moves_none(admin, manager):
    registered(admin)
    assert manager.call("PUT", "/office/v1/devices/gate-a/post", {}).status_code == 403


def test_a_device_of_before_lets_people_into_the_place(client, visit):
    order, gate = visit(), ZoneGate(client)
    gone = dict.fromkeys(("zone", "direction", "reads_documents", "signs_entries"), "")
    device.Device._get_collection().update_one({"_id": gate.id}, {"$unset": gone})
    shown = gate.shown(code(order))
    assert (shown["result"], shown["direction"]) == ("admitted", "in")
    assert rules.GateScan is GateScan
