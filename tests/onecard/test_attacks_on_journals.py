"""Attacks on what scanners hand in: odd content, nonces and kinds that do not fit, entries out of order."""

import json
import secrets
from base64 import b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, runtime
from backend.codes import card_token
from backend.codes.card_token import Token
from backend.store import transactions
from models.devices.journal import JournalEntry
from models.onecard import code_use, credential, verify
from models.onecard.code_use import CodeUse
from tests.office import conftest as staff
from tests.onecard import codes_kit
from tests.onecard.codes_kit import Wallet, give_card, person_of
from tests.support import queues, slots
from tests.support.gate import Gate
from tests.support.scanner import Scanner, line

admin, manager = staff.admin, staff.manager


@pytest.fixture
def wallet(phone):
    phone.sure("verified")
    phone.card = give_card(person_of(phone))
    made = Wallet(phone)
    assert made.draw_seeds().status_code == 201
    return made


def states(scanner) -> list[tuple[str, str]]:
    found = JournalEntry._get_collection().find({"_id": {"$gt": f"{scanner.id}:", "$lt": f"{scanner.id};"}})
    return sorted((one["state"], one.get("reason") or "") for one in found)


@pytest.mark.parametrize("levels", [100, 250, 300, 900])
def test_an_entry_nested_ever_so_deep_is_malformed_and_holds_up_no_other(client, seeded, levels):
    scanner, good = Scanner(client), line()
    deep = json.loads("[" * levels + "]" * levels)
    for _ in range(2):
        answer = scanner.hand_in(deep, {"nonce": "n" * 16, "zone": deep}, good)
        assert answer.status_code == 200, answer.json
        assert [one["result"] for one in answer.json["items"]][:2] == ["malformed", "malformed"]


@pytest.mark.parametrize("odd", [10**30, -(10**30), 1e308, True, "\u0000", "\U0001f600" * 3000, [[]] * 5000])
def test_an_odd_value_is_malformed_and_kept(client, seeded, odd):
    assert Scanner(client).results(odd, line(zone=odd), {"x": odd}) == ["malformed"] * 3


def test_a_nonce_that_came_online_with_another_code_leaves_no_entry_waiting_for_ever(client, wallet):
    """The scanner got no answer to its request and used the nonce again for the next person."""
    scanner, nonce = codes_kit.Scanner(client, "identity"), secrets.token_hex(12)
    assert scanner.result(wallet.code("identity"), nonce=nonce) == "accepted"
    told = clock.civil(clock.now()).isoformat(timespec="seconds")
    entry = {"nonce": nonce, "code_kind": "identity", "code": wallet.code("identity", later=30), "decision": "admitted"}
    body = json.dumps({"entries": [{**entry, "at": told}], "device_time": told}).encode()
    path = "/gate/v1/journal"
    assert scanner.send(body, scanner.signed(body, path=path), path=path).status_code == 200
    queues.drain("gates")
    assert states(scanner) == [("conflict", "idempotency_key_reused")]


@pytest.mark.parametrize("told_as", ["identity", "medical", "venue", "transit"])
def test_a_payment_code_without_network_is_acknowledged_under_no_name(client, wallet, told_as):
    till = Scanner(client, scanner_class="payment")
    till.hand_in(line(code_kind=told_as, code=wallet.code("payment")))
    queues.drain("gates")
    ((state, _),) = states(till)
    assert state == "refused"
    assert CodeUse._get_collection().estimated_document_count() == 0


@pytest.mark.parametrize("told_as", ["identity", "medical"])
def test_a_venue_code_told_as_another_kind_does_not_pass_beside_the_ticket(client, wallet, told_as):
    gate = Scanner(client)
    gate.hand_in(line(code_kind=told_as, code=wallet.code("venue")))
    queues.drain("gates")
    assert states(gate) == [("refused", "wrong_kind")]


def test_a_hospital_hands_in_both_kinds_that_it_reads(client, wallet):
    desk = Scanner(client, scanner_class="medical")
    desk.hand_in(line(code_kind="medical", code=wallet.code("medical")))
    desk.hand_in(line(code_kind="identity", code=wallet.code("identity", "medical")))
    queues.drain("gates")
    assert states(desk) == [("applied", ""), ("applied", "")]


