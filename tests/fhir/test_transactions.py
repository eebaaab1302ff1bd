"""Transaction Bundles: all or nothing, entries that name each other, conditions inside."""

import pytest

from models.eldercare import fhir_patient
from models.eldercare.observation import HealthObservation
from models.eldercare.provenance import HealthProvenance
from models.eldercare.record import HealthRecord
from tests.fhir import kit
from tests.support.phone import resident_id

ELDER, READING = "urn:uuid:0b7dbb02-24f6-4d5c-9ca4-a7c2b7f5d0a1", "urn:uuid:9c4ef9d8-2a53-4b39-9c8e-1df6a0ee41f2"


def nothing_stored() -> bool:
    kinds = (HealthObservation, HealthRecord, HealthProvenance)
    return all(one._get_collection().find_one({"_id": {"$exists": True}}) is None for one in kinds)


def newcomer() -> dict:
    identifier = [{"system": fhir_patient.DOCUMENT, "value": resident_id("19490107")}]
    return {"resourceType": "Patient", "name": [{"text": "谢桂英"}], "identifier": identifier}


def of(urn: str, made) -> dict:
    """Return a resource about the patient that another entry makes."""
    told = made("x")
    return told | {"patient" if "patient" in told else "subject": {"reference": urn}}


def test_a_patient_and_facts_that_name_each_other_are_stored_together(doctor):
    told = kit.bundle(
        kit.post(kit.provenance(READING)),
        *(kit.post(of(ELDER, made), READING if name == "Observation" else "") for name, made in kit.ALL.items()),
        kit.post(newcomer(), ELDER),
    )
    answer = doctor.post("/", told)
    assert answer.status_code == 200, answer.json
    assert [one["response"]["status"] for one in answer.json["entry"]] == ["201 Created"] * 7
    patient = answer.json["entry"][-1]["fullUrl"].rpartition("/")[2]
    assert len(doctor.get(f"/Patient/{patient}/$everything").json["entry"]) == 7
    (provenance,) = doctor.found("Provenance", patient=patient)
    assert provenance["target"][0]["reference"] in answer.json["entry"][1]["fullUrl"]
    assert doctor.get("/" + answer.json["entry"][2]["response"]["location"].partition("/fhir/")[2]).status_code == 200


def test_a_bundle_goes_to_the_address_of_the_server_with_or_without_a_slash(doctor, elder):
    for path in ("", "/"):
        assert doctor.post(path, kit.bundle(kit.post(kit.heart_rate(elder)))).status_code == 200
    assert len(doctor.found("Observation", patient=elder)) == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_wrong_entry_leaves_nothing_and_is_named(doctor, elder, place):
    entries = [kit.post(kit.heart_rate(elder)), kit.post(kit.condition(elder))]
    entries.insert(place, kit.post(kit.heart_rate(elder) | {"valueQuantity": kit.quantity(float(7), "/min")}))
    entries[place]["resource"]["code"] = kit.concept("99999-9")
    answer = doctor.post("/", kit.bundle(*entries))
    assert answer.status_code == 422
    assert answer.json["issue"][1]["expression"] == [f"Bundle.entry[{place}].resource.code"]
    assert nothing_stored()


def test_what_a_rule_refuses_late_leaves_nothing(doctor, elder):
    pair = kit.named()
    first, second = kit.post(kit.heart_rate(elder, identifier=pair)), kit.post(kit.heart_rate(elder, identifier=pair))
    assert doctor.post("/", kit.bundle(first, second)).status_code == 409
    assert nothing_stored()
    assert doctor.post("/", kit.bundle(first, kit.post(kit.heart_rate("673ec0a5c0ffee0123456789")))).status_code == 404
    assert nothing_stored()


def test_a_bundle_with_conditions_sent_twice_is_stored_once(doctor, elder):
    pairs = [kit.named() for _ in range(3)]
    told = kit.bundle(
        *(
            kit.post(
                kit.heart_rate(elder, identifier=pair), condition_=f"identifier={pair[0]['system']}|{pair[0]['value']}"
            )
            for pair in pairs
        )
    )
    first, again = doctor.post("/", told).json, doctor.post("/", told).json
    assert [one["response"]["status"] for one in again["entry"]] == ["200 OK"] * 3
    assert [one["fullUrl"] for one in first["entry"]] == [one["fullUrl"] for one in again["entry"]]
    assert len(doctor.found("Observation", patient=elder)) == 3


def test_a_correction_in_a_bundle_needs_its_version(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    changed = {**kit.heart_rate(elder, 80), "id": made["id"]}
    entry = {"resource": changed, "request": {"method": "PUT", "url": f"Observation/{made['id']}", "ifMatch": 'W/"2"'}}
    assert doctor.post("/", kit.bundle(kit.post(kit.condition(elder)), entry)).status_code == 412
    assert doctor.found("Condition", patient=elder) == []
    entry["request"]["ifMatch"] = 'W/"1"'
    answer = doctor.post("/", kit.bundle(kit.post(kit.condition(elder)), entry))
    assert [one["response"]["status"] for one in answer.json["entry"]] == ["201 Created", "200 OK"]


@pytest.mark.parametrize(
    ("change", "element"),
    [
        (lambda told: told.update(type="history"), "Bundle.type"),
        (lambda told: told.update(entry=[]), "Bundle.entry"),
        (lambda told: told.update(entry=told["entry"] * 201), "Bundle.entry"),
        (lambda told: told["entry"][0].pop("request"), "Bundle.entry[0]"),
        (lambda told: told["entry"][0]["request"].update(method="DELETE"), "Bundle.entry[0]"),
        (lambda told: told["entry"][0]["request"].update(method="PATCH"), "Bundle.entry[0].request"),
        (lambda told: told["entry"][0]["request"].update(url="http://x/y"), "Bundle.entry[0].request"),
        (lambda told: told["entry"][0]["request"].update(method=5), "Bundle.entry[0].request"),
        (lambda told: told["entry"][0].update(fullUrl="urn:uuid:nonsense"), "Bundle.entry[0].fullUrl"),
        (lambda told: told["entry"][0].update(fullUrl=READING) or told["entry"].append(told["entry"][0]),
         "Bundle.entry"),
        (lambda told: told["entry"][0]["resource"].update(subject={"reference": ELDER}),
         "Bundle.entry[0].resource.subject.reference"),
        (lambda told: told["entry"][0]["resource"].pop("status"), "Bundle.entry[0].resource.status"),
    ],
)  # fmt: skip
def test_a_bundle_of_a_wrong_form_names_the_element(doctor, elder, change, element):
    told = kit.bundle(kit.post(kit.heart_rate(elder)))
    change(told)
    answer = doctor.post("/", told)
    assert (answer.status_code, answer.json["issue"][1]["expression"]) == (422, [element])
    assert nothing_stored()
