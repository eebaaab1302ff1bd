"""Searches: the usual parameters, pages by links, and what is not understood is refused."""

from datetime import timedelta

import pytest

from backend import clock
from tests.fhir import kit


def values(found: list[dict]) -> list[float]:
    return [one["valueQuantity"]["value"] for one in found]


def days(number: int) -> str:
    return kit.ago(days=number)


def day(number: int) -> str:
    return clock.civil(clock.now() - timedelta(days=number)).date().isoformat()


@pytest.fixture
def measured(doctor, elder):
    """Heart rates of ten days, each the number of the day, and a blood pressure and a glucose of today."""
    for number in range(1, 11):
        doctor.made(kit.heart_rate(elder, 60 + number, at=days(number)))
    doctor.made(kit.blood_pressure(elder))
    doctor.made(kit.glucose(elder))
    return doctor


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 12),
        ({"code": "8867-4"}, 10),
        ({"code": "http://loinc.org|8867-4"}, 10),
        ({"code": "http://snomed.info/sct|8867-4"}, 0),
        ({"code": "85354-9,14771-0"}, 2),
        ({"code": "99999-9"}, 0),
        ({"category": "vital-signs"}, 11),
        ({"category": "laboratory"}, 1),
        ({"category": "laboratory", "code": "8867-4"}, 0),
        ({"status": "final"}, 12),
        ({"status": "amended,entered-in-error"}, 0),
        ({"_lastUpdated": "ge2026-01-01"}, 12),
        ({"_lastUpdated": "lt2026-01-01"}, 0),
    ],
)
def test_observations_are_found_by_code_category_status_and_time(measured, elder, asked, number):
    assert len(measured.found("Observation", patient=elder, **asked)) == number
    assert len(measured.found("Observation", subject=f"Patient/{elder}", **asked)) == number


def test_dates_have_prefixes_and_any_precision(measured, elder):
    def found(*dates: str) -> list[float]:
        return values(measured.found("Observation", patient=elder, code="8867-4", date=list(dates)))

    assert found(day(3)) == [63]
    assert found(f"ge{day(3)}") == [61, 62, 63]
    assert found(f"gt{day(3)}") == [61, 62]
    assert found(f"lt{day(9)}") == [70]
    assert found(f"le{day(9)}") == [69, 70]
    assert found(f"ge{day(4)}", f"le{day(3)}") == [63, 64]
    assert found(f"sa{day(2)}") == [61]
    assert found(f"eb{day(9)}") == [70]
    assert len(found(day(0)[:4])) == 10
    assert found(f"ge{kit.ago(days=2, minutes=10)}") == [61, 62]
    assert measured.search("Observation", patient=elder, _sort="date").json["entry"][0]["resource"]["valueQuantity"]


def test_pages_follow_by_links_and_give_each_once(measured, elder):
    path, seen = f"/Observation?patient={elder}&code=8867-4&_count=3", []
    while path:
        answer = measured.get(path).json
        seen += values([one["resource"] for one in answer["entry"]])
        links = {one["relation"]: one["url"] for one in answer["link"]}
        path = links["next"].partition("/fhir")[2] if "next" in links else ""
    assert seen == [60 + number for number in range(1, 11)]
    asked = {"patient": elder, "code": "8867-4", "_sort": "date", "_count": 4}
    assert values(measured.found("Observation", **asked)) == [70, 69, 68, 67]


def test_a_search_may_come_as_a_form(measured, elder):
    answer = measured.post(
        "/Observation/_search", f"patient={elder}&code=8867-4".encode(),
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert len(answer.json["entry"]) == 10


def test_problems_are_found_by_what_is_sealed_page_by_page(doctor, elder):
    for number in range(12):
        code = {"coding": [{"system": kit.ICD, "code": f"E{number % 3}"}], "text": f"问题{number}"}
        doctor.made(kit.condition(elder, code=code, onsetDateTime=f"20{10 + number}"))
    doctor.made(kit.condition(elder, "旧病", clinicalStatus=kit.concept("resolved")))
    asked = {"patient": elder, "code": f"{kit.ICD}|E1", "_count": 2}
    first = doctor.search("Condition", **asked).json
    assert len(first["entry"]) == 2
    path = next(one["url"] for one in first["link"] if one["relation"] == "next").partition("/fhir")[2]
    assert len(doctor.get(path).json["entry"]) == 2
    assert len(doctor.found("Condition", patient=elder, **{"clinical-status": "resolved"})) == 1
    assert len(doctor.found("Condition", patient=elder, **{"onset-date": "ge2015,"[:6]})) == 8


@pytest.mark.parametrize(
    ("name", "asked", "number"),
    [
        ("MedicationStatement", {"status": "active"}, 1),
        ("MedicationStatement", {"status": "completed"}, 0),
        ("MedicationStatement", {"effective": "2024"}, 1),
        ("AllergyIntolerance", {"date": "2019-08-01"}, 1),
        ("AllergyIntolerance", {"clinical-status": "inactive"}, 0),
        ("QuestionnaireResponse", {"authored": "ge2026"}, 1),
        ("QuestionnaireResponse", {"status": "in-progress"}, 0),
    ],
)
def test_records_are_found_by_their_parameters(doctor, elder, name, asked, number):
    doctor.made(kit.ALL[name](elder))
    assert len(doctor.found(name, patient=elder, **asked)) == number


def test_where_a_fact_comes_from_is_found_by_the_fact(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    (own,) = doctor.found("Provenance", target=f"Observation/{made['id']}")
    assert own["agent"][0]["who"]["display"] == "村卫生室"
    assert doctor.get(f"/Provenance/{own['id']}").json == own
    told = doctor.made(kit.provenance(f"Observation/{made['id']}"))
    found = doctor.found("Provenance", target=f"Observation/{made['id']}")
    assert [one["id"] for one in found] == [own["id"], told["id"]]
    assert [one["id"] for one in doctor.found("Provenance", patient=elder)] == [told["id"]]


@pytest.mark.parametrize(
    "asked",
    [
        {"ghost": "1"}, {"code:text": "x"}, {"date": "yesterday"}, {"date": "ne2026"}, {"date": "2026-13"},
        {"date": "2026-11-19T10:00:00"}, {"date": "1"}, {"_count": "0"}, {"_count": "x"}, {"_count": "-1"},
        {"_sort": "code"}, {"_cursor": "nonsense"}, {"code": ""}, {"code": ["a", "b"]}, {"_include": "x"},
        {"code": "x" * 600}, {"_id": ",,"},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(doctor, elder, asked):
    answer = doctor.search("Observation", patient=elder, **asked)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (400, "invalid")


def test_staff_name_the_patient_whose_facts_they_search(doctor, elder):
    assert doctor.search("Observation").status_code == 400
    made = doctor.made(kit.heart_rate(elder))
    assert [one["id"] for one in doctor.found("Observation", _id=made["id"])] == [made["id"]]
    assert doctor.found("Observation", _id="nonsense", patient=elder) == []


def test_patients_are_found_by_their_ids_and_by_pages(doctor):
    mine = {kit.elder() for _ in range(5)}
    one = next(iter(mine))
    assert [each["id"] for each in doctor.found("Patient", _id=f"{one},673ec0a5c0ffee0123456789")] == [one]
    first = doctor.search("Patient", _count=3).json
    path = next(each["url"] for each in first["link"] if each["relation"] == "next").partition("/fhir")[2]
    pages = [first, doctor.get(path).json]
    assert {each["resource"]["id"] for page in pages for each in page["entry"]} == mine
