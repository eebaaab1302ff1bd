"""What the interface refuses, each as an OperationOutcome that names the element; nothing comes through as a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.eldercare.observation import HealthObservation
from tests.fhir import kit


def codes(answer) -> list[str]:
    return [one["code"] for one in answer.json["issue"]]


def where(answer) -> list[str]:
    return [path for one in answer.json["issue"] for path in one.get("expression", ())]


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"status": "preliminary"}, "Observation.status"),
        ({"status": "bogus"}, "Observation.status"),
        ({"code": None}, "Observation.code"),
        ({"code": kit.concept("99999-9")}, "Observation.code"),
        ({"code": kit.concept("8867-4", "http://snomed.info/sct")}, "Observation.code"),
        ({"effectiveDateTime": "2026-11-19"}, "Observation.effectiveDateTime"),
        ({"effectiveDateTime": "2026-11-19T10:00:00"}, "Observation.effectiveDateTime"),
        ({"effectiveDateTime": None}, "Observation.effectiveDateTime"),
        ({"effectiveDateTime": "0001-01-01T00:00:00+14:00"}, "Observation.effectiveDateTime"),
        ({"valueQuantity": None}, "Observation.valueQuantity"),
        ({"valueQuantity": {"value": "72", "unit": "/min"}}, None),
        ({"valueQuantity": {**kit.quantity(72, "/min"), "comparator": "<"}}, "Observation.valueQuantity.comparator"),
        ({"valueQuantity": {**kit.quantity(72, "/min"), "system": "urn:x"}}, "Observation.valueQuantity.system"),
        ({"component": [{"code": kit.concept("8480-6")}]}, "Observation.component"),
        ({"note": [{"text": "心慌"}]}, "Observation.note"),
        ({"ghost": 1}, "Observation.ghost"),
        ({"subject": None}, "Observation.subject"),
        ({"subject": {"reference": 5}}, "Observation.subject.reference"),
        ({"identifier": kit.named("a b")}, "Observation.identifier"),
        ({"identifier": kit.named("1") + kit.named("2")}, "Observation.identifier"),
        ({"identifier": kit.named("13800138000")}, "Observation.identifier.value"),
        ({"identifier": kit.named(kit.resident_id())}, "Observation.identifier.value"),
        ({"contained": [{"resourceType": "Basic"}]}, "Observation.contained"),
        ({"text": {"status": "generated", "div": "x" * 20_000}}, "Observation.text.div"),
        ({"text": {"status": "generated\0", "div": "x"}}, "Observation.text.status"),
    ],
)
def test_a_wrong_element_is_named_and_nothing_is_stored(doctor, elder, changes, element):
    told = {name: one for name, one in (kit.heart_rate(elder) | changes).items() if one is not None}
    answer = doctor.post("/Observation", told)
    if element is None:
        assert answer.status_code in {201, 422}
        return
    assert answer.status_code == 422, answer.json
    assert element in where(answer)
    assert HealthObservation._get_collection().find_one({"_id": {"$exists": True}}) is None


@pytest.mark.parametrize(
    ("name", "changes", "element"),
    [
        ("Condition", {"clinicalStatus": kit.concept("bogus")}, "Condition.clinicalStatus"),
        ("Condition", {"clinicalStatus": None}, "Condition.clinicalStatus"),
        ("Condition", {"code": {}}, "Condition.code"),
        ("Condition", {"onsetDateTime": "1234"}, "Condition.onsetDateTime"),
        ("Condition", {"evidence": [{"detail": [{"display": "x"}]}]}, "Condition.evidence"),
        ("Condition", {"bodySite": [{"text": "x", "extension": [
            {"url": "urn:x", "valueReference": {"reference": "Practitioner/1"}}]}]},
         "Condition.bodySite[0].extension[0].valueReference.reference"),
        ("MedicationStatement", {"status": "bogus"}, "MedicationStatement.status"),
        ("MedicationStatement", {"medicationCodeableConcept": {}}, "MedicationStatement.medicationCodeableConcept"),
        ("AllergyIntolerance", {"verificationStatus": kit.concept("bogus")}, "AllergyIntolerance.verificationStatus"),
        ("QuestionnaireResponse", {"subject": None}, "QuestionnaireResponse.subject"),
        ("QuestionnaireResponse", {"status": "bogus"}, "QuestionnaireResponse.status"),
    ],
)  # fmt: skip
def test_a_wrong_element_of_a_record_is_named(doctor, elder, name, changes, element):
    told = {key: one for key, one in (kit.ALL[name](elder) | changes).items() if one is not None}
    answer = doctor.post(f"/{name}", told)
    assert (answer.status_code, where(answer)) == (422, [element])


def test_an_unknown_unit_or_a_time_to_come_is_a_rule_that_refuses(doctor, elder):
    answer = doctor.post("/Observation", kit.heart_rate(elder) | {"valueQuantity": kit.quantity(7, "furlong")})
    assert (answer.status_code, codes(answer)) == (422, ["business-rule"])
    answer = doctor.post("/Observation", kit.heart_rate(elder, at="2027-01-01T00:00:00+08:00"))
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == "health_measured_in_future"


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/fhir+json", 400),
        (b"[]", "application/fhir+json", 400),
        (b'"x"', "application/fhir+json", 400),
        (b"null", "application/fhir+json", 400),
        (b"", "application/fhir+json", 400),
        (b'{"resourceType":"Patient"}', "application/fhir+json", 400),
        (b"\xff", "application/fhir+json", 400),
        (b"<Observation/>", "application/fhir+xml", 415),
        (b"[" * 2000, "application/fhir+json", 400),
        (b'{"resourceType":"Observation","text":' + b'{"a":' * 200 + b"1" + b"}" * 201, "application/fhir+json", 422),
    ],
)
def test_a_body_that_is_no_resource_is_refused(doctor, raw, kind, status):
    assert doctor.post("/Observation", raw, Content_Type=kind).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Practitioner", 404),
        ("GET", "/Practitioner/1", 404),
        ("POST", "/Practitioner", 404),
        ("GET", "/Observation/nonsense", 404),
        ("GET", "/Provenance/Observation.nonsense", 404),
        ("GET", "/Provenance/Ghost.673ec0a5c0ffee0123456789", 404),
        ("GET", "/Patient/673ec0a5c0ffee0123456789/$nonsense", 404),
        ("GET", "/no/such/place/at/all", 404),
        ("DELETE", "/Observation/673ec0a5c0ffee0123456789", 404),
        ("DELETE", "/Observation", 405),
        ("PATCH", "/Observation/673ec0a5c0ffee0123456789", 405),
        ("PUT", "/Observation", 405),
        ("GET", "/", 405),
    ],
)
def test_what_is_not_there_or_not_offered_is_an_outcome(doctor, method, path, status):
    body = {"resourceType": "Practitioner"} if method in {"POST", "PUT", "PATCH"} else None
    answer = doctor.send(method, path, body)
    assert (answer.status_code, answer.json["resourceType"]) == (status, "OperationOutcome")


def test_a_patient_is_not_corrected_here(doctor, elder):
    told = {**doctor.get(f"/Patient/{elder}").json, "name": [{"text": "别名"}]}
    assert doctor.put(f"/Patient/{elder}", told, If_Match='W/"1"').status_code == 405


@pytest.mark.parametrize("headers", [{"Accept": "application/fhir+xml"}, {"Accept": "text/html"}])
def test_only_json_is_offered(doctor, headers):
    assert doctor.get("/metadata", **headers).status_code == 406
    assert doctor.get("/metadata?_format=xml").status_code == 406
    assert doctor.get("/metadata?_format=json", **headers).status_code == 200


def test_an_outcome_speaks_the_language_of_the_client(doctor):
    assert doctor.get("/Ghost").json["issue"][0]["details"]["text"].startswith("不支持这种资源类型")
    told = doctor.get("/Ghost", Accept_Language="en").json["issue"][0]["details"]["text"]
    assert told.startswith("This type of resource is not supported")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_resource_however_spoiled_is_a_fault_of_the_server(doctor, elder, data):
    name = data.draw(st.sampled_from([*kit.ALL, "Provenance", "Patient", "Bundle"]))
    whole = kit.ALL.get(name, kit.condition)(elder)
    told = {**whole, "resourceType": name} if name in {"Provenance", "Patient", "Bundle"} else whole
    if name == "Bundle":
        told = kit.bundle(kit.post(whole))
    for _ in range(data.draw(st.integers(1, 3))):
        place = told
        while isinstance(place, dict | list) and place and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
            if not isinstance(place[key], dict | list):
                break
            place = place[key]
        if isinstance(place, dict) and place:
            place[
                data.draw(st.sampled_from(list(place)) | st.sampled_from(["identifier", "note", "item", "entry"]))
            ] = data.draw(JSON)
        elif isinstance(place, list) and place:
            place[0] = data.draw(JSON)
    path = "/" if name == "Bundle" else f"/{name}"
    answer = doctor.post(path, json.dumps(told).encode("utf-8", "surrogatepass"))
    assert answer.status_code < 500, (told, answer.json)
