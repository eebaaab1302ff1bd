"""Corrections by If-Match: the version that stands is replaced, what stood before is kept and can be read."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models.audit.entry import AuditEntry
from models.eldercare import fhir_conditions
from models.eldercare.observation import HealthObservation
from tests.fhir import kit

AT_ONCE = 6


def corrected(doctor, made: dict, told: dict, version: int = 1):
    path = f"/{made['resourceType']}/{made['id']}"
    return doctor.put(path, {**told, "id": made["id"]}, If_Match=f'W/"{version}"')


def test_a_corrected_value_is_amended_and_what_stood_before_is_kept(doctor, elder):
    at = kit.ago(hours=2)
    made = doctor.made(kit.heart_rate(elder, 172, at=at))
    answer = corrected(doctor, made, kit.heart_rate(elder, 72, at=at))
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert (answer.json["status"], answer.json["valueQuantity"]["value"]) == ("amended", 72)
    assert doctor.get(f"/Observation/{made['id']}").json == answer.json
    assert doctor.get(f"/Observation/{made['id']}/_history/1").json == made
    assert doctor.get(f"/Observation/{made['id']}/_history/2").json == answer.json
    assert doctor.get(f"/Observation/{made['id']}/_history/3").status_code == 404
    (line,) = AuditEntry._get_collection().find(
        {"object": f"health_observations:{made['id']}", "action": "health.correct"}
    )
    assert line["details"] == {"reason": "fhir", "version": 2, "state": "amended"}
    (stored,) = HealthObservation._get_collection().find({}).hint("_id_")
    assert len(stored["outbox"]) == 2


def test_a_problem_ends_and_its_earlier_version_is_read_as_it_was(doctor, elder):
    made = doctor.made(kit.condition(elder))
    over = kit.condition(elder, clinicalStatus=kit.concept("resolved"), abatementDateTime="2026-10")
    answer = corrected(doctor, made, over)
    assert (answer.status_code, answer.json["abatementDateTime"]) == (200, "2026-10")
    assert doctor.get(f"/Condition/{made['id']}/_history/1").json == made
    assert doctor.found("Condition", patient=elder, **{"clinical-status": "active"}) == []


@pytest.mark.parametrize("name", kit.ALL)
def test_what_was_entered_in_error_is_told_so_and_is_not_corrected_any_more(doctor, elder, name):
    told = kit.ALL[name](elder)
    made = doctor.made(told)
    wrong = {**told, "status": "entered-in-error"}
    if "clinicalStatus" in told:
        wrong = {key: one for key, one in told.items() if key != "clinicalStatus"}
        wrong["verificationStatus"] = kit.concept("entered-in-error")
    answer = corrected(doctor, made, wrong)
    assert answer.status_code == 200, answer.json
    assert "entered-in-error" in str(answer.json)
    assert corrected(doctor, made, told, 2).status_code == 409


@pytest.mark.parametrize(("header", "status"), [(None, 428), ('W/"2"', 412), ("nonsense", 412), ("*", 412)])
def test_a_correction_names_the_version_that_stands(doctor, elder, header, status):
    made = doctor.made(kit.heart_rate(elder))
    told = {**kit.heart_rate(elder, 80), "id": made["id"]}
    answer = doctor.put(f"/Observation/{made['id']}", told, **({"If_Match": header} if header else {}))
    assert answer.status_code == status
    assert doctor.get(f"/Observation/{made['id']}").json == made


@pytest.mark.parametrize("what", ["patient", "code", "identifier"])
def test_another_patient_code_or_identifier_is_another_resource(doctor, elder, what):
    made = doctor.made(kit.heart_rate(elder))
    told = {
        "patient": kit.heart_rate(kit.elder()),
        "code": kit.glucose(elder),
        "identifier": kit.heart_rate(elder, identifier=kit.named()),
    }[what]
    answer = corrected(doctor, made, told)
    assert (answer.status_code, answer.json["issue"][1]["code"]) == (422, "business-rule")


def test_the_id_in_the_body_is_that_of_the_path(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    assert doctor.put(f"/Observation/{made['id']}", kit.heart_rate(elder), If_Match='W/"1"').status_code == 400


def test_a_provenance_is_not_corrected(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    told = doctor.made(kit.provenance(f"Observation/{made['id']}"))
    assert doctor.put(f"/Provenance/{told['id']}", told, If_Match='W/"1"').status_code == 405


def at_once(app, doctor, made: dict, elder: str) -> list[int]:
    gate = Barrier(AT_ONCE)

    def send(number: int) -> int:
        other = kit.Caller(app.test_client(), doctor.token)
        gate.wait()
        return corrected(other, made, kit.heart_rate(elder, 60 + number)).status_code

    with ThreadPoolExecutor(AT_ONCE) as together:
        return sorted(together.map(send, range(AT_ONCE)))


def test_of_many_corrections_of_one_version_one_wins(doctor, elder, app):
    made = doctor.made(kit.heart_rate(elder))
    assert at_once(app, doctor, made, elder) == [200] + [412] * (AT_ONCE - 1)
    assert doctor.get(f"/Observation/{made['id']}").headers["ETag"] == 'W/"2"'


def test_without_the_version_each_overwrites_the_other(doctor, elder, app, monkeypatch):
    monkeypatch.setattr(fhir_conditions, "require_version", lambda _told, _stands: None)
    made = doctor.made(kit.heart_rate(elder))
    assert at_once(app, doctor, made, elder) == [200] * AT_ONCE
    assert doctor.get(f"/Observation/{made['id']}").headers["ETag"] == f'W/"{AT_ONCE + 1}"'


def test_another_unit_does_not_correct_what_this_one_said(doctor, stranger, elder):
    made = doctor.made(kit.heart_rate(elder))
    kit.also(elder, kit.OTHER)
    answer = corrected(stranger, made, kit.heart_rate(elder, 80))
    assert (answer.status_code, kit.refused(answer)) == (409, "health_not_your_entry")
    assert doctor.get(f"/Observation/{made['id']}").json == made


def test_the_office_shows_what_was_corrected_over_fhir_and_the_other_way_round(doctor, elder):
    made = doctor.made(kit.heart_rate(elder, 172))
    corrected(doctor, made, kit.heart_rate(elder, 72))
    path = f"/office/v1/health/elders/{elder}/observations/{made['id']}"
    (before,) = doctor.clerk.get(f"{path}/versions").json["items"]
    assert (before["values"], before["reason_zh"]) == ({"heart_rate": 172}, "由接口更正,未说明原因")
    body = {"code": "heart_rate", "values": {"heart_rate": {"value": 75, "unit": "/min"}}, "at": kit.ago(hours=1)}
    answer = doctor.clerk.call("PUT", path, body | {"version": 2, "reason": "typo"})
    assert answer.status_code == 200, answer.json
    told = doctor.get(f"/Observation/{made['id']}")
    assert (told.json["valueQuantity"]["value"], told.headers["ETag"]) == (75, 'W/"3"')


def test_an_assessment_is_withdrawn_and_not_rewritten(doctor, elder):
    kit.assessed(doctor, elder)
    (made,) = doctor.found("QuestionnaireResponse", patient=elder)
    answer = corrected(doctor, made, {**made, "authored": kit.ago(days=3)})
    assert (answer.status_code, kit.refused(answer)) == (409, "health_result_stands")
    answer = corrected(doctor, made, {**made, "status": "entered-in-error"})
    assert (answer.status_code, answer.json["status"]) == (200, "entered-in-error")
    assert answer.json["item"] == made["item"]
    assert doctor.get(f"/QuestionnaireResponse/{made['id']}/_history/1").json == made
