"""Codes that a gate took alone and hands in later; keys that change; and the words for how far a clock is off."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from backend import clock, runtime
from backend.codes import card_token
from backend.codes.card_token import Token
from backend.codes.code_keys import CodeKeys
from backend.errors import KeyReused
from backend.store import transactions
from models.devices.journal import JournalEntry
from models.onecard import code_use, credential, verdict, verify
from models.onecard.credential import Credential
from tests.onecard.codes_kit import LoneGate, Scanner, Wallet, give_card, person_of
from tests.support import queues

NEW_KEY = bytes(range(60, 92))


@pytest.fixture
def wallet(phone):
    phone.sure("verified")
    phone.card = give_card(person_of(phone))
    made = Wallet(phone)
    assert made.draw_seeds().status_code == 201
    return made


@pytest.fixture
def rotate(parts):
    """Give the process other master keys for the time of a test."""
    yield lambda masters: runtime.install(replace(parts, code_keys=CodeKeys(masters)))
    runtime.install(parts)


def settle(text: str, at, *, device: str = "gate-a", nonce: str = "n" * 16):
    return verify.verify("venue", text, at=at, device_id=device, nonce=nonce, online=False)


def lose(wallet):
    transactions.run(lambda session: credential.revoke_all(wallet.phone.card, "lost", session))
    cards = Credential._get_collection().database["cards"]
    cards.update_one({"_id": wallet.phone.card}, {"$set": {"state": "lost"}})


def test_a_gate_alone_decides_as_the_server_does_and_hands_in_what_it_took(wallet):
    at, text = clock.now(), wallet.code()
    assert LoneGate(runtime.current().code_keys.gate("venue")).decide(text, at) == "accepted"
    told = settle(text, at)
    assert (told.result, told.card_id) == ("accepted", wallet.phone.card)


def test_a_use_before_the_loss_holds_though_it_is_handed_in_after_it(wallet, shift_clock):
    at, text = clock.now(), wallet.code()
    shift_clock(3600)
    lose(wallet)
    assert settle(text, at).result == "accepted"


def test_a_use_after_the_loss_does_not_hold_though_the_gate_had_not_heard_of_it(wallet, shift_clock):
    lose(wallet)
    shift_clock(60)
    text = wallet.code()
    assert settle(text, clock.now()).result == "revoked"


def test_two_gates_that_took_one_code_alone_do_not_both_keep_it(wallet):
    at, text = clock.now(), wallet.code()
    first, second = settle(text, at), settle(text, at + timedelta(seconds=5), device="gate-b")
    assert (first.result, second.result) == ("accepted", "replayed")
    assert settle(text, at).result == "accepted", "handed in twice, it is the same use"


def test_a_code_that_was_not_of_that_moment_is_told_so_even_later(wallet):
    told = settle(wallet.code(), clock.now() - timedelta(hours=3))
    assert (told.result, "快了约 3 小时" in told.message) == ("clock_off", True)


def test_a_journal_cannot_put_another_code_under_a_nonce(wallet):
    at = clock.now()
    assert settle(wallet.code(), at).accepted
    with pytest.raises(KeyReused):
        settle(wallet.code(later=30), at)


def test_printed_uses_that_come_in_any_order_are_kept_apart_by_their_own_moments(wallet):
    made = credential.printed(wallet.phone.card, person=person_of(wallet.phone), by="staff:test") | {"generation": 1}
    transactions.run(lambda session: credential.insert(made, session))
    at = clock.now()
    stamp = int(at.timestamp())
    keys = runtime.current().code_keys
    text = card_token.sign(Token(made["handle"], 1, ("venue",), stamp, stamp + 9_999_999), 1, keys.printed[1])
    noon = clock.at(clock.today() + timedelta(days=1), 12 * 60)
    gap = code_use.PRINTED_GAP.total_seconds()
    offsets = (0, -gap, gap - 1, -gap + 1)
    told = [settle(text, noon + timedelta(seconds=off), nonce=f"{number:016}") for number, off in enumerate(offsets)]
    assert [one.result for one in told] == ["accepted", "accepted", "limit_reached", "limit_reached"]


def test_after_a_new_master_key_old_codes_hold_and_new_seeds_are_under_it(wallet, rotate):
    old = runtime.current().code_keys.masters
    rotate({**old, 2: NEW_KEY})
    assert settle(wallet.code(), clock.now()).result == "accepted"
    wallet.draw_seeds()
    assert wallet.package["key_id"] == 2
    assert settle(wallet.code(), clock.now(), nonce="m" * 16).result == "accepted"


def test_when_a_master_key_is_taken_out_its_codes_are_not_ours_and_the_phone_draws_anew(wallet, rotate):
    wallet.draw_seeds(key="one")
    rotate({2: NEW_KEY})
    assert settle(wallet.code(), clock.now()).result == "not_ours"
    answer = wallet.draw_seeds(key="one")
    assert (answer.status_code, answer.json["code"]) == (409, "seeds_replaced")
    assert wallet.draw_seeds(key="two").status_code == 201


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60, "1 分钟"),
        (-60, "1 分钟"),
        (420, "7 分钟"),
        (-3570, "60 分钟"),
        (3600, "1 小时"),
        (-9000, "2 小时"),
        (172_800, "2 天"),
        (-86_400 * 300, "300 天"),
    ],
)
def test_how_far_a_clock_is_off_is_told_as_exactly_as_a_person_needs(seconds, words):
    assert verdict.how_much(seconds) == words


def test_every_result_has_a_sentence_of_its_own_that_says_what_to_do():
    told = [text for name, text in verdict.SENTENCES.items() if name != "accepted"]
    assert len(set(told)) == len(told)
    assert [text for text in told if "请" not in text] == []


def hand_in(scanner, *entries):
    told = clock.civil(clock.now()).isoformat(timespec="seconds")
    body = json.dumps({"entries": [{**one, "at": told} for one in entries], "device_time": told}).encode()
    answer = scanner.send(body, scanner.signed(body, path="/gate/v1/journal"), path="/gate/v1/journal")
    queues.drain()
    return [one["result"] for one in answer.json["items"]]


def entry(kind: str, code: str) -> dict:
    return {"nonce": secrets.token_hex(12), "code_kind": kind, "code": code, "decision": "admitted"}


def states() -> list[tuple[str, str]]:
    found = JournalEntry._get_collection().find({"_id": {"$gt": ""}}).sort("_id", 1)
    return sorted((one["state"], one.get("reason") or "") for one in found)


def test_an_identity_code_read_without_network_is_noted_and_a_made_up_one_refused(client, wallet):
    counter = Scanner(client, "identity")
    assert (
        hand_in(counter, entry("identity", wallet.code("identity")), entry("identity", "CT1:NOPE")) == ["received"] * 2
    )
    assert states() == [("applied", ""), ("refused", "not_ours")]


def test_one_code_at_two_counters_without_network_is_a_conflict(client, wallet):
    code = wallet.code("identity")
    for counter in (Scanner(client, "identity"), Scanner(client, "identity")):
        hand_in(counter, entry("identity", code))
    assert states() == [("applied", ""), ("conflict", "replayed")]


def test_a_payment_without_network_is_never_acknowledged(client, wallet):
    hand_in(Scanner(client, "payment"), entry("payment", wallet.code("payment")))
    assert states() == [("refused", "online_only")]
