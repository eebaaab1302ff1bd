"""Entering: each fact with source, trust and unit; flagged and not refused; shown at once."""

import pytest

from models.audit.entry import AuditEntry
from models.eldercare.record import HealthRecord
from tests.eldercare import ground


def test_what_is_entered_is_on_the_timeline_of_the_next_request(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure())
    assert doctor.get(f"{elder.path}/timeline").json["items"][0]["id"] == made["id"]
    said = ground.recorded(doctor, elder, ground.said("allergy", "青霉素过敏", criticality="high", minutes_ago=1))
    assert doctor.get(f"{elder.path}/timeline").json["items"][0]["id"] == said["id"]


def test_each_fact_tells_its_source_unit_and_trust(doctor, elder):
    told = ground.observed(doctor, elder, ground.pressure())["source"]
    assert told == {
        "kind": "village_clinic", "kind_zh": "村卫生室", "trust": 4, "trust_zh": "医务人员记录",
        "unit": ground.CLINIC, "unit_zh": "潭头村卫生室",
    }  # fmt: skip
    assert ground.observed(doctor, elder, ground.pressure(source="check_up"))["source"]["kind_zh"] == "体检"


def test_a_unit_does_not_speak_for_a_source_above_it(doctor, elder):
    answer = doctor.post(f"{elder.path}/observations", ground.pressure(source="hospital"))
    assert (answer.status_code, answer.json["code"]) == (422, "health_source_not_yours")


@pytest.mark.parametrize("source", ["kiosk", "wearable", "self"])
def test_staff_do_not_speak_for_devices_or_for_the_elder(doctor, elder, source):
    assert doctor.post(f"{elder.path}/records", ground.said("note", "晨起头晕", source=source)).status_code == 422


def test_a_value_beyond_what_is_human_is_flagged_and_kept(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure(340, 82))
    assert [one["code"] for one in made["flags"]] == ["implausible"]
    assert made["values"]["systolic"] == 340


def test_another_unit_is_converted_and_says_so(doctor, elder):
    made = ground.observed(doctor, elder, ground.value("temperature", 100.4, "[degF]"))
    assert (made["value_zh"], [one["zh"] for one in made["flags"]]) == ("38.0 ℃", ["单位已换算"])


@pytest.mark.parametrize(
    "body",
    [
        ground.value("temperature", 37, "K"),
        {**ground.value("heart_rate", 72, "/min"), "code": "temperature"},
    ],
)
def test_an_unknown_unit_or_a_foreign_component_is_told(doctor, elder, body):
    answer = doctor.post(f"{elder.path}/observations", body | {"at": ground.moment(5)})
    assert (answer.status_code, answer.json["code"]) == (422, "health_quantity_unknown")


def test_nothing_was_measured_tomorrow(doctor, elder):
    answer = doctor.post(f"{elder.path}/observations", ground.pressure(minutes_ago=-60))
    assert (answer.status_code, answer.json["code"]) == (422, "health_measured_in_future")
    answer = doctor.post(f"{elder.path}/records", ground.said("visit", "门诊", minutes_ago=-60))
    assert answer.status_code == 422


def test_words_are_sealed_in_the_store(doctor, elder):
    ground.recorded(doctor, elder, ground.said("condition", "二型糖尿病", text="2015 年确诊"))
    assert "糖尿病" not in str(HealthRecord._get_collection().find_one({}))


def test_a_kind_says_only_what_fits_it(doctor, elder):
    answer = doctor.post(f"{elder.path}/records", ground.said("meal", "午餐", dosage_zh="5 毫克"))
    assert answer.status_code == 400
    assert list(answer.json["fields"]) == ["content.dosage_zh"]


def test_an_end_before_the_beginning_is_refused(doctor, elder):
    body = ground.said("visit", "门诊", minutes_ago=5) | {"until": ground.moment(10)}
    assert doctor.post(f"{elder.path}/records", body).json["code"] == "health_ends_before"


def test_the_same_key_enters_once(doctor, elder):
    first = doctor.post(f"{elder.path}/observations", body := ground.pressure(), key="k-1-entered-once")
    again = doctor.post(f"{elder.path}/observations", body, key="k-1-entered-once")
    assert first.json["id"] == again.json["id"]
    assert len(doctor.get(f"{elder.path}/timeline").json["items"]) == 1


def test_the_audit_knows_that_something_was_entered_and_not_what(doctor, elder):
    made = ground.recorded(doctor, elder, ground.said("condition", "二型糖尿病"))
    found = AuditEntry._get_collection().find_one({"object": f"health_records:{made['id']}"})
    assert (found["action"], found["details"]) == ("health.enter", {"word": "condition", "source": "village_clinic"})


def test_a_care_home_tells_meals_and_a_clinic_does_not(carer, doctor):
    elder = ground.enrolled(doctor)
    assert doctor.post(f"{elder.path}/records", ground.said("meal", "午餐", source="meals")).status_code == 422


def test_staff_without_the_role_do_not_enter(admin, elder):
    assert admin.post(f"{elder.path}/observations", ground.pressure()).status_code == 403
    assert admin.get(f"{elder.path}/summary").status_code == 403
