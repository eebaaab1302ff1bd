"""Rosters, who is on duty now, what alerts ask of people, and the work list of the day."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.eldercare import alert_load, work_parts, work_views
from models.eldercare.duty_roster import HealthDuty
from models.eldercare.work_parts import Due
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import OFFICE, OTHER, UNIT
from tests.support import affairs

MORNING, EVENING = "2026-11-20T08:00:00+08:00", "2026-11-20T20:00:00+08:00"


@pytest.fixture
def elder(seeded):
    return alert_kit.enrolled(UNIT)


@pytest.fixture
def doctor(client, seeded):
    return alert_kit.doctor(client)


@pytest.fixture
def manager(client, seeded):
    return affairs.seat(client, "health_manager")


def line(clerk, level: str = "first", begins: str = MORNING, until: str = EVENING) -> dict:
    return {"login": clerk.login, "level": level, "begins": begins, "until": until}


def put(manager, *lines: dict, unit: str = UNIT):
    return manager.call("PUT", f"{OFFICE}/roster", {"unit": unit, "duties": list(lines)})


def test_a_roster_is_put_all_or_none_and_again_changes_nothing(client, doctor, manager):
    second = alert_kit.doctor(client)
    lines = [line(doctor), line(second, "backup")]
    answer = put(manager, *lines)
    assert (answer.status_code, answer.json) == (200, {"unit": UNIT, "changed": 2})
    kept = {one["_id"] for one in HealthDuty._get_collection().find({"unit": UNIT})}
    put(manager, *lines)
    assert {one["_id"] for one in HealthDuty._get_collection().find({"unit": UNIT})} == kept
    shown = manager.get(f"{OFFICE}/roster?unit={UNIT}").json["items"]
    assert {(one["login"], one["level_zh"]) for one in shown} == {(doctor.login, "主班"), (second.login, "备班")}
    on_duty = doctor.get(f"{OFFICE}/on-duty").json["items"]
    assert {one["login"] for one in on_duty} == {doctor.login, second.login}


def test_wrong_lines_are_named_and_nothing_is_put(client, doctor, manager):
    stranger = alert_kit.doctor(client, unit=OTHER)
    lines = [
        line(doctor),
        line(stranger),
        line(doctor, until=MORNING),
        line(doctor, until="2026-11-24T08:00:01+08:00"),
        {**line(doctor), "login": "nobody"},
    ]
    answer = put(manager, *lines)
    assert (answer.status_code, answer.json["code"]) == (422, "health_duty_wrong")
    assert sorted(answer.json["fields"]) == ["duties.1", "duties.2", "duties.3", "duties.4"]
    assert HealthDuty._get_collection().find_one({"unit": UNIT}) is None


@pytest.mark.parametrize(
    "changed",
    [{"begins": "2026-11-20T08:00:00"}, {"level": "third"}, {"login": ""}, {"until": "9999-01-01T00:00:00+08:00"}],
)
def test_a_line_of_another_form_is_a_400(doctor, manager, changed):
    assert put(manager, {**line(doctor), **changed}).status_code == 400


def test_a_unit_that_is_none_takes_no_roster(doctor, manager):
    answer = put(manager, line(doctor), unit="nowhere")
    assert answer.status_code == 422


def test_a_duty_that_was_called_off_counts_no_more_and_stays_in_the_books(doctor, manager, elder):
    put(manager, line(doctor))
    (duty,) = manager.get(f"{OFFICE}/roster?unit={UNIT}").json["items"]
    for _ in range(2):
        answer = manager.call("DELETE", f"{OFFICE}/roster/{duty['id']}")
        assert (answer.status_code, answer.json["live"]) == (200, False)
    assert alert_kit.raised(elder)["staff"] == []
    assert HealthDuty._get_collection().find_one({"_id": duty["id"]})["live"] is False
    assert manager.call("DELETE", f"{OFFICE}/roster/nothing").status_code == 404


def test_doctors_put_no_rosters(doctor):
    assert put(doctor, line(doctor)).status_code == 403


def test_a_night_shift_belongs_to_the_day_on_which_it_began(seeded):
    at = clock.at(clock.today(), 3 * 60)
    assert alert_load.shift_of(at) == ("2026-11-19", "20:00")
    assert alert_load.shift_of(at + timedelta(hours=5)) == ("2026-11-20", "08:00")
    assert alert_load.shift_of(at + timedelta(hours=17)) == ("2026-11-20", "20:00")


def test_the_load_is_counted_for_each_shift_and_member(client, doctor, manager, elder, shift_clock):
    put(manager, line(doctor), line(alert_kit.doctor(client), "backup"))
    made = [alert_kit.raised(elder, rule=f"rule_{n}") for n in range(3)]
    for minutes, one in zip((2, 10, 20), made, strict=True):
        shift_clock(minutes * 60)
        alert_kit.do(doctor, one["_id"], "acknowledge")
    alert_kit.acted(doctor, made[0]["_id"])
    alert_kit.closed(doctor, made[0]["_id"])
    (shift,) = manager.get(f"{OFFICE}/load?unit={UNIT}&from=2026-11-20&to=2026-11-20").json["items"]
    (member,) = shift.pop("members")
    median = shift.pop("median_seconds")
    assert 590 <= median <= 640
    assert shift == {"day": "2026-11-20", "shift": "08:00", "raised": 3, "on_duty": 2, "raised_per_person": 1.5}
    assert (member["login"], member["acknowledged"], member["acted"], member["closed"]) == (doctor.login, 3, 1, 1)


def test_the_days_of_the_load_are_in_order_and_at_most_a_month(manager, doctor):
    for first, last in (("2026-11-21", "2026-11-20"), ("2026-01-01", "2026-11-20")):
        answer = manager.get(f"{OFFICE}/load?unit={UNIT}&from={first}&to={last}")
        assert (answer.status_code, answer.json["code"]) == (400, "health_load_span")
    assert doctor.get(f"{OFFICE}/load?unit={UNIT}&from=2026-11-20&to=2026-11-20").status_code == 403


def test_the_work_of_the_day_names_alerts_and_what_other_modules_add(doctor, elder, client):
    alert_kit.raised(elder)
    asked = []

    @work_parts.part("test_part", "随访")
    def due(reach, until, most):
        asked.append((reach, until))
        return [Due(elder["_id"], clock.now(), "visit", "高血压随访", str(ObjectId()))] * most

    try:
        told = doctor.get(f"{OFFICE}/work").json
    finally:
        del work_parts._parts["test_part"]
    assert asked == [({UNIT}, clock.at(clock.today() + timedelta(days=1), 0))]
    assert [one["elder"]["name"] for one in told["alerts"]] == ["赵奶奶"]
    (part,) = [one for one in told["parts"] if one["part"] == "test_part"]
    assert (len(part["items"]), part["more"]) == (work_views.MOST_DUE, True)
    assert (part["items"][0]["elder"]["name"], part["items"][0]["overdue"]) == ("赵奶奶", True)
    empty = alert_kit.doctor(client, unit=OTHER).get(f"{OFFICE}/work").json
    assert (empty["alerts"], empty["parts"][0]["items"]) == ([], [])


def test_two_parts_of_one_code_are_refused():
    with pytest.raises(ValueError, match="after_alerts"):
        work_parts.part("after_alerts", "x")(lambda _reach, _until, _most: [])
