"""Corrections never erase: what stood before is kept, and of two who correct at once one wins."""

import pytest
from bson import ObjectId

from models.audit.entry import AuditEntry
from models.eldercare import correct
from models.eldercare.observation import HealthObservation
from models.eldercare.version import HealthVersion
from tests.eldercare import ground
from tests.support.crowd import at_once


def stored(item: dict) -> dict:
    return HealthObservation._get_collection().find_one({"_id": ObjectId(item["id"])})


def changed(item: dict, body: dict, *, version: int = 1, reason: str = "typo") -> dict:
    return {**body, "version": version, "reason": reason}


def test_a_corrected_value_reads_anew_and_keeps_what_it_read(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure(218, 82))
    path = f"{elder.path}/observations/{made['id']}"
    answer = doctor.call("PUT", path, changed(made, ground.pressure(128, 82)))
    assert answer.status_code == 200, answer.json
    assert (answer.json["value_zh"], answer.json["state"], answer.json["version"]) == (
        "128/82 毫米汞柱", "amended", 2
    )  # fmt: skip
    (before,) = doctor.get(f"{path}/versions").json["items"]
    assert (before["value_zh"], before["version"], before["reason_zh"]) == ("218/82 毫米汞柱", 1, "录入错误")
    assert before["by"] == doctor.actor().key


def test_a_corrected_value_is_judged_anew(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure(218, 82))
    told = len(stored(made)["outbox"])
    doctor.call("PUT", f"{elder.path}/observations/{made['id']}", changed(made, ground.pressure()))
    assert [one["task"] for one in stored(made)["outbox"]] == ["eldercare.judge"] * (told + 1)


def test_a_corrected_record_keeps_its_words_sealed_before_and_after(doctor, elder):
    made = ground.recorded(doctor, elder, ground.said("condition", "高血压病"))
    path = f"{elder.path}/records/{made['id']}"
    body = changed(made, ground.said("condition", "原发性高血压", stage_zh="2 级"))
    assert doctor.call("PUT", path, body).json["title_zh"] == "原发性高血压"
    (before,) = doctor.get(f"{path}/versions").json["items"]
    assert before["title_zh"] == "高血压病"
    kept = HealthVersion._get_collection().find_one({"of": ObjectId(made["id"])})
    assert "高血压" not in str(kept)


def test_a_record_with_an_end_is_over_and_leaves_the_summary(doctor, elder):
    made = ground.recorded(doctor, elder, ground.said("medication", "氨氯地平"))
    body = changed(made, ground.said("medication", "氨氯地平", minutes_ago=60), reason="updated")
    ended = doctor.call("PUT", f"{elder.path}/records/{made['id']}", {**body, "until": ground.moment(5)})
    assert ended.json["state_zh"] == "已结束"
    parts = {one["name"]: one["items"] for one in doctor.get(f"{elder.path}/summary").json["parts"]}
    assert parts["medication"] == []
    words = [one["word"] for one in doctor.get(f"{elder.path}/timeline").json["items"]]
    assert words == ["medication"]


def test_what_was_withdrawn_stays_stored_and_is_shown_only_to_who_asks_for_it(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure())
    body = {"version": 1, "reason": "wrong_elder"}
    answer = doctor.post(f"{elder.path}/observations/{made['id']}/withdraw", body)
    assert answer.json["state_zh"] == "录入有误"
    assert doctor.get(f"{elder.path}/timeline").json["items"] == []
    assert len(doctor.get(f"{elder.path}/timeline?withdrawn=true").json["items"]) == 1
    assert stored(made)["values"] == {"systolic": 128, "diastolic": 82}


@pytest.mark.parametrize("version", [2, 7])
def test_who_did_not_see_what_stands_there_is_refused(doctor, elder, version):
    made = ground.observed(doctor, elder, ground.pressure())
    answer = doctor.call(
        "PUT", f"{elder.path}/observations/{made['id']}", changed(made, ground.pressure(), version=version)
    )
    assert (answer.status_code, answer.json["code"]) == (409, "health_version_stale")
    assert stored(made)["version"] == 1


def test_what_was_withdrawn_is_not_corrected(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure())
    doctor.post(f"{elder.path}/observations/{made['id']}/withdraw", {"version": 1, "reason": "typo"})
    again = changed(made, ground.pressure(), version=2)
    assert doctor.call("PUT", f"{elder.path}/observations/{made['id']}", again).status_code == 409


def test_a_correction_does_not_turn_one_quantity_into_another(doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure())
    body = changed(made, ground.value("heart_rate", 72, "/min"))
    answer = doctor.call("PUT", f"{elder.path}/observations/{made['id']}", body)
    assert (answer.status_code, answer.json["code"]) == (422, "health_kind_fixed")


def test_a_unit_corrects_only_what_it_said_itself(doctor, carer, elder, client, admin):
    ground.manager(client, admin).post(f"{elder.path}/units", {"unit": ground.HOME, "cares_as": "care_home"})
    made = ground.observed(doctor, elder, ground.pressure())
    body = changed(made, ground.pressure(120, 70))
    answer = carer.call("PUT", f"{elder.path}/observations/{made['id']}", body)
    assert (answer.status_code, answer.json["code"]) == (409, "health_not_your_entry")


def test_an_item_of_another_elder_is_not_corrected_through_this_one(doctor, elder):
    other = ground.enrolled(doctor, {**ground.papers("钟大爷", ground.BORN)})
    made = ground.observed(doctor, other, ground.pressure())
    answer = doctor.call("PUT", f"{elder.path}/observations/{made['id']}", changed(made, ground.pressure()))
    assert answer.status_code == 404


def race(app, doctor, elder, made) -> list[int]:
    clerks = [doctor.twin(app.test_client()) for _ in range(6)]
    path = f"{elder.path}/observations/{made['id']}"
    answers = at_once(
        [
            lambda one=one, n=n: one.call("PUT", path, changed(made, ground.pressure(110 + n, 70)))
            for n, one in enumerate(clerks)
        ]
    )
    return sorted(answer.status_code for answer in answers)


def test_of_six_corrections_of_one_version_one_wins(app, doctor, elder):
    made = ground.observed(doctor, elder, ground.pressure())
    assert race(app, doctor, elder, made) == [200, 409, 409, 409, 409, 409]
    assert stored(made)["version"] == 2
    assert HealthVersion._get_collection().count_documents({"of": ObjectId(made["id"])}) == 1
    corrected = {"action": "health.correct", "object": f"health_observations:{made['id']}"}
    assert AuditEntry._get_collection().count_documents(corrected) == 1


def test_control_without_the_guard_several_win(app, doctor, elder, monkeypatch):
    """So that the race is known to be one: by what was read last, everybody corrects."""
    made = ground.observed(doctor, elder, ground.pressure())
    monkeypatch.setattr(correct, "_guard", lambda found, _change: {"_id": found["_id"]})
    monkeypatch.setattr(correct.version, "keep", lambda *_args, **_told: None)
    assert race(app, doctor, elder, made).count(200) > 1
