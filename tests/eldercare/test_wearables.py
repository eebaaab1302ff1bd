"""Measuring devices at the office, wearables at counter and phone, what they sampled, measurements by hand."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare import wearing
from models.eldercare.wearing import HealthWearing
from tests.eldercare import kiosk_kit
from tests.support import affairs
from tests.support.kiosk import CLAIM, UNIT, series
from tests.support.phone import Phone

elder, band = kiosk_kit.elder, kiosk_kit.band
DEVICES = "/office/v1/health/devices"
MINE = "/mini/v1/health/wearables"


@pytest.fixture
def manager(client, seeded):
    return affairs.seat(client, "health_manager", unit=UNIT)


@pytest.fixture
def doctor(client, seeded):
    return affairs.seat(client, "village_doctor", unit=UNIT)


def told(**changes) -> dict:
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    made = {"id": f"kiosk-{uuid.uuid4().hex[:8]}", "kind": "kiosk", "name": "潭头自助体检机", "maker": "测试"}
    made |= {"model": "HK-900", "unit": UNIT, "public_key": base64.b64encode(key).decode()}
    return made | changes


def test_a_device_is_registered_with_its_calibration(manager):
    answer = manager.post(DEVICES, told(calibration={"on": "2026-06-01", "until": "2027-05-31", "certificate": "J-1"}))
    assert answer.status_code == 201, answer.json
    assert (answer.json["valid_until"], answer.json["overdue"], answer.json["kind_zh"]) == (
        "2027-05-31",
        False,
        "自助体检机",
    )
    (line,) = AuditEntry._get_collection().find({"object": f"health_device:{answer.json['id']}"})
    assert (line["action"], line["details"]["kind"]) == ("health.device_register", "kiosk")


def test_a_number_is_given_once(manager):
    one = told()
    assert manager.post(DEVICES, one).status_code == 201
    assert manager.post(DEVICES, one).status_code == 409


def test_those_whose_calibration_ends_first_come_first(manager):
    for until in ("2027-05-31", "2026-10-01", "2027-01-31"):
        manager.post(DEVICES, told(calibration={"on": "2026-01-01", "until": until}))
    manager.post(DEVICES, told())
    items = manager.get(f"{DEVICES}?unit={UNIT}").json["items"]
    assert [one.get("valid_until", "") for one in items] == ["", "2026-10-01", "2027-01-31", "2027-05-31"]
    assert len(manager.get(f"{DEVICES}?overdue=true").json["items"]) == 2


def test_devices_are_paged(manager):
    for _ in range(3):
        manager.post(DEVICES, told())
    first = manager.get(f"{DEVICES}?limit=2").json
    second = manager.get(f"{DEVICES}?limit=2&cursor={first['next']}").json
    assert len({one["id"] for one in first["items"] + second["items"]}) == 3


def test_a_calibration_is_added_and_the_earlier_ones_stay(manager):
    made = manager.post(DEVICES, told(calibration={"on": "2025-06-01", "until": "2026-05-31"})).json
    answer = manager.post(f"{DEVICES}/{made['id']}/calibrations", {"on": "2026-11-20", "until": "2027-11-19"})
    assert (answer.status_code, answer.json["overdue"]) == (200, False)
    assert [one["on"] for one in answer.json["calibrations"]] == ["2026-11-20", "2025-06-01"]


@pytest.mark.parametrize(
    ("on", "until"), [("2026-11-21", "2027-11-20"), ("2026-11-20", "2026-11-20"), ("2025-01-01", "2027-01-01")]
)
def test_a_calibration_of_impossible_days_is_refused(manager, on, until):
    made = manager.post(DEVICES, told(calibration={"on": "2026-06-01", "until": "2027-05-31"})).json
    answer = manager.post(f"{DEVICES}/{made['id']}/calibrations", {"on": on, "until": until})
    assert (answer.status_code, answer.json["code"]) == (409, "health_calibration_wrong")


def test_a_retired_device_is_refused_from_then_on(client, manager, elder, band):
    wearing.begin(band.id, kiosk_kit.cared(elder.person, UNIT), "staff:test")
    assert manager.post(f"{DEVICES}/{band.id}/retire").status_code == 204
    assert manager.post(f"{DEVICES}/{band.id}/retire").status_code == 204
    assert band.try_send(series(clock.now(), [70])).status_code == 401


def test_a_doctor_registers_no_devices(doctor):
    assert doctor.post(DEVICES, told()).status_code == 403
    assert doctor.get(f"{DEVICES}/nothing-like-it").status_code == 403


def test_an_elder_binds_a_band_by_the_code_in_its_box(elder, band):
    answer = elder.phone.post(MINE, {"device_id": band.id, "code": CLAIM})
    assert (answer.status_code, answer.json["worn"], answer.json["name"]) == (201, True, "健康手环")
    assert [one["device_id"] for one in elder.phone.get(MINE).json["items"]] == [band.id]


@pytest.mark.parametrize("wrong", [{"code": "00000000"}, {"device_id": "band-nobody"}])
def test_a_wrong_code_and_an_unknown_band_are_told_alike(elder, band, wrong):
    answer = elder.phone.post(MINE, {"device_id": band.id, "code": CLAIM} | wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "health_wearable_claim_wrong")


def test_codes_cannot_be_tried_without_end(elder, band):
    tries = [elder.phone.post(MINE, {"device_id": band.id, "code": f"0000000{n}"}).status_code for n in range(10)]
    assert tries == [422] * 10
    assert elder.phone.post(MINE, {"device_id": band.id, "code": CLAIM}).status_code == 429


def test_a_band_is_worn_by_one_at_a_time(client, sandbox, elder, band):
    elder.phone.post(MINE, {"device_id": band.id, "code": CLAIM})
    other = Phone(client, sandbox).ready().sure("verified")
    answer = other.post(MINE, {"device_id": band.id, "code": CLAIM})
    assert (answer.status_code, answer.json["code"]) == (409, "health_wearable_taken")
    assert elder.phone.post(f"{MINE}/{band.id}/end").json["worn"] is False
    assert other.post(MINE, {"device_id": band.id, "code": CLAIM}).status_code == 201


def test_many_who_bind_one_band_at_once_leave_one_wearer(band, elder):
    def bind(_number: int) -> bool:
        try:
            wearing.begin(band.id, ObjectId(), "staff:test")
        except wearing.WornByOther:
            return False
        return True

    with ThreadPoolExecutor(8) as together:
        won = list(together.map(bind, range(8)))
    assert won.count(True) == 1
    assert HealthWearing._get_collection().count_documents({"device": band.id, "live": True}) == 1


def test_binding_again_is_the_same_wearing(elder, band):
    answers = [elder.phone.post(MINE, {"device_id": band.id, "code": CLAIM}).json["id"] for _ in range(2)]
    assert answers[0] == answers[1]


def test_a_clerk_who_cares_binds_and_ends_and_leaves_traces(elder, band, doctor):
    whose = kiosk_kit.cared(elder.person, UNIT)
    base = f"/office/v1/health/elders/{whose}/wearables"
    answer = doctor.post(base, {"device_id": band.id})
    assert answer.status_code == 201, answer.json
    assert [one["worn"] for one in doctor.get(base).json["items"]] == [True]
    assert doctor.post(f"{base}/{band.id}/end").json["worn"] is False
    assert AccessLine._get_collection().count_documents({"subjects": elder.person, "purpose": "health_care"}) == 3
    actions = {one["action"] for one in AuditEntry._get_collection().find({"object": f"health_subject:{whose}"})}
    assert actions == {"health.wearable_bind", "health.wearable_end"}


def test_to_another_units_doctor_the_elder_is_not_there(client, elder, band):
    whose = kiosk_kit.cared(elder.person, UNIT)
    other = affairs.seat(client, "village_doctor", unit="education_sports")
    base = f"/office/v1/health/elders/{whose}"
    assert other.get(f"{base}/wearables").status_code == 404
    assert other.post(f"{base}/wearables", {"device_id": band.id}).status_code == 404
    assert other.get(f"{base}/samples?quantity=heart_rate&first=2026-11-20&last=2026-11-20").status_code == 404


def test_elder_and_doctor_see_the_same_days_of_samples(elder, band, doctor, shift_clock):
    whose = kiosk_kit.cared(elder.person, UNIT)
    wearing.begin(band.id, whose, "staff:test")
    shift_clock(1200)
    band.send(series(clock.now() - timedelta(minutes=10), [70, 80, 90]))
    query = "samples?quantity=heart_rate&first=2026-11-14&last=2026-11-20"
    (day,) = elder.phone.get(f"/mini/v1/health/{query}").json["items"]
    assert (day["day"], day["count"], day["mean"], day["most"]) == ("2026-11-20", 3, 80, 90)
    assert doctor.get(f"/office/v1/health/elders/{whose}/{query}").json["items"] == [day]


def test_a_span_of_samples_is_bounded(elder):
    for span in ("first=2026-01-01&last=2026-11-20", "first=2026-11-20&last=2026-11-19"):
        answer = elder.phone.get(f"/mini/v1/health/samples?quantity=heart_rate&{span}")
        assert (answer.status_code, answer.json["code"]) == (400, "health_span_wrong")


def test_without_a_subject_there_are_no_samples(elder):
    answer = elder.phone.get("/mini/v1/health/samples?quantity=heart_rate&first=2026-11-20&last=2026-11-20")
    assert answer.json["items"] == []


def own(systolic: float = 142, unit: str = "mm[Hg]", **changes) -> dict:
    values = [
        {"quantity": "systolic", "value": systolic, "unit": unit},
        {"quantity": "diastolic", "value": 86, "unit": "mm[Hg]"},
    ]
    return {"code": "blood_pressure", "values": values, "at": "2026-11-20T07:30:00+08:00"} | changes


def test_what_one_measured_at_home_is_kept_as_ones_own_word(elder):
    answer = elder.phone.post("/mini/v1/health/measurements", own())
    assert (answer.status_code, answer.json["values"]) == (201, {"systolic": 142.0, "diastolic": 86.0})
    (found,) = elder.measured()
    assert (found["source"]["kind"], found["source"]["trust"]) == ("self", 1)


def test_entering_it_again_under_the_same_key_is_the_same(elder):
    answers = [elder.phone.post("/mini/v1/health/measurements", own(), key="k1").json["id"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(elder.measured()) == 1


def test_an_impossible_number_is_kept_with_a_doubt(elder):
    answer = elder.phone.post("/mini/v1/health/measurements", own(1420))
    assert [one["code"] for one in answer.json["flags"]] == ["implausible"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"at": "2026-11-21T07:30:00+08:00"}, "health_measured_in_future"),
        ({"code": "weight"}, "health_quantity_unknown"),
    ],
)
def test_what_cannot_be_is_refused(elder, changes, code):
    answer = elder.phone.post("/mini/v1/health/measurements", own(**changes))
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert elder.measured() == []


def test_a_value_without_its_quantity_is_refused(elder):
    answer = elder.phone.post("/mini/v1/health/measurements", own(values=[{"value": 142, "unit": "mm[Hg]"}]))
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["values.0.quantity"])


def test_a_unit_that_nobody_knows_is_not_repeated(elder):
    strange = {"quantity": "weight", "value": 60, "unit": "bushel"}
    answer = elder.phone.post("/mini/v1/health/measurements", own(code="weight", values=[strange]))
    assert (answer.status_code, answer.json["code"]) == (422, "health_quantity_unknown")
    assert "bushel" not in answer.text


def test_a_quantity_is_told_once(elder):
    twice = own()["values"][:1] * 2
    answer = elder.phone.post("/mini/v1/health/measurements", own(values=twice))
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["values"])


def test_a_relative_measures_only_with_the_scope(elder):
    answer = elder.phone.post("/mini/v1/health/measurements", own(), **{"Acting-For": "0" * 24})
    assert answer.status_code in {403, 404}
    assert elder.measured() == []


def test_a_declared_person_measures_nothing(client, seeded, sandbox):
    answer = Phone(client, sandbox).ready().post("/mini/v1/health/measurements", own())
    assert answer.status_code == 403
