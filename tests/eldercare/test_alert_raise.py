"""One live alert of an elder and a rule: repeats are linked, graver findings ask anew, two at once make one."""

from collections import Counter

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.store import transactions
from models.eldercare import alert, duty_roster, finding, raise_found
from models.eldercare.alert import HealthAlert
from models.eldercare.duty_roster import HealthDuty
from models.eldercare.finding import HealthFinding
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import OTHER, UNIT
from tests.support import queues
from tests.support.crowd import at_once


@pytest.fixture
def elder(seeded):
    return alert_kit.enrolled(UNIT)


def test_a_finding_raises_one_alert_however_often_its_task_runs(elder):
    made = alert_kit.raised(elder)
    assert (made["state"], made["live"], made["units"]) == ("raised", True, [UNIT])
    assert raise_found.raise_found(made["finding"])["_id"] == made["_id"]
    assert len(alert_kit.alerts_of(elder)) == 1


def test_what_is_only_worth_knowing_raises_none(elder):
    told = alert_kit.found(elder, "info")
    assert queues.drain("care") == 0
    assert raise_found.raise_found(told["_id"]) is None


def test_a_finding_whose_measurement_was_corrected_before_raises_none(elder):
    told = alert_kit.found(elder)
    HealthFinding._get_collection().update_one({"_id": told["_id"]}, {"$set": {"state": "superseded"}})
    queues.drain("care")
    assert alert_kit.alerts_of(elder) == []


def test_the_sentence_is_sealed_in_the_store(elder):
    made = alert_kit.raised(elder)
    assert "186" not in str({name: value for name, value in made.items() if name != "sentence"})
    assert alert.sentence(made) == "收缩压 186 毫米汞柱,达到 A 类重要异常。"


def test_a_later_finding_is_linked_to_the_live_alert_and_never_alone(elder):
    first, second = alert_kit.raised(elder), alert_kit.raised(elder)
    assert (second["state"], second["linked_to"], "live" in second) == ("linked", first["_id"], False)
    assert alert_kit.stored(first["_id"])["repeats"] == 1
    assert raise_found.raise_found(second["finding"])["_id"] == second["_id"]
    assert alert_kit.stored(first["_id"])["repeats"] == 1


def test_another_rule_has_an_alert_of_its_own(elder):
    alert_kit.raised(elder)
    assert alert_kit.raised(elder, rule="glucose_low")["state"] == "raised"


def test_after_the_outcome_a_finding_raises_anew(client, elder):
    doctor, first = alert_kit.doctor(client), alert_kit.raised(elder)
    alert_kit.acted(doctor, first["_id"])
    alert_kit.closed(doctor, first["_id"])
    assert alert_kit.raised(elder)["state"] == "raised"


def test_a_graver_finding_makes_the_alert_graver_and_wants_it_taken_up_again(client, elder):
    doctor, first = alert_kit.doctor(client), alert_kit.raised(elder, "attention")
    alert_kit.do(doctor, first["_id"], "acknowledge")
    second = alert_kit.raised(elder, "emergency")
    found = alert_kit.stored(first["_id"])
    assert second["linked_to"] == first["_id"]
    assert (found["severity"], found["state"], "acknowledged_by" in found) == ("emergency", "raised", False)
    assert (found["due"] - clock.now()).total_seconds() <= 5 * 60
    alert_kit.do(doctor, first["_id"], "acknowledge")


def test_a_milder_finding_leaves_the_alert_as_grave_as_it_is(elder):
    first = alert_kit.raised(elder, "emergency")
    alert_kit.raised(elder, "attention")
    assert alert_kit.stored(first["_id"])["severity"] == "emergency"


def test_many_findings_at_once_make_one_live_alert(elder):
    told = [alert_kit.found(elder) for _ in range(8)]
    at_once([lambda one=one: raise_found.raise_found(one["_id"]) for one in told for _ in range(2)])
    queues.drain("care")
    made = alert_kit.alerts_of(elder)
    assert sorted(one["state"] for one in made) == ["linked"] * 7 + ["raised"]
    assert {one["finding"] for one in made} == {one["_id"] for one in told}
    (live,) = [one for one in made if one.get("live")]
    assert live["repeats"] == 7


def test_without_the_unique_index_two_would_live(elder):
    """The control: the index is what keeps a second live alert out, not the look before."""
    told = [alert_kit.found(elder) for _ in range(2)]
    records = [alert.made(one, units=[UNIT], staff=[]) for one in told]
    transactions.run(lambda session: alert.insert(records[0], session))
    with pytest.raises(DuplicateKeyError):
        transactions.run(lambda session: alert.insert(records[1], session))
    for one in records:
        one.pop("live")
    HealthAlert._get_collection().update_many({"subject": elder["_id"]}, {"$unset": {"live": ""}})
    transactions.run(lambda session: alert.insert(records[1], session))
    assert [one["state"] for one in alert_kit.alerts_of(elder)] == ["raised", "raised"]


def test_a_finding_at_the_moment_of_the_outcome_is_never_linked_to_what_is_over(client, elder):
    doctor = alert_kit.doctor(client)
    for _ in range(6):
        live = alert_kit.raised(elder)
        live = alert_kit.stored(live.get("linked_to", live["_id"]))
        alert_kit.acted(doctor, live["_id"])
        told = alert_kit.found(elder)
        twin = doctor.twin(client.application.test_client())
        at_once(
            [
                lambda one=told: raise_found.raise_found(one["_id"]),
                lambda one=live, clerk=twin: clerk.post(
                    f"{alert_kit.OFFICE}/alerts/{one['_id']}/outcome", {"outcome": "resolved"}
                ),
            ]
        )
    made = alert_kit.alerts_of(elder)
    linked = Counter(one["linked_to"] for one in made if one["state"] == "linked")
    assert len(made) == 12
    assert all(one["repeats"] == linked[one["_id"]] for one in made if one["state"] != "linked")


def test_an_elder_without_a_unit_goes_to_the_duty_desk_at_once(seeded):
    assert alert_kit.raised(alert_kit.enrolled())["desk"] is True


def test_whoever_is_first_on_duty_is_asked(client, elder):
    doctor, other = alert_kit.doctor(client), alert_kit.doctor(client, unit=OTHER)
    for clerk, unit in ((doctor, UNIT), (other, OTHER)):
        _put(unit, clerk.member_id)
    assert alert_kit.raised(elder)["staff"] == [doctor.member_id]
    assert len(doctor.get(f"{alert_kit.OFFICE}/alerts?scope=mine").json["items"]) == 1


def _put(unit: str, member: ObjectId) -> None:
    now = clock.now()
    told = {"unit": unit, "staff": member, "level": "first", "begins": now, "until": now + duty_roster.LONGEST}
    told |= {"live": True, "put_by": "staff:test", "put_at": now}
    HealthDuty._get_collection().insert_one({"_id": f"{unit}:{member}:1", **told})


def test_without_parameters_an_alert_is_due_at_once(store):
    made = alert_kit.raised(alert_kit.enrolled(UNIT), "emergency")
    assert made["due"] == made["raised_at"]


def test_a_finding_that_is_gone_is_an_error_and_not_silence(seeded):
    with pytest.raises(finding.documents.NotFound):
        raise_found.raise_found(ObjectId())
