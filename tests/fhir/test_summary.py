"""Everything about a patient by pages, the summary as an IPS document, and what the server says of itself."""

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.field_words import FIELD_ZH
from models.eldercare import fhir_types, judge, observation, record
from models.eldercare.finding import HealthFinding
from models.eldercare.source import Source
from tests.fhir import kit

REQUIRED = ["11450-4", "48765-2", "10160-0"]


def sections(document: dict) -> dict[str, dict]:
    found = document["entry"][0]["resource"]["section"]
    return {one["code"]["coding"][0]["code"]: one for one in found}


def test_everything_is_told_once_over_all_pages(doctor, elder):
    made = {doctor.made(kit.ALL[name](elder))["id"] for name in kit.ALL for _ in range(3)}
    path, seen = f"/Patient/{elder}/$everything?_count=4", []
    while path:
        answer = doctor.get(path).json
        assert len(answer["entry"]) <= 4
        seen += [one["resource"]["id"] for one in answer["entry"]]
        links = {one["relation"]: one["url"] for one in answer["link"]}
        path = links["next"].partition("/fhir")[2] if "next" in links else ""
    assert seen[0] == elder
    assert sorted(seen) == sorted([elder, *made])


@pytest.mark.parametrize(
    "asked", ["_cursor=9.", "_cursor=x.y", "_cursor=0.nonsense", "_since=2026", "_cursor=.", "_id=1"]
)
def test_a_wrong_page_is_refused(doctor, elder, asked):
    assert doctor.get(f"/Patient/{elder}/$everything?{asked}").status_code == 400


