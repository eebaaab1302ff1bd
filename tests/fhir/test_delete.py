"""DELETE withdraws: afterwards nothing finds or reads the resource, and what it said is kept with its versions."""

import pytest

from models.audit.entry import AuditEntry
from models.eldercare.observation import HealthObservation
from models.eldercare.version import HealthVersion
from tests.fhir import kit

OBSERVATION = "/Observation/{}".format


def deleted(caller, made: dict, **headers):
    return caller.send("DELETE", f"/{made['resourceType']}/{made['id']}", **headers)


def standing(made: dict) -> dict:
    return next(
        one for one in HealthObservation._get_collection().find({}).hint("_id_") if str(one["_id"]) == made["id"]
    )


@pytest.mark.parametrize("make", [kit.heart_rate, kit.condition, kit.medication, kit.allergy, kit.questionnaire])
def test_what_was_deleted_is_gone_and_its_earlier_version_is_kept(doctor, elder, make):
    made = doctor.made(make(elder))
    path = f"/{made['resourceType']}/{made['id']}"
    answer = deleted(doctor, made)
    assert (answer.status_code, answer.data) == (204, b"")
    answer = doctor.get(path)
    assert (answer.status_code, answer.json["issue"][0]["code"], kit.refused(answer)) == (410, "deleted", "fhir_gone")
    assert doctor.get(f"{path}/_history/2").status_code == 410
    assert doctor.get(f"{path}/_history/1").json == made
    assert doctor.found(made["resourceType"], patient=elder) == []
    assert doctor.found(made["resourceType"], patient=elder, _id=made["id"]) == []
    everything = doctor.get(f"/Patient/{elder}/$everything").json["entry"]
    assert [one["resource"]["resourceType"] for one in everything] == ["Patient"]


def test_deleting_again_changes_nothing_and_leaves_one_entry_in_the_audit(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    for _ in range(3):
        assert deleted(doctor, made).status_code == 204
    about = {"object": f"health_observations:{made['id']}", "action": "health.correct"}
    assert len(list(AuditEntry._get_collection().find(about))) == 1
    assert len(list(HealthVersion._get_collection().find({"subject": standing(made)["subject"]}))) == 1
    assert (standing(made)["state"], standing(made)["version"]) == ("entered_in_error", 2)


def test_a_version_that_passed_is_not_deleted_where_it_is_named(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    answer = deleted(doctor, made, If_Match='W/"2"')
    assert (answer.status_code, kit.refused(answer)) == (412, "fhir_version_passed")
    assert doctor.get(OBSERVATION(made["id"])).status_code == 200
    assert deleted(doctor, made, If_Match='W/"1"').status_code == 204


def test_what_was_entered_in_error_is_deleted_too(doctor, elder):
    told = kit.heart_rate(elder)
    made = doctor.made(told)
    wrong = {**told, "id": made["id"], "status": "entered-in-error"}
    assert doctor.put(OBSERVATION(made["id"]), wrong, If_Match='W/"1"').status_code == 200
    assert deleted(doctor, made).status_code == 204
    assert doctor.get(OBSERVATION(made["id"])).status_code == 410


def test_what_was_deleted_is_neither_corrected_nor_made_again(doctor, elder):
    pair = kit.named()
    told = kit.heart_rate(elder, identifier=pair)
    made = doctor.made(told)
    deleted(doctor, made)
    answer = doctor.put(OBSERVATION(made["id"]), {**told, "id": made["id"]}, If_Match='W/"2"')
    assert (answer.status_code, kit.refused(answer)) == (410, "fhir_gone")
    condition = f"identifier={pair[0]['system']}|{pair[0]['value']}"
    answer = doctor.post("/Observation", told, If_None_Exist=condition)
    assert (answer.status_code, kit.refused(answer)) == (409, "fhir_duplicate")


def test_neither_a_patient_nor_a_provenance_is_deleted(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    told = doctor.made(kit.provenance(f"Observation/{made['id']}"))
    assert doctor.send("DELETE", f"/Patient/{elder}").status_code == 405
    assert deleted(doctor, told).status_code == 405
    assert doctor.send("DELETE", "/Ghost/673ec0a5c0ffee0123456789").status_code == 404


def test_another_doctors_patient_has_nothing_to_delete(doctor, stranger, elder):
    made = doctor.made(kit.heart_rate(elder))
    assert deleted(stranger, made).status_code == 404
    assert doctor.get(OBSERVATION(made["id"])).status_code == 200


def test_a_transaction_deletes_and_creates_or_does_neither(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    delete = {"request": {"method": "DELETE", "url": f"Observation/{made['id']}"}}
    refused = doctor.post("/", kit.bundle(delete, kit.post(kit.heart_rate("673ec0a5c0ffee0123456789"))))
    assert refused.status_code == 404
    assert doctor.get(OBSERVATION(made["id"])).status_code == 200
    answer = doctor.post("/", kit.bundle(kit.post(kit.heart_rate(elder, 80)), delete))
    assert [one["response"]["status"] for one in answer.json["entry"]] == ["201 Created", "204 No Content"]
    assert doctor.get(OBSERVATION(made["id"])).status_code == 410


def test_in_a_batch_each_entry_stands_for_itself(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    wrong = kit.heart_rate(elder)
    wrong.pop("status")
    entries = [
        kit.post(kit.heart_rate(elder, 81)),
        kit.post(wrong),
        kit.post(kit.heart_rate("673ec0a5c0ffee0123456789")),
        {"request": {"method": "DELETE", "url": f"Observation/{made['id']}"}},
        {"request": {"method": "GET", "url": f"Observation/{made['id']}"}},
    ]
    answer = doctor.post("/", kit.bundle(*entries, kind="batch"))
    assert (answer.status_code, answer.json["type"]) == (200, "batch-response")
    told = [one["response"] for one in answer.json["entry"]]
    assert [one["status"][:3] for one in told] == ["201", "422", "404", "204", "422"]
    assert told[1]["outcome"]["issue"][1]["expression"] == ["Bundle.entry[1].resource.status"]
    assert [one["valueQuantity"]["value"] for one in doctor.found("Observation", patient=elder)] == [81]


def test_entries_of_a_batch_do_not_know_each_other(doctor, elder):
    url = "urn:uuid:0b6ed5c5-5f4b-4a3f-9b53-6a3f0f3d7a11"
    entries = [kit.post(kit.heart_rate(elder), url), kit.post(kit.provenance(url))]
    answer = doctor.post("/", kit.bundle(*entries, kind="batch"))
    assert [one["response"]["status"][:3] for one in answer.json["entry"]] == ["201", "422"]


def test_a_batch_of_a_wrong_form_is_refused_whole(doctor):
    assert doctor.post("/", kit.bundle(kind="batch")).status_code == 422
    assert doctor.post("/", {"resourceType": "Bundle", "type": "batch", "entry": [{}] * 201}).status_code == 422
    assert doctor.post("/", kit.bundle({}, kind="batch")).json["entry"][0]["response"]["status"].startswith("422")
