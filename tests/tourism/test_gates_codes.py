"""The rotating code of a ticket: drawn by the phone, read by a gate without network, worthless as a picture."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import base45
import pytest
import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from backend import clock
from backend.codes import compact, dynamic, gate_check, rotating
from backend.codes.code_keys import CodeKeys
from backend.codes.compact import BadCode, BadSignature, UnknownKey, WrongFormat
from tests.onecard.codes_kit import give_card, person_of
from tests.support import slots
from tests.tourism import gates_kit
from tests.tourism.gates_kit import DrawnTicket, ZoneGate, agree, drawn

MASTER = bytes(range(32))
KEY = rotating.verification_key(MASTER)
SIGNED = compact.sign(0x54, 1, bytes(range(29)), Ed25519PrivateKey.from_private_bytes(bytes(32)))
SEED = rotating.seed(KEY, SIGNED)
NOW = 1795320015.0


@pytest.fixture
def visit(phone, travel):
    """Issue tickets and go to the hour of the visit; return the order."""

    def go(*visitors, at="18:30"):
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


# Bytes


def test_a_code_drawn_from_the_page_is_the_one_that_is_drawn_here():
    assert drawn(SIGNED, 1, SEED, NOW) == rotating.draw(SIGNED, 1, SEED, NOW)
    assert rotating.read(drawn(SIGNED, 1, SEED, NOW), {1: KEY}) == rotating.Drawn(SIGNED, 59844000)


def test_it_is_116_bytes_174_characters_and_a_qr_code_of_version_7():
    text = rotating.draw(SIGNED, 1, SEED, NOW)
    assert (len(base45.b45decode(text)), len(text)) == (rotating.LENGTH, 174) == (116, 174)
    for content, version in ((SIGNED, 6), (text, rotating.QR_VERSION)):
        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M)
        code.add_data(content)
        assert code.best_fit() == version


def test_it_is_no_ticket_and_no_card_code_and_they_are_none_of_it():
    text = rotating.draw(SIGNED, 1, SEED, NOW)
    assert rotating.is_drawn(text)
    assert not gate_check.is_card(text)
    card = dynamic.draw(
        CodeKeys({1: MASTER}).seeds(1, bytes(8), datetime(2026, 11, 29, tzinfo=UTC).date(), ("venue",))[0], NOW
    )
    for other in (SIGNED, card, "X", "", "中文"):
        assert not rotating.is_drawn(other)
        with pytest.raises(BadCode):
            rotating.read(other, {1: KEY})


def test_keys_of_cards_and_of_tickets_are_apart():
    card_keys = {
        dynamic.verification_key(MASTER, kind, scanner)
        for kind, scanner in (("venue", "venue"), ("transit", "transit"))
    }
    assert KEY not in card_keys


@given(st.integers(0, rotating.LENGTH - 1), st.integers(1, 255))
def test_no_byte_of_it_can_be_changed(where, change):
    code = bytearray(base45.b45decode(rotating.draw(SIGNED, 1, SEED, NOW)))
    code[where] ^= change
    with pytest.raises((BadSignature, UnknownKey, WrongFormat)):
        rotating.read(compact.base45_encode(bytes(code)), {1: KEY})


@given(st.text(max_size=200) | st.binary(max_size=150).map(compact.base45_encode))
def test_whatever_else_is_shown_is_refused_and_nothing_breaks(text):
    with pytest.raises(BadCode):
        rotating.read(text, {1: KEY})


def test_a_seed_draws_the_codes_of_its_own_ticket_only():
    other = compact.sign(0x54, 1, bytes(29), Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(BadSignature):
        rotating.read(rotating.draw(other, 1, SEED, NOW), {1: KEY})


def test_a_gate_that_holds_the_keys_of_two_masters_reads_the_codes_of_both():
    both = CodeKeys({1: MASTER, 2: bytes(32)}).tickets
    text = rotating.draw(SIGNED, 1, SEED, NOW)
    assert rotating.read(text, both).step == 59844000
    with pytest.raises(UnknownKey):
        rotating.read(text, {2: both[2]})
    with pytest.raises(BadSignature):
        rotating.read(text, {1: both[2]})


@pytest.mark.parametrize(
    ("later", "expected"), [(-46, "ahead"), (-45, "fresh"), (0, "fresh"), (44, "fresh"), (45, "stale")]
)
def test_a_code_is_fresh_in_its_step_and_the_ones_beside_it(later, expected):
    step = rotating.read(rotating.draw(SIGNED, 1, SEED, NOW), {1: KEY}).step
    assert rotating.age(step, NOW + later) == expected


def test_the_vector_of_the_page():
    told = (Path(__file__).parents[2] / "docs" / "codes.md").read_text()
    for value in (KEY.hex(), SEED.hex(), SIGNED, rotating.draw(SIGNED, 1, SEED, NOW)):
        assert f"`{value}`" in told


# At the gate


def test_the_phone_gets_a_signed_seed_and_its_codes_open_the_gate(client, visit, phone):
    order, gate = visit(), ZoneGate(client)
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    assert mine.package["account_id"]
    assert mine.package["code"] == order["tickets"][0]["code"]
    shown = gate.shown(mine.draw())
    assert (shown["result"], shown["shown_by"], shown["ticket"]) == ("admitted", "rotating", order["tickets"][0]["id"])
    assert gate.result(mine.draw(30)) == "already_used"


def test_the_seed_is_the_same_at_every_call_and_nobody_elses(client, sandbox, visit, phone):
    order = visit()
    mine = order["tickets"][0]["id"]
    assert DrawnTicket(phone, mine).package["seed"] == DrawnTicket(phone, mine).package["seed"]
    stranger = type(phone)(client, sandbox).ready()
    assert stranger.get(f"/mini/v1/tickets/{mine}/seed").status_code == 404
    assert phone.get("/mini/v1/tickets/0123456789abcdef01234567-0/seed").status_code == 404
    assert client.get(f"/mini/v1/tickets/{mine}/seed").status_code == 401


def test_a_void_ticket_has_no_seed(phone):
    order = phone.issued(slots.make(9))
    phone.cancel(order["id"])
    assert phone.get(f"/mini/v1/tickets/{order['tickets'][0]['id']}/seed").status_code == 404


def test_a_screenshot_is_told_to_open_the_mini_program_and_the_ticket_is_still_good(client, visit, phone):
    order, gate = visit(), ZoneGate(client)
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    old = gate.shown(mine.draw(-90))
    assert old["result"] == "code_stale"
    assert "小程序" in old["message"]
    ahead = gate.shown(mine.draw(90))
    assert (ahead["result"], "时钟" in ahead["message"]) == ("code_ahead", True)
    assert gate.result(mine.draw()) == "admitted"


def test_on_the_way_out_an_old_picture_does(client, visit, phone):
    order = visit()
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    assert ZoneGate(client).result(mine.draw()) == "admitted"
    assert ZoneGate(client, direction="out").result(mine.draw(-600)) == "exited"


def test_a_picture_that_was_passed_on_within_the_minute_lets_nobody_else_in(client, phone, travel):
    agree(gates_kit.zone("hall_a", most_entries=0, again="free"))
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    phone.log_in()
    gates = [ZoneGate(client, "hall_a"), ZoneGate(client, "hall_a", name="西门")]
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    code = mine.draw()
    assert [gate.result(code) for gate in gates] == ["admitted", "code_used"]
    assert gates[1].result(mine.draw(30)) == "admitted"


STATIC = [
    ("accept", "admitted", "", "请进。"),
    ("inspect", "admitted", "booked_document", "证件"),
    ("refuse", "static_code_refused", "", "小程序"),
]


@pytest.mark.parametrize(("policy", "result", "inspect", "says"), STATIC, ids=[row[0] for row in STATIC])
def test_the_place_decides_what_a_code_on_paper_is_worth(client, phone, travel, policy, result, inspect, says):
    agree(static_code=policy)
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    phone.log_in()
    shown = ZoneGate(client).shown(order["tickets"][0]["code"])
    assert (shown["result"], shown.get("inspect", "")) == (result, inspect)
    assert says in shown["message"]
    if policy != "accept":
        fresh = ZoneGate(client).shown(DrawnTicket(phone, order["tickets"][0]["id"]).draw())
        assert "inspect" not in fresh
        assert (fresh["result"] == "admitted") == (policy == "refuse")


def test_a_change_of_the_policy_leaves_who_has_booked_alone(client, phone, travel):
    order = phone.issued(slots.make(9))
    agree(static_code="refuse")
    travel(order["day"], "18:30")
    assert ZoneGate(client).result(order["tickets"][0]["code"]) == "admitted"


def test_a_drawn_code_handed_in_late_is_checked_for_its_own_moment(client, visit, phone):
    order, gate = visit(), ZoneGate(client)
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    code, stale = mine.draw(-1200), mine.draw(-3600)
    assert gate.results(gates_kit.passed(stale, minutes=-20), gates_kit.passed(code, minutes=-20)) == ["received"] * 2
    gates_kit.settle()
    assert sorted(state for state in gates_kit.outcome()["entries"].values()) == [
        ("applied", ""),
        ("refused", "code_stale"),
    ]
    found = gates_kit.stored(order)
    assert (found["state"], found["first_scan"]["step"]) == ("used", int((clock.timestamp() - 1200) // 30))


def test_a_card_and_a_ticket_of_one_person_are_one_visit(client, visit, phone):
    phone.sure("verified")
    give_card(person_of(phone))
    order = visit()
    assert ZoneGate(client).result(DrawnTicket(phone, order["tickets"][0]["id"]).draw()) == "admitted"
    assert ZoneGate(client).result(order["tickets"][0]["code"]) == "already_used"
    assert timedelta(0) <= clock.now() - gates_kit.stored(order)["first_scan"]["at"] < timedelta(seconds=30)
