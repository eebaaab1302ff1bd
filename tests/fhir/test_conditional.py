"""Conditional create: what is sent twice, or by many at once, is stored once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models.audit.entry import AuditEntry
from models.eldercare import fhir_parts, fhir_patient
from models.eldercare.observation import HealthObservation
from models.eldercare.subject import HealthSubject
from models.identity.person import Person
from tests.fhir import kit
from tests.support.phone import resident_id

AT_ONCE = 8


def condition(pair: list[dict]) -> str:
    return f"identifier={pair[0]['system']}|{pair[0]['value']}"


def at_once(app, caller: kit.Caller, resource: dict, **headers) -> list[int]:
    """Send the same resource from many at the same moment, and return the statuses."""
    gate = Barrier(AT_ONCE)

    def send(_number: int) -> int:
        other = kit.Caller(app.test_client(), caller.token)
        gate.wait()
        return other.post(f"/{resource['resourceType']}", resource, **headers).status_code

    with ThreadPoolExecutor(AT_ONCE) as together:
        return sorted(together.map(send, range(AT_ONCE)))


def stored() -> int:
    return len(list(HealthObservation._get_collection().find({}, {"_id": 1}).hint("_id_")))


@pytest.mark.parametrize("name", kit.ALL)
def test_the_same_identifier_is_one_resource_and_without_a_condition_a_conflict(doctor, elder, name):
    pair = kit.named()
    told = kit.ALL[name](elder, identifier=pair[0] if name == "QuestionnaireResponse" else pair)
    first = doctor.made(told, If_None_Exist=condition(pair))
    again = doctor.post(f"/{name}", told, If_None_Exist=condition(pair))
    assert (again.status_code, again.json["id"]) == (200, first["id"])
    plain = doctor.post(f"/{name}", told)
    assert (plain.status_code, plain.json["issue"][0]["code"]) == (409, "duplicate")
    assert [one["id"] for one in doctor.found(name, patient=elder, identifier=f"urn:hospital:lab|{pair[0]['value']}")]


def test_one_identifier_of_two_patients_is_two_resources(doctor, elder):
    pair, other = kit.named(), kit.elder()
    doctor.made(kit.heart_rate(elder, identifier=pair), If_None_Exist=condition(pair))
    doctor.made(kit.heart_rate(other, identifier=pair), If_None_Exist=condition(pair))


@pytest.mark.parametrize("asked", ["code=8867-4", "identifier=urn:hospital:lab|another", "identifier=x", "", "?"])
def test_a_condition_that_cannot_be_kept_is_refused(doctor, elder, asked):
    answer = doctor.post("/Observation", kit.heart_rate(elder, identifier=kit.named("A1")), If_None_Exist=asked)
    assert (answer.status_code, stored()) == (412, 0)


def test_a_provenance_is_stored_once_by_what_was_recorded_when(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    told = kit.provenance(f"Observation/{made['id']}")
    asked = f"target=Observation/{made['id']}&recorded={told['recorded']}"
    first = doctor.made(told, If_None_Exist=asked)
    again = doctor.post("/Provenance", told, If_None_Exist=asked)
    assert (again.status_code, again.json["id"]) == (200, first["id"])
    assert doctor.post("/Provenance", told, If_None_Exist="target=x").status_code == 412


def test_many_at_once_store_one(doctor, elder, app):
    pair = kit.named()
    statuses = at_once(app, doctor, kit.heart_rate(elder, identifier=pair), If_None_Exist=condition(pair))
    assert statuses == [200] * (AT_ONCE - 1) + [201]
    assert stored() == 1


def test_without_the_key_many_at_once_store_many(doctor, elder, app, monkeypatch):
    monkeypatch.setattr(fhir_parts, "key", lambda _subject, _pair: "")
    pair = kit.named()
    statuses = at_once(app, doctor, kit.heart_rate(elder, identifier=pair), If_None_Exist=condition(pair))
    assert statuses == [201] * AT_ONCE
    assert stored() == AT_ONCE


def patient(number: str, name: str = "谢桂英", **more) -> dict:
    told = {"resourceType": "Patient", "name": [{"text": name}]}
    return told | {"identifier": [{"system": fhir_patient.DOCUMENT, "value": number}], **more}


class TestPatients:
    def test_a_new_patient_is_enrolled_at_the_doctors_clinic(self, doctor, stranger):
        number = resident_id("19490107")
        made = doctor.made(patient(number, birthDate="1949-01-07"))
        assert number not in str(made)
        assert made["generalPractitioner"][0]["identifier"]["value"] == kit.CLINIC
        assert doctor.made(kit.heart_rate(made["id"]))
        assert stranger.get(f"/Patient/{made['id']}").status_code == 404

    def test_the_same_person_is_one_patient(self, doctor):
        told = patient(resident_id("19490107"))
        asked = f"identifier={fhir_patient.DOCUMENT}|{told['identifier'][0]['value']}"
        first = doctor.made(told, If_None_Exist=asked)
        again = doctor.post("/Patient", told, If_None_Exist=asked)
        assert (again.status_code, again.json["id"]) == (200, first["id"])
        assert doctor.post("/Patient", told).status_code == 409

    def test_many_at_once_enrol_one(self, doctor, app):
        told = patient(resident_id("19490107"))
        asked = f"identifier={fhir_patient.DOCUMENT}|{told['identifier'][0]['value']}"
        assert at_once(app, doctor, told, If_None_Exist=asked) == [200] * (AT_ONCE - 1) + [201]
        assert len(list(HealthSubject._get_collection().find({}, {"_id": 1}).hint("_id_"))) == 1

    def test_who_is_in_another_clinics_care_is_cared_for_by_both(self, doctor, stranger):
        told = patient(resident_id("19490107"))
        first = doctor.made(told)
        doctor.made(kit.condition(first["id"]))
        assert stranger.get(f"/Patient/{first['id']}").status_code == 404
        made = stranger.made(told)
        assert made["id"] == first["id"]
        units = [one["identifier"]["value"] for one in made["generalPractitioner"]]
        assert units == [kit.CLINIC, kit.OTHER]
        for one in (doctor, stranger):
            assert len(one.found("Condition", patient=first["id"])) == 1
            assert one.post("/Patient", told).status_code == 409
        entries = AuditEntry._get_collection().find({"object": f"health_subject:{first['id']}"}).sort("at", 1)
        assert [one["action"] for one in entries] == ["health.enrol", "health.place", "health.place"]

    def test_a_child_is_not_enrolled(self, doctor):
        answer = doctor.post("/Patient", patient(resident_id("20180601")))
        assert (answer.status_code, kit.refused(answer)) == (422, "health_no_elder")
        assert HealthSubject._get_collection().find_one({"_id": {"$exists": True}}) is None

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"identifier": [{"system": "urn:x", "value": "1"}]}, 422),
            ({"identifier": []}, 422),
            ({"name": []}, 422),
            ({"birthDate": "1950-01-01"}, 422),
            ({"gender": "other"}, 422),
            ({"active": False}, 422),
            ({"telecom": [{"system": "phone", "value": "13800138000"}]}, 422),
            ({"identifier": [{"system": fhir_patient.DOCUMENT, "value": "360731194901070000"}]}, 400),
        ],
    )
    def test_who_is_not_told_rightly_is_not_enrolled(self, doctor, changes, status):
        answer = doctor.post("/Patient", patient(resident_id("19490107")) | changes)
        assert answer.status_code == status, answer.json
        assert HealthSubject._get_collection().find_one({"_id": {"$exists": True}}) is None

    def test_another_name_than_the_known_one_is_refused(self, doctor):
        number = resident_id("19490107")
        doctor.made(patient(number))
        answer = doctor.post("/Patient", patient(number, "别人"))
        assert (answer.status_code, kit.refused(answer)) == (409, "health_person_differs")

    def test_a_refused_bundle_declares_nobody(self, doctor):
        before = len(list(Person._get_collection().find({}, {"_id": 1}).hint("_id_")))
        urn = "urn:uuid:0b7dbb02-24f6-4d5c-9ca4-a7c2b7f5d0a1"
        wrong = kit.heart_rate("x") | {"subject": {"reference": urn}, "effectiveDateTime": "2031-01-01T00:00:00Z"}
        answer = doctor.post("/", kit.bundle(kit.post(patient(resident_id("19490107")), urn), kit.post(wrong)))
        assert answer.status_code == 422
        assert HealthSubject._get_collection().find_one({"_id": {"$exists": True}}) is None
        assert len(list(Person._get_collection().find({}, {"_id": 1}).hint("_id_"))) == before
