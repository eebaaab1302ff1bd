"""On the phone: what is due next, in short phrases, and one's own assessments; the family by a relation."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.eldercare import (
    assessment,
    personal_range,
    programme,
    record,
    subject,
    summary_parts,
    view,
    yearly_check,
)
from models.eldercare.assessment import Filled
from models.eldercare.personal_range import Wanted
from models.eldercare.source import Source
from models.eldercare.subject import HealthSubject
from models.identity import account
from tests.eldercare import knowing_kit as kit
from tests.support.phone import Phone

ABLE = dict.fromkeys(("meal", "washing", "dressing", "toilet", "activity"), "able")
LONGEST = 20


@pytest.fixture
def elder_phone(client, seeded, sandbox):
    """An elder's own phone, bound surely."""
    return Phone(client, sandbox).ready("19500307").sure()


def enrolled(phone) -> dict:
    person_id = account.authenticate(phone.token).document["person"]
    return kit.placed(subject.enrol(person_id, by="test", area="360731115")["_id"])


def due(phone) -> list[dict]:
    answer = phone.get("/mini/v1/health/due")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def test_the_elder_reads_what_is_due_next_in_short_phrases(elder_phone, client):
    who, doctor = enrolled(elder_phone), kit.doctor(client).actor()
    programme.confirm(doctor, who["_id"], "hypertension")
    yearly_check.put(doctor, who["_id"], 2026, [])
    told = due(elder_phone)
    assert [(one["text_zh"], one["tone"]) for one in told] == [
        ("高血压随访,今天", "attention"),
        ("体检还差31项,12月31日前", "calm"),
    ]
    assert max(len(one["text_zh"]) for one in told) <= LONGEST


def test_an_overdue_visit_says_so_and_comes_first(elder_phone, client, travel):
    who, doctor = enrolled(elder_phone), kit.doctor(client).actor()
    programme.confirm(doctor, who["_id"], "diabetes")
    change = {"$set": {"next_visit": (clock.today() - timedelta(days=1)).isoformat()}}
    programme.HealthProgramme._get_collection().update_one({"subject": who["_id"]}, change)
    assert due(elder_phone)[0]["text_zh"] == "2型糖尿病随访,已到期"
    assert due(elder_phone)[0]["tone"] == "act"


def test_care_plans_with_a_day_are_due_as_well(elder_phone):
    who = enrolled(elder_phone)
    content = {"title_zh": "社区康复训练评估与辅具适配", "due_on": kit.in_days(3).isoformat()}
    record.keep(record.made(who["_id"], "care_plan", content, Source("care_home"), at=clock.now()))
    assert "社区康复训练评估与辅,3天内" in [one["text_zh"] for one in due(elder_phone)]


def test_whoever_is_not_enrolled_is_told_where_to_go(elder_phone):
    answer = elder_phone.get("/mini/v1/health/due")
    assert answer.status_code == 404
    assert "村卫生室" in answer.json["message"]


def test_own_assessments_are_read_without_the_answers(elder_phone):
    who = enrolled(elder_phone)
    told = Filled("self_care", ABLE, clock.now())
    record.keep(assessment.made(who["_id"], told, Source("village_clinic")))
    (one,) = elder_phone.get("/mini/v1/health/assessments").json["items"]
    assert one["sentence_zh"] == "老年人生活自理能力评估表共0分,为可自理。"
    assert "answers" not in one


def test_what_is_hidden_from_the_unit_is_hidden_in_findings_too(elder_phone, client):
    who, doctor = enrolled(elder_phone), kit.doctor(client)
    kit.measure(who, systolic=186, diastolic=104)
    kit.measure(who, heart_rate=152)
    hidden = {"word": "blood_pressure", "family": True, "units": [kit.CLINIC]}
    HealthSubject._get_collection().update_one({"_id": who["_id"]}, {"$set": {"hidden": [hidden]}})
    items = doctor.get(kit.url(who, "/findings")).json["items"]
    assert [one["rule"] for one in items] == ["health_a_heart_rate"], "the screen read the pressure, so it is hidden"
    screened = doctor.get(kit.url(who, "/screen")).json
    assert "systolic" in screened["missing"]


def test_a_finding_is_shown_with_its_reasons_and_that_it_holds(elder_phone, client):
    who, doctor = enrolled(elder_phone), kit.doctor(client)
    kit.measure(who, systolic=186, diastolic=104)
    items = doctor.get(kit.url(who, "/findings")).json["items"]
    found = next(one for one in items if one["rule"] == "health_a_blood_pressure")
    told = doctor.get(kit.url(who, f"/findings/{found['id']}")).json
    assert told["replayed"]
    assert {one["code"]: one["value"] for one in told["parameters"]} == {
        "health_systolic_danger": "180",
        "health_diastolic_danger": "110",
    }
    assert "血压重要异常A类" in told["why_zh"]
    assert doctor.get(kit.url(who, f"/findings/{ObjectId()}")).status_code == 404


def test_findings_are_paged(elder_phone, client):
    who, doctor = enrolled(elder_phone), kit.doctor(client)
    for rate in (151, 152, 153):
        kit.measure(who, heart_rate=rate)
    seen, cursor = [], ""
    while cursor is not None:
        page = doctor.get(kit.url(who, f"/findings?limit=4{f'&cursor={cursor}' if cursor else ''}")).json
        seen, cursor = [*seen, *(one["id"] for one in page["items"])], page["next"]
    assert sorted(seen) == sorted(str(one["_id"]) for one in kit.findings(who))
    assert doctor.get(kit.url(who, "/findings?cursor=%C3%A9")).status_code == 400


def test_tables_are_listed_with_their_sources_and_shown_whole(client, seeded):
    doctor = kit.doctor(client)
    told = {one["code"]: one for one in doctor.get("/office/v1/health/tools").json["items"]}
    assert {code: one["version"] for code, one in told.items()} == {
        "ability": 1,
        "news2": 1,
        "self_care": 1,
        "yearly_check": 2,
    }
    assert told["ability"]["source"]["title"] == "GB/T 42195-2022 老年人能力评估规范"
    whole = doctor.get("/office/v1/health/tools/ability").json
    assert len(whole["content"]["items"]) == 26
    assert doctor.get("/office/v1/health/tools/unheard_of").status_code == 404


def test_the_summary_gets_findings_ranges_and_what_is_due(elder_phone, client):
    who, doctor = enrolled(elder_phone), kit.doctor(client)
    kit.measure(who, systolic=186, diastolic=104)
    programme.confirm(doctor.actor(), who["_id"], "hypertension")
    reader = view.of_staff(doctor.actor(), who["_id"])
    found = summary_parts.items("findings", who, reader)
    assert [(one["word"], one["severity"]) for one in found] == [("health_a_blood_pressure", "urgent")]
    assert "高血压随访" in [one["title_zh"] for one in summary_parts.items("next_due", who, reader)]
    general = summary_parts.range_of(who, "systolic")
    assert (general.high, general.personal) == (149, False)
    wanted = Wanted("systolic", 100, 160, kit.in_days(30), "专科建议")
    personal_range.put(doctor.actor(), who["_id"], wanted)
    own = summary_parts.range_of(who, "systolic")
    assert (own.low, own.high, own.personal, own.until) == (100, 160, True, kit.in_days(30).isoformat())
    yearly_check.put(doctor.actor(), who["_id"], 2026, [])
    assert summary_parts.items("yearly_check", who, reader)[0]["value_zh"] == "还差30项"