def printed_text(wallet) -> str:
    made = credential.printed(wallet.phone.card, person=person_of(wallet.phone), by="staff:test") | {"generation": 1}
    transactions.run(lambda session: credential.insert(made, session))
    stamp = int(clock.timestamp())
    token = Token(made["handle"], 1, ("venue",), stamp, stamp + 9_999_999)
    return card_token.sign(token, 1, runtime.current().code_keys.printed[1])


def test_a_later_use_that_came_in_first_hides_no_copy_of_a_printed_card(wallet):
    """Two gates took original and copy a minute apart; a third use, an hour later, was online and known first."""
    text, noon = printed_text(wallet), clock.at(clock.today() + timedelta(days=1), 12 * 60)
    told = [
        verify.verify(
            "venue", text, at=noon + timedelta(minutes=off), device_id="gate-a", nonce=f"{off:016}", online=False
        ).result
        for off in (60, 0, 1, 30, 34)
    ]
    assert told == ["accepted", "accepted", "limit_reached", "accepted", "limit_reached"]


def test_a_printed_card_is_used_so_often_a_day_and_no_more_in_whatever_order(wallet):
    text, noon = printed_text(wallet), clock.at(clock.today() + timedelta(days=1), 12 * 60)
    offsets = [minute * 10 for minute in (0, 5, 3, *range(6, 30), *range(-20, 0))]
    told = [
        verify.verify(
            "venue", text, at=noon + timedelta(minutes=off), device_id="gate-a", nonce=f"{off + 999:016}", online=False
        ).accepted
        for off in offsets
    ]
    assert sum(told) == code_use.MOST_PRINTED


def test_one_nonce_is_not_a_ticket_and_then_a_card(phone, travel, client):
    """The same nonce with another code is told, whichever of the two came first."""
    phone.sure("verified")
    give_card(person_of(phone))
    wallet = Wallet(phone)
    assert wallet.draw_seeds().status_code == 201
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    gate, nonce = Gate(client, slots.PLACE), secrets.token_hex(12)
    assert gate.scan(order["tickets"][0]["code"], nonce=nonce).json["result"] == "admitted"
    answer = gate.scan(wallet.code("venue"), nonce=nonce)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")


def test_what_comes_in_after_the_memory_of_uses_is_gone_is_for_a_person_to_look_at(wallet, client, shift_clock):
    """Whether another scanner took the same code can no longer be told."""
    counter = Scanner(client, scanner_class="identity")
    told = line(code_kind="identity", code=wallet.code("identity"))
    shift_clock(code_use.KEPT.total_seconds() + 60)
    assert counter.results(told) == ["received"]
    queues.drain("gates")
    assert states(counter) == [("conflict", "too_late")]


@pytest.mark.parametrize(("hours", "status"), [(336, 201), (337, 400)])
def test_no_journal_may_be_later_than_uses_are_remembered(admin, hours, status):
    body = {"max_offline_hours": 1, "max_accepted": 1, "max_accepted_per_handle": 1, "accept_late_hours": hours}
    day = (clock.today() + timedelta(days=1)).isoformat()
    told = {**body, "scanner_class": "venue", "valid_from": day, "source": "县人社局通知"}
    assert admin.post("/office/v1/offline-limits", told).status_code == status


def registered(admin, **told):
    key = b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    answer = admin.post("/office/v1/devices", {"name": "终端", "public_key": key, **told})
    assert answer.status_code == 201, answer.json


def test_a_stranger_who_names_a_scenic_place_hides_none_of_its_gates(admin, manager):
    registered(admin, id="gate-east", place_id="pingshan")
    registered(admin, id="till-other", place_id="pingshan", scanner_class="payment", unit="transport")
    own = manager.get("/office/v1/devices?place_id=pingshan")
    assert (own.status_code, [one["id"] for one in own.json["items"]]) == (200, ["gate-east"])
    everything = admin.get("/office/v1/devices?place_id=pingshan").json["items"]
    assert [one["id"] for one in everything] == ["gate-east", "till-other"]


def test_pages_of_scanners_lose_none(admin):
    for number in range(5):
        registered(admin, id=f"bus-{number}", place_id="line-1", scanner_class="transit", unit="transport")
    seen, cursor = [], ""
    while True:
        page = admin.get(f"/office/v1/devices?place_id=line-1&limit=2{cursor}").json
        seen += [one["id"] for one in page["items"]]
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"bus-{number}" for number in range(5)]
