"""Journals of several gates: in whatever order and parts they come in, the same tickets and the same conflicts."""

import random
import secrets
from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock
from models.booking.gate_scan import GateScan
from models.devices.conflict import JournalConflict
from models.devices.journal import JournalEntry
from models.devices.quarantine import Quarantined
from tests.office import conftest as staff
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.scanner import now
from tests.tourism.gates_kit import WHOLE, ZoneGate, agree, outcome, passed, settle, signed, stored, zone

admin, manager = staff.admin, staff.manager
CONFLICTS = "/office/v1/journal/conflicts"
COLLECTIONS = ("journal_entries", "journal_conflicts", "journal_quarantine", "gate_scans")


@pytest.fixture
def visit(phone, travel):
    """Agree on zones, issue tickets, go to the hour of the visit; return the order."""

    def go(*zones, visitors=(), at="19:00"):
        if zones:
            agree(*zones)
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


@pytest.fixture
def gates(client, seeded):
    return [ZoneGate(client, direction="both", name=name) for name in ("东门", "西门", "南门")]


def undo() -> None:
    """Take everything back that gates did, so that the same journals can come in once more."""
    db = get_db()
    for name in COLLECTIONS:
        db[name].delete_many({})
    gone = dict.fromkeys(("scans", "zones", "first_scan", "turn"), "")
    db.tickets.update_many({"place": slots.PLACE}, {"$set": {"state": "valid"}, "$unset": gone})


def hand_in(parts, dice) -> None:
    """Hand journals in by parts, settling now and then."""
    for gate, entries in parts:
        assert {one["result"] for one in gate.hand_in(*entries).json["items"]} <= {"received", "duplicate"}
        if dice.random() < 0.5:
            settle()
    settle()


