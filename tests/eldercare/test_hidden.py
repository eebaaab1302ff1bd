"""What the elder hides stays hidden from whom it is hidden, everywhere; an emergency shows it, with a reason."""

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.eldercare import hide
from tests.eldercare import ground

HIDDEN = "/mini/v1/health/hidden"


@pytest.fixture
def phone(client, sandbox, elder):
    """The elder's own phone."""
    return ground.phone_of(client, sandbox, elder)


@pytest.fixture
def facts(doctor, elder):
    """A problem, a blood pressure and a glucose of the elder."""
    return {
        "problem": ground.recorded(doctor, elder, ground.said("condition", "抑郁状态")),
        "pressure": ground.observed(doctor, elder, ground.pressure()),
        "glucose": ground.observed(doctor, elder, ground.value("fasting_glucose", 6.1, "mmol/L")),
    }


def hidden(phone, **told):
    answer = phone.post(HIDDEN, told)
    assert answer.status_code == 201, answer.json
    return answer.json["items"]


def words(answer) -> set[str]:
    return {one["word"] for one in answer.json["items"]}


def summed(answer) -> set[str]:
    return {one["word"] for part in answer.json["parts"] for one in part["items"]}


def test_a_kind_hidden_from_the_family_is_gone_from_all_that_they_read(phone, daughter, doctor, elder, facts):
    assert "condition" in words(daughter.get("/mini/v1/health/timeline"))
    hidden(phone, word="condition", family=True)
    assert words(daughter.get("/mini/v1/health/timeline")) == {"blood_pressure", "fasting_glucose"}
    assert words(daughter.get("/mini/v1/health/timeline?word=condition")) == set()
    assert summed(daughter.get("/mini/v1/health/summary")) == {"blood_pressure", "fasting_glucose"}
    assert b"\xe6\x8a\x91\xe9\x83\x81" not in daughter.get("/mini/v1/health/summary").data
    assert "condition" in summed(phone.get("/mini/v1/health/summary"))
    assert "condition" in words(doctor.get(f"{elder.path}/timeline"))


def test_a_value_hidden_from_a_unit_is_gone_for_its_staff_only(phone, daughter, doctor, elder, facts):
    hidden(phone, item_id=facts["glucose"]["id"], units=[ground.CLINIC])
    assert words(doctor.get(f"{elder.path}/timeline")) == {"condition", "blood_pressure"}
    assert "fasting_glucose" not in summed(doctor.get(f"{elder.path}/summary"))
    assert "fasting_glucose" in summed(daughter.get("/mini/v1/health/summary"))


def test_what_is_hidden_from_a_doctor_is_neither_corrected_nor_looked_up(phone, doctor, elder, facts):
    made = facts["pressure"]
    hidden(phone, word="blood_pressure", units=[ground.CLINIC])
    path = f"{elder.path}/observations/{made['id']}"
    body = {**ground.pressure(), "version": 1, "reason": "typo"}
    assert doctor.call("PUT", path, body).status_code == 404
    assert doctor.get(f"{path}/versions").status_code == 404
    assert doctor.post(f"{path}/settle").status_code == 404


def test_paging_shows_the_whole_rest_where_single_items_are_hidden(phone, doctor, elder):
    made = [ground.observed(doctor, elder, ground.pressure(120 + n, 70, minutes_ago=n + 1)) for n in range(6)]
    for one in made[1:3]:
        hidden(phone, item_id=one["id"], units=[ground.CLINIC])
    first = doctor.get(f"{elder.path}/timeline?limit=2").json
    rest = doctor.get(f"{elder.path}/timeline?limit=2&cursor={first['next']}").json
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert ids == [made[n]["id"] for n in (0, 3, 4, 5)]
    assert rest["next"] is None


def test_what_is_shown_again_is_there_again(phone, daughter, facts):
    (veil,) = hidden(phone, word="condition", family=True)
    assert veil["word_zh"] == "健康问题"
    assert phone.call("DELETE", f"{HIDDEN}/{veil['id']}").status_code == 204
    assert "condition" in words(daughter.get("/mini/v1/health/timeline"))
    assert phone.get(HIDDEN).json["items"] == []
    assert phone.call("DELETE", f"{HIDDEN}/{veil['id']}").status_code == 404


