"""Tickets let in without network: the earliest entry counts, cancelled ones are debts, staff settle the rest."""

from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock
from models.booking import ticket
from models.booking.gate import GateScan
from models.devices.conflict import JournalConflict
from models.devices.journal import JournalEntry
from models.devices.quarantine import Quarantined
from models.devices.revocation import Revocation
from tests.office import conftest as staff
from tests.office.conftest import on_duty
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.scanner import Scanner, line

admin, auditor, manager, office = staff.admin, staff.auditor, staff.manager, staff.office
CONFLICTS = "/office/v1/journal/conflicts"


@pytest.fixture
def visit(phone, travel):
    """Issue tickets and go to the hour of the visit; return the order."""

    def go(*visitors, at="18:30"):
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


@pytest.fixture
def gates(client, seeded):
    return Scanner(client, name="东门"), Scanner(client, name="西门")


def entered(order, number=0, *, minutes=0, **changes):
    """Return what a gate writes down who let the holder in so many minutes ago."""
    at = (clock.now() + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    return line(code_kind="ticket", code=order["tickets"][number]["code"], at=at, **changes)


def settle(*uploads):
    for gate, entry in uploads:
        assert gate.results(entry) == ["received"]
    queues.drain("gates")


def stored(order, number=0):
    return ticket.read(order["tickets"][number]["id"])


def entry_of(gate, entry):
    return JournalEntry._get_collection().find_one({"_id": f"{gate.id}:{entry['nonce']}"})


def conflicts():
    return list(JournalConflict._get_collection().find({"state": "open"}).sort("at", 1))


def test_a_ticket_let_in_offline_is_used_at_the_moment_of_the_entry(gates, visit, phone):
    order = visit()
    entry = entered(order, minutes=-20)
    settle((gates[0], entry))
    found = stored(order)
    assert (found["state"], found["first_scan"]["gate"], found["first_scan"]["offline"]) == ("used", "东门", True)
    assert found["first_scan"]["nonce"] == entry["nonce"]
    assert abs(found["first_scan"]["at"] - (clock.now() - timedelta(minutes=20))) < timedelta(seconds=5)
    assert entry_of(gates[0], entry)["state"] == "applied"
    assert conflicts() == []
    shown = phone.order(order["id"])["tickets"][0]
    assert (shown["state"], shown["used_gate"]) == ("used", "东门")


def test_after_the_upload_the_gates_with_network_refuse_it(gates, visit):
    order = visit()
    settle((gates[0], entered(order, minutes=-20)))
    answer = gates[1].scan(order["tickets"][0]["code"]).json
    assert (answer["result"], answer["first_scan_gate"]) == ("already_used", "东门")


def test_the_same_scan_online_and_late_is_one_scan(gates, visit):
    order = visit()
    entry = entered(order)
    assert gates[0].scan(order["tickets"][0]["code"], nonce=entry["nonce"]).json["result"] == "admitted"
    first = stored(order)["first_scan"]
    settle((gates[0], entry))
    assert entry_of(gates[0], entry)["state"] == "applied"
    assert stored(order)["first_scan"] == first
    assert conflicts() == []


def test_the_same_scan_late_and_then_online_is_one_scan(gates, visit):
    order = visit()
    entry = entered(order)
    settle((gates[0], entry))
    assert gates[0].scan(order["tickets"][0]["code"], nonce=entry["nonce"]).json["result"] == "admitted"
    assert GateScan._get_collection().count_documents({"ticket": order["tickets"][0]["id"]}) == 1


@pytest.mark.parametrize("first", [0, 1], ids=["in the order of entry", "the later one first"])
def test_of_two_gates_without_network_the_earlier_entry_counts_and_both_are_shown(gates, visit, first):
    order = visit()
    uploads = [(gates[0], entered(order, minutes=-40)), (gates[1], entered(order, minutes=-10))]
    for gate, entry in uploads if first == 0 else reversed(uploads):
        settle((gate, entry))
    found = stored(order)["first_scan"]
    assert (found["gate"], found["nonce"]) == ("东门", uploads[0][1]["nonce"])
    (one,) = conflicts()
    gates_told = {one["details"]["scan"]["gate"], one["details"]["other"]["gate"]}
    assert (one["reason"], gates_told) == ("used_twice", {"东门", "西门"})
    assert (one["details"]["other"]["gate"], one["details"]["counts"]) == ("东门", "other")
    states = [entry_of(gate, entry)["state"] for gate, entry in uploads]
    assert states == ["applied", "conflict"]


def test_two_gates_that_upload_one_ticket_at_once_end_with_one_use_and_one_conflict(gates, visit):
    order = visit()
    uploads = [(gates[0], entered(order, minutes=-40)), (gates[1], entered(order, minutes=-10))]
    for gate, entry in uploads:
        assert gate.results(entry) == ["received"]
    at_once([lambda: queues.drain("gates") for _ in range(4)])
    queues.drain("gates")
    assert stored(order)["first_scan"]["gate"] == "东门"
    assert len(conflicts()) == 1
    assert sorted(entry_of(gate, entry)["state"] for gate, entry in uploads) == ["applied", "conflict"]


def test_a_late_entry_before_an_online_one_counts_and_the_online_one_is_shown_beside_it(gates, visit):
    order = visit()
    assert gates[1].scan(order["tickets"][0]["code"]).json["result"] == "admitted"
    settle((gates[0], entered(order, minutes=-15)))
    assert stored(order)["first_scan"]["gate"] == "东门"
    (one,) = conflicts()
    assert (one["details"]["scan"]["gate"], one["details"]["scan"]["offline"]) == ("西门", False)
    assert (one["details"]["other"]["gate"], one["details"]["other"]["offline"]) == ("东门", True)


def test_a_cancelled_ticket_let_in_offline_is_shown_with_the_money_that_went_back(gates, phone, travel):
    order = phone.issued(slots.make(9))
    assert phone.cancel(order["id"]).status_code == 200
    code = order["tickets"][0]["code"]
    travel(order["day"], "18:30")
    phone.log_in()
    settle((gates[0], line(code_kind="ticket", code=code)))
    (one,) = conflicts()
    shown = phone.order(order["id"])
    assert (one["reason"], one["details"]["order"]) == ("cancelled", order["id"])
    assert one["details"]["price_fen"] == order["total_fen"] > 0
    assert one["details"]["refund_fen"] == shown["refund"]["fen"] > 0
    assert one["details"]["cancelled_at"]
    assert stored(order)["state"] == "void"


def test_an_entry_outside_of_the_hours_is_counted_and_shown(gates, visit):
    order = visit(at="21:00")
    settle((gates[0], entered(order)))
    assert stored(order)["state"] == "used"
    (one,) = conflicts()
    assert (one["reason"], one["details"]["enter_until"][11:16]) == ("other_time", "20:00")


def test_a_forged_or_foreign_ticket_is_not_acknowledged(gates, client, visit):
    order = visit()
    elsewhere = Scanner(client, "museum")
    good = order["tickets"][0]["code"]
    forged = line(code_kind="ticket", code=good[:-1] + ("1" if good[-1] == "0" else "0"))
    foreign = entered(order)
    settle((gates[0], forged), (elsewhere, foreign), (gates[0], line(code_kind="ticket", code="X")))
    assert [entry_of(gates[0], forged)["state"], entry_of(elsewhere, foreign)["reason"]] == ["refused", "other_place"]
    assert stored(order)["state"] == "valid"


def test_what_gates_refused_uses_no_ticket(gates, visit):
    order = visit()
    settle((gates[0], entered(order, decision="refused", reason="revoked")))
    assert stored(order)["state"] == "valid"


# The revocation of tickets


def test_cancelling_revokes_the_tickets_at_the_gates_of_the_place_until_they_would_end(gates, client, phone):
    order = phone.issued(slots.make(9), (phone.me, "adult"), (phone.companion(), "adult"))
    phone.cancel(order["id"])
    keys, _ = gates[0].walk()
    assert keys == {one["id"] for one in order["tickets"]}
    assert Scanner(client, "museum").walk()[0] == set()
    found = Revocation._get_collection().find_one({"scope": "pingshan"})
    assert (found["reason"], found["until"]) == ("cancelled", stored(order)["enter_until"])


def test_a_ticket_that_was_used_is_not_revoked_when_cancelling_is_refused(gates, visit, phone):
    order = visit()
    gates[0].scan(order["tickets"][0]["code"])
    assert phone.cancel(order["id"]).json["code"] == "ticket_used"
    assert gates[0].walk()[0] == set()


def test_an_offline_use_that_came_in_keeps_the_order_from_being_cancelled(gates, visit, phone):
    order = visit()
    settle((gates[0], entered(order)))
    assert phone.cancel(order["id"]).json["code"] == "ticket_used"


def test_cancelling_and_a_late_entry_at_once_end_as_used_or_as_a_debt_never_as_neither(gates, phone, client, travel):
    for turn in range(6):
        phone.log_in()
        order = phone.issued(slots.make(9, days=2 + turn))
        entry = line(code_kind="ticket", code=order["tickets"][0]["code"])
        assert gates[0].results(entry) == ["received"]
        other = phone.twin(client.application.test_client())
        answers = at_once([lambda one=order["id"], by=other: by.cancel(one), lambda: queues.drain("gates")])
        queues.drain("gates")
        found = stored(order)
        reasons = [one["reason"] for one in conflicts() if one["ticket"] == found["_id"]]
        cancelled = answers[0].status_code == 200
        assert (found["state"], "cancelled" in reasons) == (("void", True) if cancelled else ("used", False))


# What staff see and settle


@pytest.fixture
def open_conflict(gates, visit, admin, manager, auditor, office):
    order = visit()
    settle((gates[0], entered(order, minutes=-40)))
    settle((gates[1], entered(order, minutes=-10)))
    for one in (admin, manager, auditor, office):
        one.log_in()
    return conflicts()[0]["_id"]


def test_the_place_sees_its_conflicts_with_both_scans_and_settles_them(manager, auditor, open_conflict):
    (one,) = manager.get(CONFLICTS).json["items"]
    assert (one["id"], one["reason_zh"], one["state_zh"]) == (open_conflict, "同一张票两次入园", "待处理")
    assert {one["details"]["scan"]["gate"], one["details"]["other"]["gate"]} == {"东门", "西门"}
    answer = manager.post(f"{CONFLICTS}/{open_conflict}/settle", {"note": "已核实是同行家人"})
    assert (answer.status_code, answer.json["state"], answer.json["note"]) == (200, "settled", "已核实是同行家人")
    assert manager.get(CONFLICTS).json["items"] == []
    (seen,) = auditor.get(f"{CONFLICTS}?state=settled").json["items"]
    assert (seen["note"], seen["settled_by"]) == ("已核实是同行家人", f"staff:{manager.id}")
    raw = JournalConflict._get_collection().find_one({"_id": open_conflict})
    assert "已核实".encode() not in raw["note"]
    (line_of,) = get_db().audit_entries.find({"object": f"journal_conflict:{open_conflict}"})
    assert (line_of["action"], line_of["unit"]) == ("journal.settle", "changzhengyuan")


def test_settling_again_changes_nothing_and_another_finds_it_settled(client, admin, manager, open_conflict):
    path = f"{CONFLICTS}/{open_conflict}/settle"
    first = manager.post(path, {"note": "已核实"}).json
    assert manager.post(path, {"note": "再次"}).json == first
    other = admin.hire("scenic_manager", unit="changzhengyuan")
    answer = other.post(path, {"note": "我来"})
    assert (answer.status_code, answer.json["code"]) == (409, "journal_conflict_settled")


def test_outside_of_the_unit_there_is_nothing_to_see_or_settle(client, admin, open_conflict):
    stranger = on_duty(client, "stranger", lambda: admin.hire("scenic_manager", unit="long_march_museum"))
    assert stranger.get(CONFLICTS).json["items"] == []
    assert stranger.get("/office/v1/journal/entries?state=conflict").json["items"] == []
    assert stranger.post(f"{CONFLICTS}/{open_conflict}/settle", {"note": "x"}).status_code == 404
    assert stranger.post(f"{CONFLICTS}/nobody/settle", {"note": "x"}).status_code == 404


def test_who_may_not_sees_nothing_and_who_only_reads_settles_nothing(office, auditor, open_conflict):
    assert office.get(CONFLICTS).status_code == 403
    assert auditor.get(CONFLICTS).status_code == 200
    assert auditor.post(f"{CONFLICTS}/{open_conflict}/settle", {"note": "x"}).status_code == 403


def test_entries_are_listed_by_state_without_their_codes(manager, gates, open_conflict):
    page = manager.get("/office/v1/journal/entries?state=applied&limit=1").json
    assert [one["state_zh"] for one in page["items"]] == ["已入账"]
    assert "code" not in page["items"][0]
    assert page["next"] is None
    gates[0].hand_in(line(code_kind="sports_court"))
    queues.drain("gates")
    (one,) = manager.get("/office/v1/journal/entries").json["items"]
    assert (one["code_kind"], one["state"]) == ("sports_court", "unsettled")


def test_doubtful_and_unreadable_entries_are_listed(manager, gates):
    gates[0].hand_in(line(at="2026-01-01T00:00:00+08:00"), 7)
    (late,) = manager.get("/office/v1/journal/doubtful").json["items"]
    assert late["flags"] == ["late"]
    (bad,) = manager.get("/office/v1/journal/quarantine").json["items"]
    assert (bad["reason"], bad["reason_zh"]) == ("form", "格式不对或有多余字段")
    assert Quarantined._get_collection().estimated_document_count() == 1


@pytest.mark.parametrize("part", ["entries?state=x", "conflicts?state=x", "doubtful?flag=x", "quarantine?cursor=x"])
def test_odd_queries_of_staff_are_bad_requests(manager, part):
    assert manager.get(f"/office/v1/journal/{part}").status_code == 400


@pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": "  "}, {"note": "x" * 301}, {"note": 7}])
def test_a_note_says_what_was_done(manager, body):
    assert manager.post(f"{CONFLICTS}/x/settle", body).status_code == 400