def cut(journals, dice):
    """Cut journals into parts, in any order; some parts come twice."""
    parts = []
    for gate, entries in journals:
        shuffled = dice.sample(entries, len(entries))
        while shuffled:
            size = dice.randrange(1, len(shuffled) + 1)
            parts.append((gate, shuffled[:size]))
            shuffled = shuffled[size:]
    parts += dice.sample(parts, len(parts) // 3)
    dice.shuffle(parts)
    return parts


AGREED = {
    "once": [],
    "twice, after leaving": [{**WHOLE, "most_entries": 2}, zone("hall_a")],
    "any number": [{**WHOLE, "most_entries": 0, "again": "free"}, zone("hall_a", most_entries=0)],
}


@pytest.mark.parametrize("agreed", sorted(AGREED))
@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_any_parts_of_the_same_journals_end_alike(visit, gates, phone, agreed, seed):
    order = visit(*AGREED[agreed], visitors=((phone.me, "adult"), (phone.companion(), "adult")))
    dice = random.Random(f"{agreed}{seed}")
    codes = [one["code"] for one in order["tickets"]]
    journals = [
        (
            gate,
            [
                passed(
                    dice.choice(codes),
                    minutes=-dice.choice([5, 10, 10, 20, 30, 55]) - dice.random() * 0.01 * dice.randrange(2),
                    direction=dice.choice(["in", "in", "out"]),
                    zone=dice.choice(["", "", "hall_a"]),
                )
                for _ in range(8)
            ],
        )
        for gate in gates
    ]
    found = []
    for turn in range(4):
        hand_in(cut(journals, random.Random(turn)), random.Random(turn))
        found.append(outcome())
        undo()
    assert found == found[:1] * 4
    assert found[0]["conflicts"]


def test_journals_of_three_gates_that_are_settled_at_once_end_as_one_after_the_other(visit, gates):
    order = visit({**WHOLE, "most_entries": 2})
    code = order["tickets"][0]["code"]
    journals = [
        (gate, [passed(code, minutes=-number - 3 * place) for number in range(6, 9)])
        for place, gate in enumerate(gates)
    ]
    hand_in(journals, random.Random(1))
    first = outcome()
    undo()
    for gate, entries in journals:
        gate.hand_in(*entries)
    at_once([lambda: queues.drain("gates") for _ in range(4)])
    settle()
    assert outcome() == first
    assert len(first["conflicts"]) == 8


# What an earlier entry makes of later ones


def test_an_earlier_entry_makes_a_conflict_of_the_one_that_was_fine(visit, gates):
    order = visit()
    late, early = (passed(order["tickets"][0]["code"], minutes=minutes) for minutes in (-10, -40))
    gates[0].hand_in(late)
    settle()
    assert outcome()["conflicts"] == {}
    gates[1].hand_in(early)
    settle()
    (conflict,) = JournalConflict._get_collection().find({"state": "open"})
    assert conflict["_id"] == f"{gates[0].id}:{late['nonce']}"
    assert JournalEntry._get_collection().find_one({"_id": conflict["_id"]})["state"] == "conflict"
    assert (conflict["device"], conflict["details"]["other"]["gate"]) == (gates[0].id, "西门")


def test_a_conflict_ends_by_itself_when_the_exit_between_comes_in(visit, gates):
    order = visit({**WHOLE, "most_entries": 2})
    code = order["tickets"][0]["code"]
    gates[0].hand_in(passed(code, minutes=-30), passed(code, minutes=-10))
    settle()
    (conflict,) = JournalConflict._get_collection().find({"state": "open"})
    assert conflict["reason"] == "inside_twice"
    gates[1].hand_in(passed(code, minutes=-20, direction="out"))
    settle()
    (closed,) = JournalConflict._get_collection().find({"state": "settled"})
    assert (closed["_id"], closed["settled_by"]) == (conflict["_id"], "system:gates")
    assert set(outcome()["entries"].values()) == {("applied", "")}
    gates[2].hand_in(passed(code, minutes=-19))
    settle()
    assert {one["reason"] for one in outcome()["conflicts"].values()} == {"entries_used_up"}


def test_what_staff_have_settled_stays_settled(visit, gates, manager):
    order = visit()
    code = order["tickets"][0]["code"]
    gates[0].hand_in(passed(code, minutes=-30))
    gates[1].hand_in(passed(code, minutes=-10))
    settle()
    manager.log_in()
    (one,) = manager.get(CONFLICTS).json["items"]
    assert "东门(离线)已放行" in one["happened_zh"]
    told = manager.post(f"{CONFLICTS}/{one['id']}/settle", {"note": "补了票", "decision": "collected"}).json
    assert (told["decision"], told["decision_zh"]) == ("collected", "已补收票款")
    gates[2].hand_in(passed(code, minutes=-40))
    settle()
    (kept,) = manager.get(f"{CONFLICTS}?state=settled").json["items"]
    assert (kept["id"], kept["note"], kept["details"]["other"]["gate"]) == (one["id"], "补了票", "南门")
    (fresh,) = manager.get(CONFLICTS).json["items"]
    assert fresh["details"]["scan"]["gate"] == "东门"
    assert manager.post(f"{CONFLICTS}/{fresh['id']}/settle", {"note": "x", "decision": "maybe"}).status_code == 400


# Clocks


def test_a_gate_whose_clock_is_minutes_off_is_put_right_before_who_was_first_is_decided(visit, gates):
    order = visit()
    code = order["tickets"][0]["code"]
    fast = 7 * 60
    early = passed(code, at=now(minutes=-20, seconds=fast))
    late = passed(code, minutes=-15)
    gates[0].hand_in(late)
    gates[1].hand_in(early, device_time=now(seconds=fast))
    settle()
    assert stored(order)["first_scan"]["gate"] == "西门"
    assert abs(stored(order)["first_scan"]["at"] - (clock.now() - timedelta(minutes=20))) < timedelta(seconds=5)


# Stolen, played again, forged


@pytest.fixture
def signing(client, seeded):
    return [ZoneGate(client, direction="both", name=name, signs_entries=True) for name in ("东门", "西门")]


def test_a_stolen_journal_is_worth_nothing_to_another_gate(visit, signing, phone):
    order = visit(visitors=((phone.me, "adult"), (phone.companion(), "adult")))
    own, thief = signing
    entries = [signed(own, passed(one["code"])) for one in order["tickets"]]
    stripped = [{name: value for name, value in one.items() if name not in {"proof", "device"}} for one in entries]
    renamed = [{**one, "device": thief.id} for one in entries]
    for sent, reason in ((entries, "other_device"), (stripped, "unsigned"), (renamed, "forged")):
        told = thief.hand_in(*sent).json["items"]
        assert [(one["result"], one["reason"]) for one in told] == [("refused", reason)] * 2
    settle()
    assert [stored(order, number)["state"] for number in (0, 1)] == ["valid"] * 2
    assert Quarantined._get_collection().estimated_document_count() == 6
    assert own.results(*entries) == ["received"] * 2
    assert own.results(*entries) == ["duplicate"] * 2
    settle()
    assert set(outcome()["entries"].values()) == {("applied", "")}
    assert outcome()["conflicts"] == {}


CHANGES = [
    {"at": "2026-01-01T00:00:00+08:00"},
    {"code": "OTHER"},
    {"direction": "out"},
    {"zone": "hall_b"},
    {"nonce": "n" * 20},
    {"reason": "why"},
    {"offline_since": "2026-01-01T00:00:00+08:00"},
    {"code_kind": "venue"},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(one)) for one in CHANGES])
