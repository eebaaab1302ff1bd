"""Sensors and scanners of other classes at a scenic place: what they may ask, and what they never get."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from models.audit.entry import AuditEntry
from models.devices.journal import JournalEntry
from models.identity import device
from models.identity.device import Duty
from tests.support import slots
from tests.support.scanner import UNIT, Scanner, now
from tests.tourism import gates_kit
from tests.tourism.crowd_kit import READINGS
from tests.tourism.gates_kit import passed, settle, stored

KEY = {"public_key": b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()}
READING = {"channel": "hall", "kind": "inside", "boot": "b1", "seq": 1, "inside": 12}


@pytest.fixture
def camera(client, seeded):
    return Scanner(client, scanner_class="sensor", name="一号摄像机")


@pytest.fixture
def order(phone, travel):
    made = phone.issued(slots.make(9))
    travel(made["day"], "18:30")
    return made


def readings() -> dict:
    return {"device_time": now(), "readings": [{**READING, "at": now()}]}


def test_a_camera_hands_in_its_counts(camera):
    answer = camera.call("POST", READINGS, readings())
    assert (answer.status_code, answer.json["items"][0]["result"]) == (200, "received")


def test_a_camera_gets_no_code_keys_and_the_refusal_is_proven(camera):
    answer = camera.call("POST", "/gate/v1/keys", KEY)
    assert (answer.status_code, answer.json["code"]) == (403, "device_class_wrong")
    assert answer.headers["City-Proof"]
    assert not AuditEntry.objects(object=f"device:{camera.id}", action="device.keys")


def test_a_sync_tells_a_camera_the_time_and_nothing_of_codes(camera, order, phone):
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")
    told = camera.get("/gate/v1/sync").json
    assert told["server_time"]
    assert {one["use"] for one in told["keys"]} == {"answer"}
    assert (told["gate_rules"], told["revocations"]["items"]) == ([], [])
    assert told["limits"]["max_accepted"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/gate/v1/scans", {"code": "5R80:8 9WE"}),
        ("POST", "/gate/v1/scans", {"document": {"kind": "resident_id", "number": "11010519491231002X"}}),
        ("POST", "/gate/v1/documents", KEY),
        ("POST", "/gate/v1/codes", {"code": "5R80:8 9WE"}),
        ("POST", "/gate/v1/journal", {"device_time": "2026-11-23T09:30:00+08:00", "entries": []}),
        ("GET", "/gate/v1/revocations", None),
    ],
)
def test_a_camera_reads_no_codes_and_writes_no_journal(camera, method, path, body):
    duty = {"reads_documents": True}
    device.Device._get_collection().update_one({"_id": camera.id}, {"$set": duty})
    answer = camera.call(method, path, body)
    assert (answer.status_code, answer.json["code"]) == (403, "device_class_wrong"), answer.json
    assert "管理员" in answer.json["message"]


def test_a_camera_is_answered_for_by_its_place(admin, manager):
    key = b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    body = {"id": "cam-01", "name": "一号", "place_id": "pingshan", "scanner_class": "sensor", "public_key": key}
    answer = admin.post("/office/v1/devices", body)
    assert (answer.status_code, answer.json["unit"]) == (201, "changzhengyuan")
    assert admin.post("/office/v1/devices", {**body, "id": "cam-02", "place_id": "line-1"}).status_code == 404
    assert "cam-01" in [one["id"] for one in manager.get("/office/v1/devices?place_id=pingshan").json["items"]]
    assert admin.post("/office/v1/devices/cam-01/revoke").status_code == 204


# Scanners that answer to other units, registered under the name of a place


@pytest.fixture
def foreign(client, order):
    """A bus reader whose operator calls itself like the place."""
    scanner = Scanner(client, slots.PLACE, scanner_class="transit", unit="transport")
    duty = vars(Duty(reads_documents=True, direction="both"))
    device.Device._get_collection().update_one({"_id": scanner.id}, {"$set": duty})
    return scanner


def test_a_bus_reader_uses_up_no_ticket_of_a_place_by_its_name(foreign, order, phone):
    body = {"document": {"kind": "resident_id", "number": phone.document}}
    for one in ({"code": order["tickets"][0]["code"]}, body):
        assert foreign.call("POST", "/gate/v1/scans", one).json["code"] == "device_class_wrong"
    assert foreign.call("POST", "/gate/v1/documents", KEY).status_code == 403
    assert foreign.call("POST", READINGS, readings()).status_code == 403
    assert stored(order)["state"] == "valid"


@pytest.mark.parametrize("code_kind", ["ticket", "ticket_document"])
def test_nor_by_its_journal(foreign, order, code_kind):
    code = order["tickets"][0]["code"] if code_kind == "ticket" else f"{order['tickets'][0]['id']}:{'0' * 16}"
    assert foreign.results(passed(code, code_kind=code_kind)) == ["received"]
    settle()
    (entry,) = JournalEntry._get_collection().find({"_id": {"$gt": f"{foreign.id}:", "$lt": f"{foreign.id};"}})
    assert entry["state"] == "refused"
    assert (stored(order)["state"], gates_kit.outcome()["conflicts"]) == ("valid", {})


def test_a_registration_that_fails_leaves_no_line_of_one(admin):
    key = b64encode(bytes(range(32))).decode()
    body = {"id": "gate-x-01", "name": "东门", "place_id": "pingshan", "public_key": key}
    assert admin.post("/office/v1/devices", body).status_code == 201
    assert admin.post("/office/v1/devices", body).status_code == 409
    assert len(AuditEntry.objects(object="device:gate-x-01", action="device.register")) == 1
    assert device.Device.objects(id="gate-x-01").first().unit == UNIT
