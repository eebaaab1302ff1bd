"""Enrolling: one record a person, units that care look, nobody else does."""

from bson import ObjectId

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare import subject
from models.eldercare.subject import HealthSubject
from tests.eldercare import ground
from tests.support.crowd import at_once
from tests.support.phone import person as papers


def test_an_elder_who_is_enrolled_is_read_by_the_unit_that_cares(doctor):
    elder = ground.enrolled(doctor)
    found = doctor.get(elder.path).json
    assert (found["name"], found["age"], found["area"]) == ("张桂英", 78, "360731105")
    assert [(one["unit"], one["unit_zh"]) for one in found["units"]] == [(ground.CLINIC, "潭头村卫生室")]
    line = AccessLine._get_collection().find_one({"who": doctor.actor().key})
    assert (line["purpose"], set(line["fields"])) == ("health_care", {"person.name", "health.elder"})


def test_the_store_holds_the_person_sealed_only(doctor):
    elder = ground.enrolled(doctor)
    stored = HealthSubject._get_collection().find_one({"_id": elder.subject})
    person_id = subject.person_of(stored)
    assert str(person_id) not in str(stored)
    assert elder.id != str(person_id)


def test_an_elder_of_another_doctor_is_as_if_there_were_none(elder, stranger):
    nobody = f"{ground.ELDERS}/{ObjectId()}"
    assert stranger.get(elder.path).json["code"] == stranger.get(nobody).json["code"] == "not_found"
    assert stranger.get(elder.path).status_code == 404
    assert stranger.post(f"{ground.ELDERS}/find", elder.papers).status_code == 404
    assert stranger.post(f"{elder.path}/observations", ground.pressure()).status_code == 404
    assert stranger.get(ground.ELDERS).json["items"] == []


def test_an_elder_is_found_by_document_and_name_together(doctor, elder):
    assert doctor.post(f"{ground.ELDERS}/find", elder.papers).json["id"] == elder.id
    answer = doctor.post(f"{ground.ELDERS}/find", {**elder.papers, "name": "李四"})
    assert answer.status_code == 404


def test_enrolling_again_gives_the_same_record_and_a_second_unit_cares_for_it_too(doctor, carer, elder, admin, client):
    assert ground.enrolled(doctor, elder.papers).id == elder.id
    manager = ground.manager(client, admin)
    answer = manager.post(f"{elder.path}/units", {"unit": ground.HOME, "cares_as": "care_home"})
    assert answer.status_code == 200, answer.json
    assert {one["unit"] for one in carer.get(elder.path).json["units"]} == {ground.CLINIC, ground.HOME}


def test_a_care_worker_may_not_enrol(carer):
    body = {**papers("王大爷", ground.BORN), "document_seen": "identity_card", "cares_as": "care_home"}
    assert carer.post(ground.ELDERS, body).status_code == 403


def test_another_name_on_a_known_document_is_refused(doctor, elder):
    body = {**elder.papers, "name": "李四", "document_seen": "identity_card", "cares_as": "village_clinic"}
    answer = doctor.post(ground.ELDERS, body)
    assert (answer.status_code, answer.json["code"]) == (409, "health_person_differs")


def test_a_child_is_not_enrolled(doctor):
    body = {**papers("张小宝", "20180601"), "document_seen": "household_register", "cares_as": "village_clinic"}
    answer = doctor.post(ground.ELDERS, body)
    assert (answer.status_code, answer.json["code"]) == (422, "health_no_elder")


def test_nobody_places_an_elder_at_a_unit_that_is_not_theirs(doctor, elder, stranger):
    answer = doctor.post(f"{elder.path}/units", {"unit": ground.OTHER_CLINIC, "cares_as": "village_clinic"})
    assert (answer.status_code, answer.json["code"]) == (422, "unit_unknown")
    assert stranger.get(elder.path).status_code == 404


def test_a_unit_whose_care_ended_reads_no_longer(doctor, elder):
    assert doctor.call("DELETE", f"{elder.path}/units/{ground.CLINIC}").status_code == 204
    assert doctor.get(elder.path).status_code == 404
    assert doctor.call("DELETE", f"{elder.path}/units/{ground.CLINIC}").status_code == 404
    assert HealthSubject._get_collection().find_one({"_id": elder.subject})["units"] == []


def test_what_was_done_is_in_the_audit_without_a_name(doctor, elder):
    found = list(AuditEntry._get_collection().find({"object": f"health_subject:{elder.id}"}))
    assert {one["action"] for one in found} == {"health.enrol", "health.place"}
    assert "张桂英" not in str(found)


def test_eight_enrolments_at_once_make_one_record(app, doctor):
    known = papers("钟秀兰", ground.BORN)
    clerks = [doctor.twin(app.test_client()) for _ in range(8)]
    elders = at_once([lambda one=one: ground.enrolled(one, known) for one in clerks])
    assert len({one.id for one in elders}) == 1
    stored = HealthSubject._get_collection().find_one({"_id": elders[0].subject})
    assert [one["unit"] for one in stored["units"]] == [ground.CLINIC]
    made = AuditEntry._get_collection().count_documents({"object": f"health_subject:{elders[0].id}"})
    assert made == 2


def test_the_list_shows_first_who_had_something_written_last_and_pages_from_an_index(doctor, shift_clock):
    elders = []
    for number in range(5):
        shift_clock(number * 60)
        elders.append(ground.enrolled(doctor, papers(f"钟{'一二三四五'[number]}", ground.BORN)))
    shift_clock(600)
    ground.observed(doctor, elders[1], ground.pressure())
    first = doctor.get(f"{ground.ELDERS}?limit=2").json
    rest = doctor.get(f"{ground.ELDERS}?limit=10&cursor={first['next']}").json
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert ids == [elders[number].id for number in (1, 4, 3, 2, 0)]
    assert rest["next"] is None
