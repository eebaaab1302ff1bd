"""Scanners of all classes: registered with the unit that answers for them; those of before read as gates."""

from base64 import b64encode
from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock
from models.audit.entry import AuditEntry
from models.devices import revocation
from models.identity import device
from models.upgrades import m0004_devices
from tests.office import conftest as staff
from tests.office.conftest import on_duty
from tests.support.scanner import Scanner

admin, auditor, manager = staff.admin, staff.auditor, staff.manager
KEY = b64encode(bytes(range(32))).decode()
DEVICES = "/office/v1/devices"


def body(**changes):
    told = {"id": "bus-01", "name": "1 路车载机", "place_id": "line-1", "scanner_class": "transit", "unit": "transport"}
    return {name: value for name, value in {**told, "public_key": KEY, **changes}.items() if value is not None}


@pytest.fixture
def card_manager(client, admin):
    """Who answers for the scanners of the one-card."""
    return on_duty(client, "card_manager", lambda: admin.hire("card_manager", unit="human_resources"))


@pytest.mark.parametrize("scanner_class", sorted(device.SCANNER_CLASSES))
def test_a_scanner_is_registered_with_its_class(admin, scanner_class):
    place = "pingshan" if scanner_class in device.AT_PLACES else "line-1"
    answer = admin.post(DEVICES, body(scanner_class=scanner_class, place_id=place))
    assert answer.status_code == 201, answer.json
    assert (answer.json["scanner_class"], answer.json["place_id"]) == (scanner_class, place)
    assert answer.json["unit"] == ("changzhengyuan" if scanner_class in device.AT_PLACES else "transport")
    (one,) = admin.get(f"{DEVICES}?place_id={place}").json["items"]
    assert one == answer.json


def test_without_a_class_it_is_a_gate_of_its_place(admin):
    answer = admin.post(DEVICES, body(scanner_class=None, unit=None, place_id="pingshan"))
    assert (answer.json["scanner_class"], answer.json["unit"]) == ("venue", "changzhengyuan")


def test_a_gate_is_answered_for_by_its_place_whatever_is_said(admin):
    answer = admin.post(DEVICES, body(scanner_class="venue", place_id="pingshan", unit="transport"))
    assert answer.json["unit"] == "changzhengyuan"


def test_class_and_unit_of_a_registration_stand_in_the_audit(admin):
    admin.post(DEVICES, body())
    (line,) = AuditEntry._get_collection().find({"object": "device:bus-01"})
    assert (line["unit"], line["details"]) == ("transport", {"place": "line-1", "scanner_class": "transit"})


WRONG = [
    ({"unit": None}, 422, "device_unit_missing"),
    ({"unit": "nobody"}, 404, "not_found"),
    ({"scanner_class": "venue"}, 404, "not_found"),
    ({"scanner_class": "bus"}, 400, "bad_input"),
    ({"unit": "A B"}, 400, "bad_input"),
    ({"place_id": "a b"}, 400, "bad_input"),
    ({"place_id": "a\x00"}, 400, "bad_input"),
]


@pytest.mark.parametrize(("changes", "status", "code"), WRONG)
def test_a_post_that_does_not_hold_is_refused(admin, changes, status, code):
    answer = admin.post(DEVICES, body(**changes))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert device.Device._get_collection().find_one({"_id": "bus-01"}) is None


def test_the_card_manager_registers_and_revokes_scanners(card_manager):
    assert card_manager.post(DEVICES, body()).status_code == 201
    assert card_manager.post(f"{DEVICES}/bus-01/revoke").status_code == 204
    (one,) = card_manager.get(f"{DEVICES}?place_id=line-1").json["items"]
    assert one["state"] == "revoked"


def test_a_scanner_of_another_unit_is_not_there(manager, admin):
    admin.post(DEVICES, body())
    assert manager.get(f"{DEVICES}?place_id=line-1").status_code == 404


def test_a_revoked_scanner_gets_and_hands_in_nothing(client, admin):
    scanner = Scanner(client)
    admin.post(f"{DEVICES}/{scanner.id}/revoke")
    for method, path, sent in (("GET", "sync", None), ("GET", "revocations", None), ("POST", "journal", {})):
        answer = scanner.call(method, f"/gate/v1/{path}", sent)
        assert (answer.status_code, answer.json["code"]) == (401, "signature_refused")


