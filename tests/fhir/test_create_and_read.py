"""Creating and reading resources of every type: what comes back is what was sent, with version and source."""

import pytest

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare.observation import HealthObservation
from models.eldercare.record import HealthRecord
from tests.fhir import kit

TOLD_BY_SERVER = {"id", "meta", "issued", "performer", "asserter", "informationSource", "author", "category", "code"}


@pytest.mark.parametrize("name", kit.ALL)
def test_what_was_created_is_read_as_it_was_sent(doctor, elder, name):
    sent = kit.ALL[name](elder)
    made = doctor.made(sent)
    answer = doctor.get(f"/{name}/{made['id']}")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.json == made
    kept = {key: one for key, one in sent.items() if key not in TOLD_BY_SERVER and key != "component"}
    assert {key: answer.json[key] for key in kept} == kept


def test_a_panel_keeps_its_parts_with_loinc_and_ucum(doctor, elder):
    made = doctor.made(kit.blood_pressure(elder, 148, 86))
    parts = {one["code"]["coding"][0]["code"]: one["valueQuantity"] for one in made["component"]}
    assert parts == {"8480-6": kit.quantity(148, "mm[Hg]"), "8462-4": kit.quantity(86, "mm[Hg]")}
    assert made["code"]["coding"][0] == {"system": kit.LOINC, "code": "85354-9"}
    assert made["performer"] == [
        {"display": "村卫生室", "identifier": {"system": "urn:yudu:unit", "value": kit.CLINIC}}
    ]


def test_another_unit_is_converted_and_a_value_beyond_a_living_person_is_flagged_and_kept(doctor, elder):
    made = doctor.made(
        kit.blood_pressure(elder, 20, 12)
        | {"component": [{"code": kit.concept("8480-6"), "valueQuantity": kit.quantity(20, "kPa")}]}
    )
    assert made["component"][0]["valueQuantity"] == kit.quantity(150, "mm[Hg]")
    assert [one["code"] for one in made["meta"]["tag"]] == ["unit_converted"]
    strange = doctor.made(kit.heart_rate(elder, 400))
    assert [one["code"] for one in strange["meta"]["tag"]] == ["implausible"]
    assert strange["valueQuantity"]["value"] == 400


def test_a_create_tells_where_the_resource_lies_and_that_it_was_audited(doctor, elder):
    answer = doctor.post("/Observation", kit.heart_rate(elder))
    number = answer.json["id"]
    assert answer.headers["Location"].endswith(f"/fhir/Observation/{number}/_history/1")
    (line,) = AuditEntry._get_collection().find({"object": f"health_observations:{number}"})
    assert (line["action"], line["unit"], line["details"]) == ("fhir.create", kit.CLINIC, {"version": 1})


def test_words_about_an_elder_are_sealed_in_the_store(doctor, elder):
    doctor.made(kit.condition(elder, "帕金森病", note=[{"text": "左手震颤"}]))
    (stored,) = HealthRecord._get_collection().find({"kind": "condition"}).hint("_id_")
    assert "帕金森病".encode() not in stored["content"]
    assert "帕金森病" not in str({name: one for name, one in stored.items() if name != "content"})


def test_a_look_of_the_staff_is_an_access_line_with_purpose_and_fields(doctor, elder):
    made = doctor.made(kit.condition(elder))
    assert doctor.get(f"/Condition/{made['id']}").status_code == 200
    lines = list(AccessLine._get_collection().find({"who": doctor.clerk.actor().key}))
    assert [(one["purpose"], one["fields"]) for one in lines] == [("health_care", ["health.conditions"])]


def test_a_known_version_is_not_sent_again_and_minimal_answers_are_empty(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    assert doctor.get(f"/Observation/{made['id']}", If_None_Match='W/"1"').status_code == 304
    assert doctor.get(f"/Observation/{made['id']}", If_None_Match='W/"2"').status_code == 200
    answer = doctor.post("/Observation", kit.heart_rate(elder), Prefer="return=minimal")
    assert (answer.status_code, answer.data) == (201, b"")


def test_a_write_wakes_the_rules_in_the_same_write(doctor, elder):
    made = doctor.made(kit.heart_rate(elder))
    (stored,) = HealthObservation._get_collection().find({}).hint("_id_")
    assert [(one["task"], one["args"]) for one in stored["outbox"]] == [
        ("eldercare.judge", {"observation": made["id"]})
    ]


def test_a_patient_is_told_by_the_random_id_and_never_by_a_number(doctor):
    number = kit.resident_id("19480512")
    elder = kit.elder(number=number)
    told = doctor.get(f"/Patient/{elder}").json
    assert (told["id"], told["name"], told["birthDate"]) == (elder, [{"text": "钟福生"}], "1948-05-12")
    assert number not in str(told)
    assert number[-4:] not in str(told["identifier"])