def test_nothing_of_a_signed_entry_can_be_changed(signing, change):
    entry = signed(signing[0], passed("5R80:8 9WE", zone="hall_a"))
    assert signing[0].results({**entry, **change}) == ["refused"]
    assert signing[0].results(entry) == ["received"]


def test_a_forged_entry_holds_up_no_other_and_lies_before_the_staff(visit, signing, manager):
    order = visit()
    good, forged = signed(signing[0], passed(order["tickets"][0]["code"])), signed(signing[0], passed("X"))
    told = signing[0].results({**forged, "code": "Y"}, 7, good, {**good, "proof": "short"})
    assert told == ["refused", "malformed", "received", "malformed"]
    settle()
    assert stored(order)["state"] == "used"
    manager.log_in()
    items = manager.get("/office/v1/journal/quarantine").json["items"]
    assert {one["reason_zh"] for one in items} >= {"流水签名与内容不符", "格式不对或有多余字段"}


def test_a_gate_that_does_not_sign_may_and_a_wrong_signature_counts_even_there(visit, gates):
    order = visit()
    entry = passed(order["tickets"][0]["code"])
    assert gates[0].results({**signed(gates[0], entry), "code": "X"}) == ["refused"]
    assert gates[0].results(signed(gates[0], entry)) == ["received"]


# Beside scans with network


def test_a_scan_refused_online_that_the_gate_did_not_hear_of_and_let_in_is_a_conflict_and_counted(visit, gates):
    order = visit()
    code = order["tickets"][0]["code"]
    assert gates[0].result(code) == "admitted"
    entry = passed(code)
    assert gates[1].result(code, nonce=entry["nonce"]) == "already_used"
    gates[1].hand_in(entry)
    settle()
    record = GateScan._get_collection().find_one({"_id": f"{gates[1].id}:{entry['nonce']}"})
    assert (record["result"], record["uncounted"], record["offline"]) == ("admitted", True, True)
    (conflict,) = outcome()["conflicts"].values()
    assert (conflict["reason"], conflict["device"]) == ("used_twice", gates[1].id)


def test_a_late_exit_of_a_cancelled_ticket_is_a_fact(phone, gates, travel):
    order = phone.issued(slots.make(9))
    phone.cancel(order["id"])
    travel(order["day"], "18:30")
    gates[0].hand_in(passed(order["tickets"][0]["code"], direction="out"))
    settle()
    assert list(outcome()["entries"].values()) == [("applied", "")]
    (record,) = GateScan._get_collection().find({"place": slots.PLACE})
    assert (record["result"], record["uncounted"]) == ("exited", True)


def test_a_ticket_with_too_many_scans_takes_no_more_and_tells_the_staff(visit, gates, monkeypatch):
    order = visit({**WHOLE, "most_entries": 0, "again": "free"})
    monkeypatch.setattr("models.booking.gate_rule.MOST_SCANS", 3)
    entries = [passed(order["tickets"][0]["code"], minutes=-number) for number in range(1, 6)]
    for entry in entries:
        gates[0].hand_in(entry)
        settle()
    assert len(stored(order)["scans"]) == 3
    assert [one["reason"] for one in outcome()["conflicts"].values()] == ["too_many_scans"] * 2


def test_entries_without_a_zone_are_those_of_their_gate(client, visit):
    order = visit(zone("hall_a"))
    gate = ZoneGate(client, "hall_a", "out", name="展厅出口")
    gate.hand_in({**passed(order["tickets"][0]["code"]), "direction": "out", "nonce": secrets.token_hex(12)})
    plain = passed(order["tickets"][0]["code"])
    del plain["direction"]
    gate.hand_in(plain)
    settle()
    assert stored(order)["zones"]["hall_a"]["out"] == 2