def test_hiding_the_same_again_replaces_from_whom(phone, daughter, facts):
    hidden(phone, word="condition", family=True)
    (veil,) = hidden(phone, word="condition", units=[ground.CLINIC])
    assert (veil["family"], veil["units_zh"]) == (False, ["潭头村卫生室"])
    assert "condition" in words(daughter.get("/mini/v1/health/timeline"))


def test_nobody_but_the_elder_hides_or_sees_what_is_hidden(phone, daughter, facts):
    hidden(phone, word="condition", family=True)
    assert daughter.get(HIDDEN).json["code"] == "own_act_only"
    assert daughter.post(HIDDEN, {"word": "visit", "family": True}).status_code == 403


@pytest.mark.parametrize("told", [{"word": "visit"}, {"word": "visit", "units": [ground.OTHER_CLINIC]}])
def test_hiding_from_nobody_is_refused(phone, told):
    answer = phone.post(HIDDEN, told)
    assert (answer.status_code, answer.json["code"]) == (422, "health_hidden_from_nobody")


def test_an_item_of_somebody_else_is_not_found(phone, doctor, facts):
    other = ground.enrolled(doctor, ground.papers("钟大爷", ground.BORN))
    made = ground.observed(doctor, other, ground.pressure())
    for item in (made["id"], str(ObjectId()), "nonsense"):
        assert phone.post(HIDDEN, {"item_id": item, "family": True}).status_code == 404


def test_no_more_is_hidden_than_a_record_holds(phone, doctor, elder, monkeypatch):
    monkeypatch.setattr(hide, "MOST", 2)
    hidden(phone, word="visit", family=True)
    hidden(phone, word="note", family=True)
    assert phone.post(HIDDEN, {"word": "meal", "family": True}).json["code"] == "health_hidden_full"


WHY = {"emergency": "life_safety", "reason": "老人在路边昏倒,需了解用药情况"}
OPEN = "/office/v1/health/emergencies"


def test_in_an_emergency_a_doctor_of_another_village_reads_everything_for_an_hour(
    phone, stranger, elder, facts, shift_clock
):
    hidden(phone, word="condition", family=True, units=[ground.CLINIC])
    path = f"{OPEN}/{elder.id}/summary"
    assert stranger.get(path).status_code == 404
    opened = stranger.post(OPEN, {**elder.papers, **WHY})
    assert (opened.status_code, opened.json["elder_id"]) == (201, elder.id)
    assert "condition" in summed(stranger.get(path))
    assert "condition" in words(stranger.get(f"{OPEN}/{elder.id}/timeline"))
    lines = list(AccessLine._get_collection().find({"who": stranger.actor().key, "purpose": "emergency"}))
    assert {one["case"] for one in lines} == {f"break_glass:{opened.json['glass_id']}"}
    assert stranger.get(f"{elder.path}/summary").status_code == 404
    shift_clock(3601)
    stranger.log_in()
    assert stranger.get(path).status_code == 404


def test_ones_own_elder_opens_as_well_and_shows_what_was_hidden(phone, doctor, elder, facts):
    hidden(phone, word="condition", units=[ground.CLINIC])
    assert doctor.post(f"{OPEN}/{elder.id}", WHY).status_code == 201
    assert "condition" in summed(doctor.get(f"{OPEN}/{elder.id}/summary"))
    assert "condition" not in summed(doctor.get(f"{elder.path}/summary"))


def test_a_care_worker_breaks_no_glass(carer, elder):
    assert carer.post(OPEN, {**elder.papers, **WHY}).status_code == 403


def test_nobody_without_a_record_is_found_in_an_emergency(stranger, elder):
    wrong = {**elder.papers, "name": "李四", **WHY}
    assert stranger.post(OPEN, wrong).status_code == 404
    assert stranger.post(f"{OPEN}/{ObjectId()}", WHY).status_code == 404
