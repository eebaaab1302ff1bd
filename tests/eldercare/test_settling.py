"""The same fact from two places: shown together, the rule said, and a person may settle it."""

import pytest
from bson import ObjectId

from models.audit.entry import AuditEntry
from models.eldercare.record import HealthRecord
from models.eldercare.source import RULE_ZH
from models.eldercare.version import HealthVersion
from tests.eldercare import ground

I10 = [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10", "display": "原发性高血压"}]


@pytest.fixture
def both(doctor, carer, client, admin, elder):
    """The elder is cared for by the clinic and by the home."""
    ground.manager(client, admin).post(f"{elder.path}/units", {"unit": ground.HOME, "cares_as": "care_home"})
    return elder


def part(clerk, elder, name: str) -> list[dict]:
    answer = clerk.get(f"{elder.path}/summary")
    assert answer.json["rule_zh"] == RULE_ZH
    return {one["name"]: one["items"] for one in answer.json["parts"]}[name]


def test_two_sources_about_one_problem_stand_together_and_the_more_trusted_is_used(doctor, carer, both):
    ground.recorded(doctor, both, ground.said("condition", "高血压 2 级", coding=I10, minutes_ago=60))
    ground.recorded(carer, both, ground.said("condition", "高血压", coding=I10, minutes_ago=5))
    (problem,) = part(doctor, both, "problems")
    assert (problem["source"]["kind"], [one["source"]["kind"] for one in problem["same"]]) == (
        "village_clinic", ["care_home"]
    )  # fmt: skip


def test_at_one_trust_the_later_is_used(doctor, both):
    ground.recorded(doctor, both, ground.said("medication", "氨氯地平 5 毫克", coding=I10, minutes_ago=60))
    ground.recorded(doctor, both, ground.said("medication", "氨氯地平 10 毫克", coding=I10, minutes_ago=5))
    (medicine,) = part(doctor, both, "medication")
    assert medicine["title_zh"] == "氨氯地平 10 毫克"


def test_without_codes_the_same_title_is_the_same_however_it_is_typed(doctor, carer, both):
    ground.recorded(doctor, both, ground.said("allergy", "青霉素 过敏"))
    ground.recorded(carer, both, ground.said("allergy", "青霉素过敏"))
    ground.recorded(carer, both, ground.said("allergy", "花生过敏"))
    assert sorted(len(one.get("same", [])) for one in part(doctor, both, "allergies")) == [0, 1]


def test_a_person_settles_that_the_less_trusted_is_used(doctor, carer, both):
    first = ground.recorded(doctor, both, ground.said("condition", "高血压 2 级", coding=I10))
    second = ground.recorded(carer, both, ground.said("condition", "高血压 3 级", coding=I10))
    answer = doctor.post(f"{both.path}/records/{second['id']}/settle")
    assert answer.status_code == 200, answer.json
    assert (answer.json["used"]["id"], [one["id"] for one in answer.json["same"]]) == (second["id"], [first["id"]])
    (problem,) = part(doctor, both, "problems")
    assert (problem["id"], problem["settled"]) == (second["id"], True)


def test_settling_otherwise_later_replaces_the_first_word_and_keeps_it(doctor, carer, both):
    first = ground.recorded(doctor, both, ground.said("condition", "高血压 2 级", coding=I10))
    second = ground.recorded(carer, both, ground.said("condition", "高血压 3 级", coding=I10))
    for one in (second, first, first):
        assert doctor.post(f"{both.path}/records/{one['id']}/settle").status_code == 200
    settled = list(HealthRecord._get_collection().find({"subject": both.subject}))
    assert [str(one["_id"]) for one in settled if one.get("settled")] == [first["id"]]
    kept = HealthVersion._get_collection().find({"of": ObjectId(second["id"])}).sort("number", 1)
    assert [one["reason"] for one in kept] == ["settled", "settled"]
    done = AuditEntry._get_collection().count_documents(
        {"action": "health.settle", "object": f"health_records:{first['id']}"}
    )
    assert done == 1


def test_measurements_of_one_hour_stand_together_and_those_of_another_hour_are_the_trend(
    doctor, carer, both, travel, client
):
    travel("2026-11-23", "10:50")
    doctor.log_in()
    carer.log_in()
    ground.observed(doctor, both, ground.pressure(138, 84, minutes_ago=150))
    ground.observed(doctor, both, ground.pressure(128, 82, minutes_ago=40))
    ground.observed(carer, both, ground.pressure(150, 90, minutes_ago=5))
    (vital,) = part(doctor, both, "vitals")
    assert (vital["value_zh"], [one["value_zh"] for one in vital["same"]]) == (
        "128/82 毫米汞柱", ["150/90 毫米汞柱"]
    )  # fmt: skip
    assert [one["values"]["systolic"] for one in vital["trend"]] == [138, 128]
    assert vital["trend_zh"] == "比上次低 10"


def test_there_is_nothing_to_settle_about_what_stands_alone(doctor, both):
    made = ground.observed(doctor, both, ground.pressure())
    answer = doctor.post(f"{both.path}/observations/{made['id']}/settle")
    assert (answer.status_code, answer.json["code"]) == (409, "health_nothing_to_settle")


def test_a_care_worker_does_not_settle(carer, doctor, both):
    made = ground.recorded(doctor, both, ground.said("condition", "高血压"))
    assert carer.post(f"{both.path}/records/{made['id']}/settle").status_code == 403
