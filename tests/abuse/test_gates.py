"""Signed requests of gates that were replayed, moved in time, or bent: refused, and nothing changes."""

import json

import pytest

from tests.abuse.evidence import refused, unchanged
from tests.support import slots
from tests.support.gate import SCANS, Gate


@pytest.fixture
def gate(client, seeded):
    return Gate(client, "pingshan")


BODY = json.dumps({"code": "x"}).encode()


def test_a_scan_that_was_recorded_is_answered_once_more_and_done_once(gate):
    signed = gate.signed(BODY)
    first = gate.send(BODY, signed)
    with unchanged():
        again = gate.send(BODY, signed)
    assert (first.status_code, again.json) == (200, first.json)


def test_a_nonce_is_not_used_for_another_ticket(gate, phone, travel):
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    nonce, code = "n" * 20, order["tickets"][0]["code"]
    assert gate.scan("x", nonce=nonce).json["result"] == "not_ours"
    with unchanged():
        refused(gate.scan(code, nonce=nonce), 422, "idempotency_key_reused")
    assert gate.scan(code).json["result"] == "admitted"


@pytest.mark.parametrize("late", [-301, -86_400, 301, 86_400])
def test_a_signature_of_another_time(gate, late):
    with unchanged():
        refused(gate.scan("x", late=late), 401, "device_clock_wrong")


@pytest.mark.parametrize(
    "changes", [{"path": "/gate/v1/others"}, {"path": "/gate/v1/scans?x=1"}, {"method": "GET"}, {"method": "post"}]
)
def test_a_signature_over_another_request(gate, changes):
    with unchanged():
        refused(gate.send(BODY, gate.signed(BODY, **changes)), 401, "signature_refused")


def test_a_signature_over_another_body(gate):
    with unchanged():
        refused(gate.send(BODY.replace(b"x", b"y"), gate.signed(BODY)), 401, "signature_refused")


def test_a_signature_with_a_query_added(gate):
    with unchanged():
        refused(gate.send(BODY, gate.signed(BODY), f"{SCANS}?place=museum"), 401, "signature_refused")


def test_a_key_of_another_gate(gate, client):
    other = Gate(client, "museum")
    with unchanged():
        refused(gate.scan("x", private=other.private), 401, "signature_refused")
        refused(gate.scan("x", key=other.id), 401, "signature_refused")
        refused(gate.scan("x", key="gate-unknown"), 401, "signature_refused")


def test_a_signature_of_a_revoked_gate(gate, admin):
    signed = gate.signed(BODY)
    assert admin.post(f"/office/v1/devices/{gate.id}/revoke").status_code == 204
    with unchanged():
        refused(gate.send(BODY, signed), 401, "signature_refused")


@pytest.mark.parametrize(
    ("old", "new"), [('nonce="', 'nonce="0'), ('key="', 'key="0'), ("ED25519", "HMAC"), ('"', "'")]
)
def test_a_header_of_a_gate_that_was_rewritten(gate, old, new):
    with unchanged():
        refused(gate.send(BODY, gate.signed(BODY).replace(old, new)), 401, "signature_refused")


def test_a_timestamp_that_was_moved(gate):
    signed = gate.signed(BODY)
    now = signed.partition('timestamp="')[2].partition('"')[0]
    with unchanged():
        refused(gate.send(BODY, signed.replace(now, str(int(now) + 1))), 401, "signature_refused")