def test_a_patient_without_data_has_the_three_sections_with_a_reason(doctor, elder):
    document = doctor.get(f"/Patient/{elder}/$summary").json
    assert document["type"] == "document"
    assert list(sections(document)) == REQUIRED
    for one in sections(document).values():
        assert one["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert "暂无记录" in one["text"]["div"]
    kinds = [one["resource"]["resourceType"] for one in document["entry"]]
    assert kinds == ["Composition", "Patient", "Organization"]
    assert document["entry"][0]["resource"]["type"]["coding"][0]["code"] == "60591-5"


def test_the_summary_tells_what_stands_and_nothing_that_is_over(doctor, elder):
    shown = [
        doctor.made(kit.condition(elder)),
        doctor.made(kit.allergy(elder)),
        doctor.made(kit.medication(elder)),
        doctor.made(kit.blood_pressure(elder)),
        doctor.made(kit.glucose(elder)),
    ]
    doctor.made(kit.condition(elder, "旧病", clinicalStatus=kit.concept("resolved")))
    doctor.made(kit.medication(elder, "停用的药", status="stopped"))
    document = doctor.get(f"/Patient/{elder}/$summary").json
    told = sections(document)
    assert list(told) == [*REQUIRED, "8716-3", "30954-2"]
    named = [entry["reference"] for one in told.values() for entry in one["entry"]]
    assert sorted(named) == sorted(f"{one['resourceType']}/{one['id']}" for one in shown)
    urls = {one["fullUrl"].partition("/fhir/")[2] for one in document["entry"]}
    assert set(named) <= urls
    assert "血压 148/86 毫米汞柱" in told["8716-3"]["text"]["div"]
    assert "旧病" not in str(document)
    assert "停用的药" not in str(document)


def test_assessments_and_plans_are_told_in_words(doctor, elder):
    for kind, title in (("assessment", "自理能力评估: 轻度依赖 <6 分>"), ("care_plan", "低盐饮食,每周测血压三次")):
        told = record.made(ObjectId(elder), kind, {"title_zh": title}, Source("village_clinic"), at=clock.now())
        record.keep(told)
    told = sections(doctor.get(f"/Patient/{elder}/$summary").json)
    assert "轻度依赖 &lt;6 分&gt;" in told["47420-5"]["text"]["div"]
    assert "低盐饮食" in told["18776-5"]["text"]["div"]


def test_of_many_measurements_the_last_ones_are_told(doctor, elder):
    for number in range(6):
        doctor.made(kit.heart_rate(elder, 60 + number, at=kit.ago(days=number + 1)))
    document = doctor.get(f"/Patient/{elder}/$summary").json
    found = [one["resource"] for one in document["entry"] if one["resource"]["resourceType"] == "Observation"]
    assert [one["valueQuantity"]["value"] for one in found] == [60, 61, 62]


def test_records_that_came_by_another_way_are_resources_too(doctor, elder):
    told = {"title_zh": "脑卒中后遗症", "text": "左侧肢体无力", "coding": [{"system": kit.ICD, "code": "I69"}]}
    for kind in ("condition", "medication", "allergy", "questionnaire_response"):
        record.keep(record.made(ObjectId(elder), kind, told, Source("hospital"), at=clock.now()))
    (found,) = doctor.found("Condition", patient=elder)
    assert (found["code"]["text"], found["code"]["coding"], found["note"][0]["text"]) == (
        "脑卒中后遗症", told["coding"], "左侧肢体无力",
    )  # fmt: skip
    assert found["asserter"]["display"] == "医院"
    assert len(doctor.get(f"/Patient/{elder}/$everything").json["entry"]) == 5
    assert list(sections(doctor.get(f"/Patient/{elder}/$summary").json)) == [*REQUIRED, "47420-5"]


def test_an_assessment_is_a_questionnaire_response_with_its_table_answers_and_result(doctor, elder):
    filled = kit.assessed(doctor, elder)
    (found,) = doctor.found("QuestionnaireResponse", patient=elder)
    assert (found["id"], found["questionnaire"]) == (filled["id"], "urn:yudu:health-tool:self_care|1")
    items = {one["linkId"]: one for one in found["item"]}
    assert items["meal"]["text"] == "进餐"
    assert items["meal"]["answer"][0]["valueCoding"]["display"] == "需要协助,如切碎、搅拌食物"
    result = {one["linkId"]: one["answer"][0] for one in items["result"]["item"]}
    assert (result["result.total"]["valueInteger"], result["result.grade"]["valueCoding"]["code"]) == (4, "slight")
    assert doctor.get(f"/QuestionnaireResponse/{filled['id']}").json == found
    everything = [one["resource"] for one in doctor.get(f"/Patient/{elder}/$everything").json["entry"]]
    assert everything[1:] == [found]
    told = sections(doctor.get(f"/Patient/{elder}/$summary").json)["47420-5"]
    assert told["entry"] == [{"reference": f"QuestionnaireResponse/{filled['id']}"}]
    assert "4分,轻度依赖" in told["text"]["div"]


def test_findings_and_alerts_are_not_told_over_fhir(doctor, elder):
    made = doctor.made(kit.blood_pressure(elder, 214, 128))
    document = observation.read(ObjectId(made["id"]))
    judge.judge(document["_id"])
    assert HealthFinding._get_collection().find_one({"subject": ObjectId(elder)}) is not None
    kinds = [one["resource"]["resourceType"] for one in doctor.get(f"/Patient/{elder}/$everything").json["entry"]]
    assert kinds == ["Patient", "Observation"]


def test_what_staff_wrote_down_is_told_with_dose_reaction_and_what_nobody_has(doctor, elder):
    told = [
        ("medication", {"title_zh": "氨氯地平片", "dosage_zh": "5 毫克", "frequency_zh": "每日一次"}),
        ("allergy", {"title_zh": "青霉素", "criticality": "high", "reaction_zh": "皮疹"}),
        ("condition", {"title_zh": "无慢性病", "none_known": True}),
    ]
    for kind, content in told:
        body = {"kind": kind, "content": content, "at": kit.ago(hours=1)}
        answer = doctor.clerk.post(f"/office/v1/health/elders/{elder}/records", body)
        assert answer.status_code == 201, answer.json
    (medicine,) = doctor.found("MedicationStatement", patient=elder)
    assert medicine["dosage"] == [{"text": "5 毫克,每日一次"}]
    (allergy,) = doctor.found("AllergyIntolerance", patient=elder)
    assert (allergy["criticality"], allergy["reaction"][0]["manifestation"][0]["text"]) == ("high", "皮疹")
    (problem,) = doctor.found("Condition", patient=elder)
    assert problem["code"]["coding"][0]["code"] == "no-known-problems"


def test_the_server_says_what_it_does(doctor):
    told = doctor.get("/metadata").json
    assert (told["fhirVersion"], told["kind"]) == ("4.0.1", "instance")
    rest = told["rest"][0]
    offered = {one["type"]: one for one in rest["resource"]}
    assert set(offered) == {"Patient", "Provenance", *kit.ALL}
    assert {one["name"] for one in offered["Patient"]["operation"]} == {"everything", "summary"}
    assert rest["interaction"] == [{"code": "transaction"}, {"code": "batch"}]
    assert "delete" in {each["code"] for each in offered["Observation"]["interaction"]}
    assert "delete" not in {each["code"] for each in offered["Patient"]["interaction"]}
    for name, one in offered.items():
        does = {each["code"] for each in one["interaction"]}
        assert does >= {"read", "search-type", "create"}
        assert ("update" in does) == (name not in {"Patient", "Provenance"})


def test_every_field_of_a_line_has_a_word(doctor, elder):
    for path in (f"/Patient/{elder}", f"/Patient/{elder}/$everything", f"/Patient/{elder}/$summary"):
        doctor.get(path)
    named = {
        field for one in AccessLine._get_collection().find({"subjects": {"$exists": True}}) for field in one["fields"]
    }
    named |= {one.shows for one in fhir_types.TYPES.values()}
    assert named - set(FIELD_ZH) == set()
