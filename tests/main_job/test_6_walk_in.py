"""Paragraph 6, Walk in: a gate signs its requests and is told whom to let in, once, and which document to look at."""

import secrets
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, signed_requests
from models.booking.gate import GateScan
from models.identity import device
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.gate import SCANS, Gate

BODY = b'{"code":"X"}'


@pytest.fixture
def gate(client, seeded):
    """A gate of the place whose slots the tests make."""
    return Gate(client, slots.PLACE)


@pytest.fixture
def on_the_day(phone, travel):
    """Issue tickets and go to the hour of the visit; return the order."""

    def go(*visitors, at="18:30"):
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


def code(order, number=0):
    return order["tickets"][number]["code"]


def result(answer):
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


# Signed requests


def test_the_header_of_the_gate_is_that_of_the_product(gate):
    named = {"method": "POST", "path": SCANS, "body": BODY}
    public = gate.private.public_key().public_bytes_raw()
    for header in (gate.signed(BODY), signed_requests.header(gate.id, gate.private, **named, nonce="n" * 16)):
        assert signed_requests.read(header).key == gate.id
        assert signed_requests.verify(signed_requests.read(header), public, **named) is None
        assert result(gate.send(BODY, header)) == "not_ours"


def test_a_signed_scan_is_answered_and_an_unsigned_one_is_not(gate):
    assert result(gate.scan("X")) == "not_ours"
    answer = gate.client.post(SCANS, data=BODY, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (401, "not_logged_in")


OTHER = Ed25519PrivateKey.generate()
FORGED = [
    ("a wrong key", {"private": OTHER}),
    ("an unknown device", {"key": "gate-unknown"}),
    ("another method", {"method": "PUT"}),
    ("another path", {"path": "/gate/v1/other"}),
]


@pytest.mark.parametrize(("_what", "options"), FORGED, ids=[row[0] for row in FORGED])
def test_a_request_signed_with_or_for(gate, _what, options):
    answer = gate.scan("X", **options)
    assert (answer.status_code, answer.json["code"]) == (401, "signature_refused")
    assert GateScan._get_collection().estimated_document_count() == 0


def test_a_signature_holds_for_its_body_and_its_query_only(gate):
    signed = gate.signed(BODY)
    assert gate.send(b'{"code":"Y"}', signed).json["code"] == "signature_refused"
    assert gate.send(BODY, signed, path=f"{SCANS}?force=1").json["code"] == "signature_refused"
    assert result(gate.send(BODY, signed)) == "not_ours"


@pytest.mark.parametrize(
    "change",
    [
        lambda h: "",
        lambda h: h.replace("CITY-ED25519", "CITY-HMAC"),
        lambda h: h.replace("CITY-ED25519", "Bearer"),
        lambda h: h.replace('nonce="', 'nonce="' + "x" * 60),
        lambda h: h.replace(",nonce", ";nonce"),
        lambda h: h + " ",
        lambda h: h[:-3] + '!="',
        lambda h: h.replace('timestamp="', 'timestamp="-'),
        lambda h: h.replace('key="', 'key="é'),
    ],
)
def test_a_header_of_another_form_is_refused(gate, change):
    answer = gate.send(BODY, change(gate.signed(BODY)))
    assert answer.status_code == 401
    assert answer.json["code"] in {"signature_refused", "not_logged_in"}


@pytest.mark.parametrize("late", [-295, 0, 295])
def test_a_clock_within_five_minutes_is_taken(gate, late):
    assert result(gate.scan("X", late=late)) == "not_ours"


@pytest.mark.parametrize("late", [-600, 600])
def test_a_clock_that_is_off_by_ten_minutes_is_told_by_how_much(gate, late):
    answer = gate.scan("X", late=late)
    assert (answer.status_code, answer.json["code"]) == (401, "device_clock_wrong")
    said = int("".join(c for c in answer.json["message"] if c.isdigit()))
    assert abs(said - 600) <= 2


def test_a_revoked_gate_is_refused(gate):
    device.revoke(gate.id)
    assert gate.scan("X").json["code"] == "signature_refused"


def test_a_device_key_is_registered_once(gate):
    with pytest.raises(device.DeviceKnown):
        device.register("staff:test", gate.id, name="西门", place="park", public_key=bytes(32))
    assert result(gate.scan("X")) == "not_ours"


# What the gate is told


def test_a_valid_ticket_is_admitted_with_what_the_clerk_needs(gate, on_the_day):
    order = on_the_day()
    answer = gate.scan(code(order))
    assert result(answer) == "admitted"
    assert answer.json["message"] == "请进。"
    assert (answer.json["ticket"], answer.json["age_band"]) == (order["tickets"][0]["id"], "adult")
    assert "inspect" not in answer.json


CONCESSIONS = [
    ("20220101", "child_6", "child", "booked_document"),
    ("20120101", "minor", "youth", "booked_document"),
    ("20040101", "student", "adult", "student_card"),
    ("19500101", "senior_65", "senior", "resident_id"),
]


@pytest.mark.parametrize(("birth", "kind", "band", "document"), CONCESSIONS, ids=[row[1] for row in CONCESSIONS])
def test_a_concession_names_age_band_and_document_to_look_at(gate, phone, on_the_day, birth, kind, band, document):
    order = on_the_day((phone.companion(birth), kind))
    answer = gate.scan(code(order))
    assert result(answer) == "admitted"
    assert (answer.json["ticket_class"], answer.json["age_band"], answer.json["inspect"]) == (kind, band, document)


def test_the_gate_is_told_no_name_and_no_number(gate, on_the_day):
    answer = gate.scan(code(on_the_day()))
    assert set(answer.json) <= {
        *("result", "message", "ticket", "ticket_class", "age_band", "inspect"),
        *("first_scan_at", "first_scan_gate", "valid_day", "enter_from", "enter_until"),
        *("direction", "shown_by", "entries", "entries_left"),
    }
    assert "张" not in answer.get_data(as_text=True)


def test_a_used_ticket_says_when_and_at_which_gate_it_was_used_first(gate, client, on_the_day, phone):
    order = on_the_day()
    first = gate.scan(code(order)).json
    answer = Gate(client, slots.PLACE, name="西门").scan(code(order))
    assert result(answer) == "already_used"
    assert (answer.json["first_scan_gate"], answer.json["first_scan_at"]) == ("东门", first["first_scan_at"])
    assert f"{order['day'][5:]} 18:3" in answer.json["message"]
    shown = phone.order(order["id"])["tickets"][0]
    assert (shown["state"], shown["used_gate"]) == ("used", "东门")


def test_the_same_ticket_again_at_the_same_gate_is_used_too(gate, on_the_day):
    order = on_the_day()
    assert [result(gate.scan(code(order))) for _ in range(3)] == ["admitted", "already_used", "already_used"]


def test_the_same_request_again_is_the_same_scan_and_gets_the_same_answer(gate, on_the_day):
    order, nonce = on_the_day(), secrets.token_hex(16)
    first = gate.scan(code(order), nonce=nonce)
    second = gate.scan(code(order), nonce=nonce)
    assert result(first) == "admitted"
    assert second.json == first.json
    assert GateScan._get_collection().count_documents({"ticket": order["tickets"][0]["id"]}) == 1


def test_a_repeated_request_of_a_refused_scan_stays_refused(gate, on_the_day):
    order, nonce = on_the_day(), secrets.token_hex(16)
    gate.scan(code(order))
    answers = [gate.scan(code(order), nonce=nonce) for _ in range(2)]
    assert [result(one) for one in answers] == ["already_used"] * 2
    assert answers[0].json == answers[1].json


def test_a_repeated_request_hears_what_was_said_though_the_hour_has_come(gate, on_the_day, travel):
    order, nonce = on_the_day(at="17:29"), secrets.token_hex(16)
    first = gate.scan(code(order), nonce=nonce)
    travel(order["day"], "17:31")
    again = gate.scan(code(order), nonce=nonce)
    assert [result(first), result(again)] == ["other_time"] * 2
    assert result(gate.scan(code(order))) == "admitted"


def test_a_nonce_that_came_with_another_ticket_is_refused(gate, phone, on_the_day):
    order, nonce = on_the_day((phone.me, "adult"), (phone.companion(), "adult")), secrets.token_hex(16)
    assert result(gate.scan(code(order), nonce=nonce)) == "admitted"
    refused = gate.scan(code(order, 1), nonce=nonce)
    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert result(gate.scan(code(order, 1))) == "admitted"


def test_the_nonce_of_one_gate_says_nothing_at_another(gate, client, on_the_day):
    order, nonce = on_the_day(), secrets.token_hex(16)
    other = Gate(client, slots.PLACE, name="西门")
    assert [result(one.scan(code(order), nonce=nonce)) for one in (gate, other)] == ["admitted", "already_used"]


@pytest.mark.parametrize("days", [-1, 1], ids=["the day before", "the day after"])
def test_a_ticket_is_for_its_day_and_not_for(gate, phone, travel, days):
    order = phone.issued(slots.make(9))
    travel((clock.date_of(order["day"]) + timedelta(days=days)).isoformat(), "18:30")
    answer = gate.scan(code(order))
    assert (result(answer), answer.json["valid_day"]) == ("other_day", order["day"])
    assert order["day"] in answer.json["message"]


TIMES = [("17:29", "other_time"), ("17:30", "admitted"), ("19:59", "admitted"), ("20:01", "other_time")]


@pytest.mark.parametrize(("at", "expected"), TIMES, ids=[row[0] for row in TIMES])
def test_a_ticket_for_18_to_20_lets_in_half_an_hour_early_and_until_its_end(gate, on_the_day, at, expected):
    answer = gate.scan(code(on_the_day(at=at)))
    assert result(answer) == expected
    assert ("17:30-20:00" in answer.json["message"]) == (expected == "other_time")


def test_after_other_time_the_ticket_is_still_good_at_its_hour(gate, on_the_day, travel):
    order = on_the_day(at="16:00")
    assert result(gate.scan(code(order))) == "other_time"
    travel(order["day"], "18:00")
    assert result(gate.scan(code(order))) == "admitted"


def test_a_ticket_of_another_place_is_not_used_up(gate, client, on_the_day):
    order = on_the_day()
    assert result(Gate(client, "park").scan(code(order))) == "other_place"
    assert result(gate.scan(code(order))) == "admitted"


def test_a_cancelled_ticket_is_told_apart_from_a_stranger(gate, phone, on_the_day):
    order = on_the_day()
    phone.cancel(order["id"])
    answer = gate.scan(code(order))
    assert (result(answer), answer.json["message"]) == ("cancelled", "此票已取消。")


STRANGERS = ["X", "12345", "HTTPS://EXAMPLE.COM/T/1", "中文", "A" * 600]


@pytest.mark.parametrize("text", STRANGERS)
def test_what_is_no_ticket_is_not_ours(gate, text):
    answer = gate.scan(text)
    assert result(answer) == "not_ours"
    assert "游客中心" in answer.json["message"]


def test_a_ticket_whose_last_character_was_changed_is_not_ours(gate, on_the_day):
    text = code(on_the_day())
    assert result(gate.scan(text[:-1] + ("1" if text[-1] == "0" else "0"))) == "not_ours"
    assert result(gate.scan(text)) == "admitted"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code":""}', b'{"code":7}', b'{"code":"' + b"A" * 601 + b'"}', b"{"])
def test_a_scan_of_a_wrong_form_is_a_400(gate, body):
    answer = gate.send(body, gate.signed(body))
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")


# Many gates


def test_twenty_gates_at_the_same_ticket_at_once_admit_exactly_one(gate, client, on_the_day):
    text, app = code(on_the_day()), client.application
    gates = [Gate(app.test_client(), slots.PLACE, name=f"{number}号门") for number in range(20)]
    answers = at_once([lambda one=one: one.scan(text) for one in gates])
    assert sorted(result(one) for one in answers) == ["admitted"] + ["already_used"] * 19
    (winner,) = (one.json["first_scan_gate"] for one in answers if one.json["result"] == "admitted")
    assert {one.json["first_scan_gate"] for one in answers} == {winner}


def test_one_scan_sent_ten_times_at_once_is_admitted_in_every_answer(gate, client, on_the_day):
    text, app, nonce = code(on_the_day()), client.application, secrets.token_hex(16)
    twins = [gate.twin(app.test_client()) for _ in range(10)]
    answers = at_once([lambda one=one: one.scan(text, nonce=nonce) for one in twins])
    assert [result(one) for one in answers] == ["admitted"] * 10
    assert len({one.data for one in answers}) == 1
