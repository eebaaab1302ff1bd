"""A clock that runs out calls the family, the backup, the duty desk, and that again until a person acts."""

from datetime import timedelta

import pytest

from backend import clock
from models.eldercare import alert, duty_roster, escalate, subject
from models.eldercare.alert import HealthAlert
from models.eldercare.subject import HealthSubject
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import OFFICE, OTHER, UNIT
from tests.support import affairs, queues


@pytest.fixture
def granny(client, sandbox, seeded):
    return alert_kit.at_phone(client, sandbox, "赵奶奶")


@pytest.fixture
def elder(granny):
    return alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))


def later(shift_clock, minutes: float) -> None:
    """Let so many minutes pass since the test began, and the queues do what is due."""
    shift_clock(minutes * 60 + 5)
    queues.drain()


def rungs(alert_id) -> list[str]:
    return [one["rung"] for one in alert_kit.stored(alert_id)["events"] if one["what"] == "escalated"]


def test_the_ladder_is_gone_up_step_by_step_and_its_end_calls_again(client, sandbox, granny, elder, shift_clock):
    daughter = alert_kit.relative(client, sandbox, alert_kit.own_person(granny))
    backup = alert_kit.doctor(client)
    now = clock.now()
    told = {"unit": UNIT, "staff": backup.member_id, "level": "backup", "begins": now, "live": True}
    told |= {"until": now + timedelta(hours=8), "put_by": "staff:test", "put_at": now}
    duty_roster.HealthDuty._get_collection().insert_one({"_id": "x", **told})
    desk = affairs.seat(client, "health_duty")
    made = alert_kit.raised(elder, "emergency")
    assert alert_kit.stored(made["_id"])["staff"] == []

    later(shift_clock, 5)
    assert rungs(made["_id"]) == ["family"]
    assert alert_kit.told(daughter.phone) == ["health_alert_waiting", "health_alert_family"]
    later(shift_clock, 10)
    assert rungs(made["_id"]) == ["family", "backup"]
    assert [one["id"] for one in backup.get(f"{OFFICE}/alerts?scope=mine").json["items"]] == [str(made["_id"])]
    assert desk.get(f"{OFFICE}/alerts?scope=desk").json["items"] == []
    later(shift_clock, 15)
    assert rungs(made["_id"])[2:] == ["duty_desk"]
    (seen,) = desk.get(f"{OFFICE}/alerts?scope=desk").json["items"]
    assert (seen["overdue"], seen["at_duty_desk"], seen["rung"]) == (True, True, 3)
    later(shift_clock, 26)
    assert (rungs(made["_id"])[3:], alert_kit.stored(made["_id"])["rung"]) == ([], 4)
    assert len(alert_kit.stored(made["_id"])["outbox"]) == 1


def test_before_its_time_nothing_is_called(elder, shift_clock):
    made = alert_kit.raised(elder)
    later(shift_clock, 29)
    assert rungs(made["_id"]) == []


def test_each_step_has_a_clock_of_its_own(client, elder, shift_clock):
    doctor, made = alert_kit.doctor(client), alert_kit.raised(elder)
    alert_kit.do(doctor, made["_id"], "acknowledge")
    later(shift_clock, 31)
    assert rungs(made["_id"]) == []
    later(shift_clock, 121)
    affairs.stay_awake()
    assert rungs(made["_id"]) == ["family"]
    alert_kit.acted(doctor, made["_id"])
    later(shift_clock, 120 + 1430)
    assert rungs(made["_id"]) == ["family"]
    later(shift_clock, 121 + 1441)
    assert rungs(made["_id"]) == ["family", "family"]


def test_an_old_entry_of_the_clock_does_nothing(client, elder, shift_clock):
    doctor, made = alert_kit.doctor(client), alert_kit.raised(elder)
    alert_kit.do(doctor, made["_id"], "acknowledge")
    shift_clock(3600)
    escalate.look(made["_id"], made["beat"])
    assert rungs(made["_id"]) == []


def test_after_the_outcome_the_clock_is_silent(client, elder, shift_clock):
    doctor, made = alert_kit.doctor(client), alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    alert_kit.closed(doctor, made["_id"])
    later(shift_clock, 20000)
    assert rungs(made["_id"]) == []
    assert alert_kit.stored(made["_id"])["outbox"] == []


def test_no_live_alert_is_without_an_entry_that_watches_it(elder, shift_clock):
    made = alert_kit.raised(elder, "emergency")
    for minutes in range(0, 600, 7):
        later(shift_clock, minutes)
        found = alert_kit.stored(made["_id"])
        watching = [
            one for one in found["outbox"] if one["task"] == alert.LOOK and one["args"]["beat"] == found["beat"]
        ]
        assert len(watching) == 1
    assert found["state"] == "raised"
    assert found["rung"] < 20, "the last rung calls ever more slowly"


def test_the_most_overdue_comes_first_whatever_came_first(client, elder):
    doctor = alert_kit.doctor(client)
    made = [alert_kit.raised(elder, one, rule=one) for one in ("attention", "emergency", "urgent")]
    first = doctor.get(f"{OFFICE}/alerts?limit=2").json
    rest = doctor.get(f"{OFFICE}/alerts?limit=2&cursor={first['next']}").json
    shown = [one["severity"] for one in first["items"] + rest["items"]]
    assert shown == ["emergency", "urgent", "attention"]
    assert (len(made), rest["next"]) == (3, None)


def test_an_elder_who_moves_is_on_the_list_of_the_new_unit(client, elder):
    alert_kit.raised(elder)
    cares = [{"unit": OTHER, "as": "care_home", "since": clock.now()}]
    HealthSubject._get_collection().update_one({"_id": elder["_id"]}, {"$set": {"units": cares}})
    escalate.follow_units(elder["_id"])
    assert len(alert_kit.doctor(client, unit=OTHER).get(f"{OFFICE}/alerts").json["items"]) == 1
    assert alert_kit.doctor(client).get(f"{OFFICE}/alerts").json["items"] == []


def test_the_lists_are_read_from_an_index_in_their_order(elder):
    """The control of the indexes: none of the lists sorts in memory."""
    alert_kit.raised(elder)
    for query in ({"units": {"$in": [UNIT, OTHER]}, "live": True}, {"live": True}, {"live": True, "desk": True}):
        plan = HealthAlert._get_collection().find(query).sort([("due", 1), ("_id", 1)]).limit(20).explain()
        assert "'stage': 'SORT'" not in str(plan["queryPlanner"]["winningPlan"]), query
    assert subject.read(elder["_id"])["units"][0]["unit"] == UNIT
