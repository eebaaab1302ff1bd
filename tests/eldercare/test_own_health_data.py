"""The copy of one's own data holds the health record; after erasure nothing in it points to a person."""

import json

from models.eldercare.observation import HealthObservation
from models.eldercare.record import HealthRecord
from models.eldercare.subject import HealthSubject
from models.eldercare.version import HealthVersion
from models.identity import account, erasure
from models.identity.restricted_record import RestrictedRecord
from tests.eldercare import ground
from tests.support.queues import drain


def test_the_copy_of_ones_own_data_holds_values_words_and_what_was_corrected(client, sandbox, doctor, elder):
    made = ground.recorded(doctor, elder, ground.said("condition", "高血压病"))
    body = {**ground.said("condition", "原发性高血压"), "version": 1, "reason": "typo"}
    doctor.call("PUT", f"{elder.path}/records/{made['id']}", body)
    ground.observed(doctor, elder, ground.pressure())
    phone = ground.phone_of(client, sandbox, elder)
    text = phone.get("/mini/v1/my-data/export").data.decode()
    told = [json.loads(line) for line in text.splitlines()]
    kinds = {one["collection"] for one in told}
    assert {"health_subjects", "health_observations", "health_records", "health_versions"} <= kinds
    assert "原发性高血压" in text
    assert "高血压病" in text


def test_somebody_else_copies_nothing_of_it(client, sandbox, doctor, elder, phone):
    ground.observed(doctor, elder, ground.pressure())
    phone.sure("verified")
    told = [json.loads(line) for line in phone.get("/mini/v1/my-data/export").data.splitlines()]
    assert not {one["collection"] for one in told} & {"health_subjects", "health_observations"}


def test_after_erasure_values_point_to_nobody_and_words_are_kept_out_of_use(client, sandbox, doctor, elder):
    ground.observed(doctor, elder, ground.pressure())
    made = ground.recorded(doctor, elder, ground.said("condition", "高血压病"))
    body = {**ground.said("condition", "原发性高血压"), "version": 1, "reason": "typo"}
    doctor.call("PUT", f"{elder.path}/records/{made['id']}", body)
    phone = ground.phone_of(client, sandbox, elder)
    person_id = account.authenticate(phone.token).document["person"]
    erasure.begin(account.authenticate(phone.token).account_id, case="case:test", by="system:test")
    drain("trust")
    assert HealthSubject._get_collection().find_one({"_id": elder.subject}) is None
    (value,) = HealthObservation._get_collection().find({"subject": elder.subject})
    assert str(person_id) not in str(value)
    for kind in (HealthRecord, HealthVersion):
        assert kind._get_collection().find_one({"subject": elder.subject}) is None
    kept = [one["_id"].partition(":")[0] for one in RestrictedRecord._get_collection().find({"persons": person_id})]
    assert {"health_records", "health_versions"} <= set(kept)
    assert doctor.get(elder.path).status_code == 404
