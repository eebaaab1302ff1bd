"""Who sees what over FHIR: the doctor in reach, the elder, who acts for them; nobody else, and nothing hidden."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from tests.fhir import kit
from tests.support.counter import Counter, resident
from tests.support.phone import person


@pytest.fixture
def counter(admin):
    return Counter(admin.hire("counter_clerk", unit="human_resources"))


class Family:
    """An elder with a phone, and a daughter with hers."""

    def __init__(self, counter, client, sandbox):
        self.phone, self.daughter = resident(client, sandbox), resident(client, sandbox)
        self.person = counter.verified(self.phone, person("钟桂花", "19440307"))
        self.daughters_person = counter.verified(self.daughter, person("李小红"))
        self.elder = kit.enrolled(ObjectId(self.person))
        self.counter = counter

    def caller(self, phone) -> kit.Caller:
        return kit.Caller(phone.client, phone.token)

    def acting(self, *scope: str) -> dict[str, str]:
        last_day = (clock.today() + timedelta(days=30)).isoformat()
        told = {"scope": list(scope), "last_day": last_day}
        made = self.counter.relate("helper", self.person, self.daughters_person, **told)
        assert made.status_code == 201, made.json
        return {"Acting_For": made.json["id"]}


@pytest.fixture
def family(counter, client, sandbox):
    return Family(counter, client, sandbox)


def hide(whose: Family, **told) -> None:
    """Hide something as the elder does, on their own phone."""
    answer = whose.phone.post("/mini/v1/health/hidden", told)
    assert answer.status_code == 201, answer.json


def paths(elder: str, made: dict) -> list[str]:
    kind = made["resourceType"]
    return [
        f"/{kind}/{made['id']}",
        f"/{kind}/{made['id']}/_history/1",
        f"/Provenance/{kind}.{made['id']}",
        f"/{kind}?patient={elder}",
        f"/Patient/{elder}",
        f"/Patient/{elder}/$everything",
        f"/Patient/{elder}/$summary",
    ]


def test_a_patient_of_another_doctor_is_not_found_like_one_that_is_not_there(doctor, stranger, elder):
    made = doctor.made(kit.condition(elder))
    nobody = str(ObjectId())
    for path in paths(elder, made):
        answer, missing = stranger.get(path), stranger.get(path.replace(elder, nobody).replace(made["id"], nobody))
        assert (answer.status_code, missing.status_code) == (404, 404), path
        assert answer.json["issue"][0]["details"] == missing.json["issue"][0]["details"]
        assert doctor.get(path).status_code == 200, path


def test_another_doctor_finds_nothing_and_writes_nothing(doctor, stranger, elder):
    made = doctor.made(kit.heart_rate(elder))
    assert stranger.found("Patient") == []
    assert stranger.found("Observation", _id=made["id"]) == []
    assert stranger.found("Provenance", target=f"Observation/{made['id']}") == []
    assert stranger.post("/Observation", kit.heart_rate(elder)).status_code == 404
    changed = {**kit.heart_rate(elder, 80), "id": made["id"]}
    assert stranger.put(f"/Observation/{made['id']}", changed, If_Match='W/"1"').status_code == 404
    assert stranger.post("/Provenance", kit.provenance(f"Observation/{made['id']}")).status_code == 404
    assert stranger.post("/", kit.bundle(kit.post(kit.condition(elder)))).status_code == 404
    assert doctor.found("Condition", patient=elder) == []


def test_who_is_not_logged_in_is_told_so_as_an_outcome(client, seeded):
    nobody = kit.Caller(client, "")
    answer = nobody.get("/Observation?patient=x")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json["issue"][0]["code"] == "login"
    assert nobody.get("/metadata").status_code == 200


def test_staff_without_the_right_are_refused(admin, elder):
    clerk = admin.hire("school_clerk", unit=kit.CLINIC)
    answer = kit.Caller(admin.client, clerk.token).get(f"/Patient/{elder}")
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (403, "forbidden")


def test_an_elder_reads_their_own_record_without_a_line_and_no_other(doctor, family, elder):
    made = doctor.made(kit.condition(family.elder))
    other = doctor.made(kit.condition(elder))
    own = family.caller(family.phone)
    before = len(list(AccessLine._get_collection().find({"purpose": "acting_for"})))
    for path in paths(family.elder, made):
        assert own.get(path).status_code == 200, path
    for path in paths(elder, other):
        assert own.get(path).status_code == 404, path
    assert [one["id"] for one in own.found("Condition")] == [made["id"]]
    assert [one["id"] for one in own.found("Patient")] == [family.elder]
    assert len(list(AccessLine._get_collection().find({"purpose": "acting_for"}))) == before


def test_residents_do_not_write(family):
    answer = family.caller(family.phone).post("/Observation", kit.heart_rate(family.elder))
    assert answer.status_code == 401


def test_who_is_not_enrolled_finds_nothing(client, sandbox, counter, admin):
    phone = resident(client, sandbox)
    counter.verified(phone, person("赖三妹", "19500101"))
    own = kit.Caller(client, phone.token)
    assert own.found("Patient") == own.found("Observation") == []


def test_a_daughter_reads_by_the_scope_health_and_each_look_is_a_line(doctor, family):
    made = doctor.made(kit.condition(family.elder))
    daughter = family.caller(family.daughter)
    acting = family.acting("health")
    for path in paths(family.elder, made):
        assert daughter.get(path, **acting).status_code == 200, path
        assert daughter.get(path).status_code in {200, 404}
        assert "原发性高血压" not in daughter.get(path).get_data(as_text=True)
    lines = list(AccessLine._get_collection().find({"purpose": "acting_for", "subjects": ObjectId(family.person)}))
    assert {field for one in lines for field in one["fields"]} >= {"health.conditions", "health.summary", "person.name"}


def test_another_scope_lets_nobody_read(doctor, family):
    answer = family.caller(family.daughter).get(f"/Patient/{family.elder}", **family.acting("affairs", "book"))
    assert (answer.status_code, answer.json["issue"][0]["details"]["coding"][0]["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("by", ["item", "word"])
def test_what_the_elder_hid_stays_hidden_wherever_it_would_be_told(doctor, family, by):
    made = doctor.made(kit.condition(family.elder, "抑郁发作"))
    shown = doctor.made(kit.allergy(family.elder))
    told = doctor.made(kit.provenance(f"Condition/{made['id']}"))
    what = {"item_id": made["id"]} if by == "item" else {"word": "condition"}
    hide(family, **what, family=True, units=[kit.CLINIC])
    acting = family.acting("health")
    for reader, headers in ((family.caller(family.daughter), acting), (doctor, {})):
        for path in paths(family.elder, made)[:3]:
            assert reader.get(path, **headers).status_code == 404, path
        assert reader.get(f"/Provenance/{told['id']}", **headers).status_code == 404
        for path in (*paths(family.elder, made)[3:], f"/Provenance?patient={family.elder}"):
            answer = reader.get(path, **headers)
            assert answer.status_code == 200
            assert made["id"] not in answer.get_data(as_text=True), path
            assert "抑郁" not in answer.get_data(as_text=True), path
        assert reader.get(f"/AllergyIntolerance/{shown['id']}", **headers).status_code == 200
    own = family.caller(family.phone)
    assert all(own.get(path).status_code == 200 for path in paths(family.elder, made))


def test_the_summary_does_not_tell_that_something_is_hidden(doctor, family):
    empty = doctor.get(f"/Patient/{family.elder}/$summary").json["entry"][0]["resource"]["section"]
    doctor.made(kit.condition(family.elder))
    hide(family, word="condition", units=[kit.CLINIC])
    assert doctor.get(f"/Patient/{family.elder}/$summary").json["entry"][0]["resource"]["section"] == empty


def test_a_broken_glass_opens_the_record_of_another_clinic_for_reading(doctor, stranger, family):
    made = doctor.made(kit.condition(family.elder))
    hide(family, word="condition", units=[kit.CLINIC])
    body = {"person_id": family.person, "emergency": "life_safety", "reason": "老人在外村昏倒"}
    assert stranger.clerk.post("/office/v1/break-glass", body).status_code == 201
    for path in paths(family.elder, made):
        assert stranger.get(path).status_code == 200, path
    assert stranger.post("/Observation", kit.heart_rate(family.elder)).status_code == 404
    lines = list(AccessLine._get_collection().find({"purpose": "emergency", "subjects": ObjectId(family.person)}))
    assert len(lines) == len(paths(family.elder, made))


def test_a_value_hidden_from_the_family_is_shown_to_the_doctor(doctor, family):
    made, shown = doctor.made(kit.glucose(family.elder)), doctor.made(kit.blood_pressure(family.elder))
    hide(family, word="fasting_glucose", family=True)
    acting, daughter = family.acting("health"), family.caller(family.daughter)
    for path in paths(family.elder, made):
        assert made["id"] not in daughter.get(path, **acting).get_data(as_text=True), path
        assert doctor.get(path).status_code == 200, path
    answer = daughter.get(f"/Observation?patient={family.elder}", **acting)
    assert [one["resource"]["id"] for one in answer.json["entry"]] == [shown["id"]]
    assert made["id"] in doctor.get(f"/Patient/{family.elder}/$everything").get_data(as_text=True)


def test_a_doctor_whose_unit_cares_reads_in_an_emergency_what_was_hidden_from_it(doctor, family):
    made = doctor.made(kit.condition(family.elder, "抑郁发作"))
    hide(family, word="condition", units=[kit.CLINIC])
    assert doctor.get(f"/Condition/{made['id']}").status_code == 404
    body = {"person_id": family.person, "emergency": "life_safety", "reason": "老人在卫生室门口昏倒"}
    assert doctor.clerk.post("/office/v1/break-glass", body).status_code == 201
    assert all(doctor.get(path).status_code == 200 for path in paths(family.elder, made))
    lines = list(AccessLine._get_collection().find({"purpose": "emergency", "subjects": ObjectId(family.person)}))
    assert len(lines) == len(paths(family.elder, made))
    assert all(one["case"].startswith("break_glass:") for one in lines)


def test_what_is_hidden_from_a_doctor_is_neither_corrected_nor_told_of_nor_given_back(doctor, family):
    pair = kit.named()
    told = kit.heart_rate(family.elder, identifier=pair)
    made = doctor.made(told)
    hide(family, word="heart_rate", units=[kit.CLINIC])
    changed = {**told, "id": made["id"]}
    assert doctor.put(f"/Observation/{made['id']}", changed, If_Match='W/"1"').status_code == 404
    assert doctor.post("/Provenance", kit.provenance(f"Observation/{made['id']}")).status_code == 404
    again = doctor.post("/Observation", told, If_None_Exist=f"identifier={pair[0]['system']}|{pair[0]['value']}")
    assert (again.status_code, made["id"] in again.get_data(as_text=True)) == (409, False)


def test_the_list_of_patients_is_those_in_reach_with_a_line_about_each(doctor, admin):
    mine = {kit.elder(), kit.elder()}
    kit.elder(kit.OTHER)
    assert {one["id"] for one in doctor.found("Patient")} == mine
    (line,) = AccessLine._get_collection().find({"who": doctor.clerk.actor().key})
    assert len(line["subjects"]) == 2
