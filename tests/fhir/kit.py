"""A village clinic on FHIR: its doctor, the elders whom it cares for, and what a hospital's program would send."""

import itertools
import json
from datetime import timedelta
from urllib.parse import urlencode

from bson import ObjectId

from backend import clock
from backend.identity_documents import parse
from models.eldercare import subject
from models.eldercare.subject import HealthSubject
from models.identity import person as persons
from models.identity.unit import Unit
from tests.fhir import official
from tests.support.clerk import Clerk
from tests.support.phone import resident_id

CLINIC, OTHER = "tantou_clinic", "luoao_clinic"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_numbers = itertools.count(1)


def clinics() -> None:
    """Store two village clinics."""
    for code, name, area in ((CLINIC, "潭头村卫生室", "360731113"), (OTHER, "罗坳村卫生室", "360731102")):
        told = {"name": name, "kind": "institution", "parent": "county_360731", "ancestors": ["county_360731"]}
        told |= {"area": area, "state": "active", "valid_from": "2022-01-01"}
        Unit._get_collection().update_one({"_id": code}, {"$set": told}, upsert=True)


def elder(unit: str = CLINIC, *, name: str = "钟福生", birth: str = "19480512", number: str = "") -> str:
    """Enrol an elder for whom a unit cares, and return the id of the record."""
    person = persons.find_or_declare(parse("resident_id", number or resident_id(birth)), name)
    return enrolled(person, unit)


def enrolled(person: ObjectId, unit: str = CLINIC) -> str:
    found = subject.enrol(person, by="staff:test", area="360731113")
    cares = {"unit": unit, "as": "village_clinic", "since": clock.now()}
    HealthSubject._get_collection().update_one({"_id": found["_id"]}, {"$push": {"units": cares}})
    return str(found["_id"])


def also(elder_: str, unit: str) -> None:
    """Let another unit care as well."""
    cares = {"unit": unit, "as": "village_clinic", "since": clock.now()}
    HealthSubject._get_collection().update_one({"_id": ObjectId(elder_)}, {"$push": {"units": cares}})


class Caller:
    """Somebody who speaks FHIR with a bearer token; every answer is looked at by the judges."""

    def __init__(self, client, token: str):
        self.client, self.token = client, token

    def send(self, method: str, path: str, body=None, **headers):
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        told = {"Authorization": f"Bearer {self.token}", **told} if self.token else told
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = told.pop("Content-Type", "application/fhir+json")
        answer = self.client.open(
            f"/fhir{path}", method=method, data=raw, content_type=kind if raw is not None else None, headers=told
        )
        if answer.status_code != 304 and answer.data:
            assert answer.mimetype == "application/fhir+json", (path, answer.data[:200])
            official.require(answer.json)
        return answer

    def get(self, path: str, **headers):
        return self.send("GET", path, **headers)

    def post(self, path: str, body, **headers):
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body, **headers):
        return self.send("PUT", path, body, **headers)

    def search(self, kind: str, **asked):
        return self.get(f"/{kind}?{urlencode(asked, doseq=True)}")

    def found(self, kind: str, **asked) -> list[dict]:
        answer = self.search(kind, **asked)
        assert answer.status_code == 200, answer.json
        return [one["resource"] for one in answer.json.get("entry", ())]

    def made(self, resource: dict, **headers) -> dict:
        answer = self.post(f"/{resource['resourceType']}", resource, **headers)
        assert answer.status_code == 201, answer.json
        return answer.json


def doctor(admin: Clerk, unit: str = CLINIC) -> Caller:
    hired = admin.hire("village_doctor", unit=unit)
    caller = Caller(admin.client, hired.token)
    caller.clerk = hired
    return caller


def refused(answer) -> str:
    """Return our code of an outcome."""
    return answer.json["issue"][0]["details"]["coding"][0]["code"]


def assessed(caller: Caller, elder_: str, meal: str = "partial") -> dict:
    """Fill an assessment at a desk: 4 points, slightly dependent."""
    chosen = {"meal": meal, "washing": "able", "dressing": "able", "toilet": "slight", "activity": "able"}
    body = {"tool": "self_care", "at": ago(minutes=3), "answers": chosen}
    answer = caller.clerk.post(f"/office/v1/health/elders/{elder_}/assessments", body)
    assert answer.status_code == 201, answer.json
    return answer.json


def concept(code: str, system: str = LOINC) -> dict:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str) -> dict:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def ago(**much) -> str:
    return clock.civil(clock.now() - timedelta(**much)).isoformat(timespec="seconds")


def heart_rate(patient: str, value: float = 72, *, at: str = "", **more) -> dict:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept("8867-4"),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at or ago(hours=1),
        "valueQuantity": quantity(value, "/min"),
        **more,
    }


def blood_pressure(patient: str, high: float = 148, low: float = 86, *, at: str = "", **more) -> dict:
    parts = [("8480-6", high), ("8462-4", low)]
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [concept("vital-signs", "http://terminology.hl7.org/CodeSystem/observation-category")],
        "code": concept("85354-9"),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at or ago(hours=1),
        "component": [{"code": concept(code), "valueQuantity": quantity(value, "mm[Hg]")} for code, value in parts],
        **more,
    }


def glucose(patient: str, value: float = 7.8, **more) -> dict:
    return heart_rate(patient, **more) | {"code": concept("14771-0"), "valueQuantity": quantity(value, "mmol/L")}


_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ICD = "http://hl7.org/fhir/sid/icd-10"


def condition(patient: str, text: str = "原发性高血压", **more) -> dict:
    return {
        "resourceType": "Condition",
        "clinicalStatus": concept("active", _CLINICAL),
        "code": {"coding": [{"system": ICD, "code": "I10", "display": text}], "text": text},
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": "2015-03",
        **more,
    }


def medication(patient: str, text: str = "氨氯地平片 5mg", **more) -> dict:
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
        "effectivePeriod": {"start": "2024-05-01"},
        "dosage": [{"text": "每日一次,每次一片"}],
        **more,
    }


def allergy(patient: str, text: str = "青霉素", **more) -> dict:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": concept("active", _ALLERGY),
        "code": {"text": text},
        "patient": {"reference": f"Patient/{patient}"},
        "recordedDate": "2019-08-01",
        **more,
    }


def questionnaire(patient: str, **more) -> dict:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "urn:yudu:questionnaire:self-care",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": ago(days=2),
        "item": [{"linkId": "1", "text": "进餐", "answer": [{"valueInteger": 0}]}],
        **more,
    }


def provenance(*targets: str, **more) -> dict:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in targets],
        "recorded": ago(minutes=5),
        "agent": [{"who": {"display": "县人民医院信息系统"}}],
        **more,
    }


def named(value: str = "", system: str = "urn:hospital:lab") -> list[dict]:
    return [{"system": system, "value": value or f"A{next(_numbers)}"}]


def bundle(*entries: dict, kind: str = "transaction") -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict, full_url: str = "", condition_: str = "") -> dict:
    request = {"method": "POST", "url": resource["resourceType"]}
    request |= {"ifNoneExist": condition_} if condition_ else {}
    return {"resource": resource, "request": request, **({"fullUrl": full_url} if full_url else {})}


ALL = {
    "Observation": blood_pressure,
    "Condition": condition,
    "MedicationStatement": medication,
    "AllergyIntolerance": allergy,
    "QuestionnaireResponse": questionnaire,
}