def test_scanners_of_before_become_gates_of_their_place(client, seeded):
    known = Scanner(client, "line-1", scanner_class="transit", unit="transport")
    old = {"_id": "gate-old", "name": "东门", "public_key": bytes(32), "state": "active", "registered_by": "staff:x"}
    get_db().devices.insert_many([{**old, "place": "pingshan"}, {**old, "_id": "gate-lost", "place": "gone"}])
    for _ in range(2):
        m0004_devices.run(get_db(), lambda _done, _total: None)
    found = {one["_id"]: one for one in get_db().devices.find({"place": {"$in": ["pingshan", "gone", "line-1"]}})}
    assert [found["gate-old"][name] for name in ("scanner_class", "unit")] == ["venue", "changzhengyuan"]
    assert found["gate-old"]["area"].startswith("360731")
    assert [found["gate-lost"][name] for name in ("scanner_class", "unit", "area")] == ["venue", "", ""]
    assert found[known.id]["scanner_class"] == "transit"


def test_a_revocation_is_kept_no_longer_than_it_is_needed():
    (ttl,) = [one for one in revocation.Revocation._meta["indexes"] if "expireAfterSeconds" in one]
    assert (ttl["fields"], ttl["expireAfterSeconds"]) == (["until"], 24 * 3600)


# Offline limits

LIMITS = "/office/v1/offline-limits"
FIGURES = {"max_offline_hours": 12, "max_accepted": 50, "max_accepted_per_handle": 2, "accept_late_hours": 48}


def limits(days=1, **changes):
    day = (clock.today() + timedelta(days=days)).isoformat()
    return {**FIGURES, "scanner_class": "venue", "valid_from": day, "source": "县人社局通知", **changes}


def test_limits_set_by_staff_hold_from_their_day_on(client, card_manager, shift_clock):
    answer = card_manager.post(LIMITS, limits())
    assert (answer.status_code, answer.json) == (201, limits())
    gate = Scanner(client)
    assert gate.get("/gate/v1/sync").json["limits"]["max_offline_hours"] == 24
    listed = card_manager.get(f"{LIMITS}?scanner_class=venue").json["items"]
    assert [one["max_offline_hours"] for one in listed] == [12, 24]
    shift_clock(24 * 3600)
    told = gate.get("/gate/v1/sync").json["limits"]
    assert {name: told[name] for name in FIGURES} == FIGURES


def test_coming_limits_can_be_set_again_and_both_times_stand_in_the_audit(card_manager):
    card_manager.post(LIMITS, limits())
    card_manager.post(LIMITS, limits(max_accepted=60))
    day = limits()["valid_from"]
    (first, _) = card_manager.get(f"{LIMITS}?scanner_class=venue").json["items"]
    assert first["max_accepted"] == 60
    lines = AuditEntry._get_collection().find({"object": f"offline_limit:venue:{day}"}).sort("_id", 1)
    assert [one["details"]["max_accepted"] for one in lines] == [50, 60]


@pytest.mark.parametrize("days", [0, -1])
def test_limits_in_force_are_never_changed(card_manager, days):
    answer = card_manager.post(LIMITS, limits(days))
    assert (answer.status_code, answer.json["code"]) == (422, "offline_limit_in_force")


@pytest.mark.parametrize(
    "changes",
    [{"max_offline_hours": 169}, {"max_accepted": -1}, {"max_accepted": 1.5}, {"accept_late_hours": 0}, {"source": " "},
     {"valid_from": "x"}, {"scanner_class": "bus"}, {"max_accepted_per_handle": None}, {"more": 1}],
)  # fmt: skip
def test_odd_limits_are_bad_requests(card_manager, changes):
    assert card_manager.post(LIMITS, limits(**changes)).status_code == 400


def test_who_may_not_sets_no_limits(manager, auditor):
    assert manager.post(LIMITS, limits()).status_code == 403
    assert auditor.get(f"{LIMITS}?scanner_class=venue").status_code == 200
