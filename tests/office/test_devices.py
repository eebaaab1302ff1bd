"""Gates: registered, listed, revoked."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.audit.entry import AuditEntry
from tests.support import slots
from tests.support.gate import Gate

KEY = b64encode(bytes(range(32))).decode()
BODY = {"id": "gate-pingshan-01", "name": "东门 1 号闸机", "place_id": "pingshan", "public_key": KEY}


def registered(admin, gate: Gate, place: str = "pingshan") -> None:
    """Register the key of `gate` under a new id, as an administrator does."""
    gate.private, gate.id = Ed25519PrivateKey.generate(), f"{gate.id}-new"
    key = b64encode(gate.private.public_key().public_bytes_raw()).decode()
    body = {"id": gate.id, "name": gate.name, "place_id": place, "public_key": key}
    answer = admin.post("/office/v1/devices", body)
    assert answer.status_code == 201, answer.json


def test_a_registered_gate_admits_and_a_revoked_one_is_refused(admin, phone, travel):
    order = phone.issued(slots.make(5))
    gate = Gate(phone.client, "pingshan")
    registered(admin, gate)
    travel(order["day"], "18:30")
    admin.log_in()
    code = order["tickets"][0]["code"]
    assert gate.scan(code).json["result"] == "admitted"
    assert admin.post(f"/office/v1/devices/{gate.id}/revoke").status_code == 204
    assert gate.scan(code).status_code == 401
    assert admin.post(f"/office/v1/devices/{gate.id}/revoke").status_code == 204


def test_the_gates_of_a_place_are_listed_with_their_state(admin, manager, seeded):
    for number in range(3):
        admin.post("/office/v1/devices", {**BODY, "id": f"gate-{number}"})
    admin.post("/office/v1/devices", {**BODY, "id": "gate-museum", "place_id": "museum"})
    admin.post("/office/v1/devices/gate-1/revoke")
    admin_sees = admin.get("/office/v1/devices?place_id=pingshan&limit=2").json
    rest = admin.get(f"/office/v1/devices?place_id=pingshan&limit=2&cursor={admin_sees['next']}").json
    states = [(one["id"], one["state"]) for one in admin_sees["items"] + rest["items"]]
    assert states == [("gate-0", "active"), ("gate-1", "revoked"), ("gate-2", "active")]
    assert manager.get("/office/v1/devices?place_id=pingshan").json["items"] == admin_sees["items"] + rest["items"]
    assert manager.get("/office/v1/devices?place_id=museum").status_code == 404


def test_an_id_is_registered_once(admin):
    assert admin.post("/office/v1/devices", BODY).status_code == 201
    answer = admin.post("/office/v1/devices", BODY)
    assert (answer.status_code, answer.json["code"]) == (409, "device_exists")


def test_a_revoked_id_is_not_given_again(admin):
    admin.post("/office/v1/devices", BODY)
    admin.post(f"/office/v1/devices/{BODY['id']}/revoke")
    assert admin.post("/office/v1/devices", BODY).status_code == 409


@pytest.mark.parametrize(
    "changes",
    [{"public_key": ""}, {"public_key": "x" * 44}, {"public_key": b64encode(bytes(31)).decode()}, {"public_key": "é"},
     {"public_key": b64encode(bytes(33)).decode()}, {"id": "A"}, {"id": "gate 1"}, {"id": "gate-1\n"}, {"id": "g" * 65},
     {"name": ""}, {"name": "a\x00b"}, {"place_id": ""}, {"place_id": ["pingshan"]}, {"private_key": KEY}],
)  # fmt: skip
def test_an_odd_device_is_a_bad_request(admin, changes):
    answer = admin.post("/office/v1/devices", {**BODY, **changes})
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_a_gate_stands_at_a_place_that_exists(admin):
    assert admin.post("/office/v1/devices", {**BODY, "place_id": "nowhere"}).status_code == 404
    assert AuditEntry._get_collection().count_documents({"object": f"device:{BODY['id']}"}) == 0


@pytest.mark.parametrize("device", ["nobody", "%00", "$ne", "é"])
def test_an_unknown_device_cannot_be_revoked(admin, device):
    assert admin.post(f"/office/v1/devices/{device}/revoke").status_code == 404


def test_registering_and_revoking_stand_in_the_audit(admin):
    admin.post("/office/v1/devices", BODY)
    admin.post(f"/office/v1/devices/{BODY['id']}/revoke")
    lines = list(AuditEntry._get_collection().find({"object": f"device:{BODY['id']}"}).sort("_id", 1))
    assert [(one["action"], one["unit"]) for one in lines] == [
        ("device.register", "changzhengyuan"),
        ("device.revoke", "changzhengyuan"),
    ]
