"""Cameras, counting lines and car parks: skewed clocks, duplicates, wrong order, a storm; what disagrees is work."""

from datetime import timedelta

import pytest

from backend import clock
from models.crowd import movement, state, watch
from models.crowd.source import CrowdSource
from models.crowd.spot import Spot
from tests.support.crowd import at_once
from tests.tourism.crowd_kit import PLACE, Sensor, fill, inside, pass_by, records, today
from tests.tourism.gates_kit import agree, zone

HEADCOUNTS = "/office/v1/places/museum/crowd/headcounts"


@pytest.fixture(autouse=True)
def midday(seeded, travel):
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


@pytest.fixture
def sensor(client, seeded):
    return Sensor(client)


def number():
    watch.look()
    found = state.read(PLACE)
    return found.get("number"), found["basis"]


def test_a_cameras_count_becomes_the_number_where_there_are_no_gates(sensor):
    assert sensor.results(sensor.reading(inside=212)) == ["received"]
    assert number() == (212, "camera")


def test_an_unsigned_reading_is_refused(client, sensor):
    answer = client.post("/gate/v1/crowd-readings", json={"device_time": sensor.at(), "readings": []})
    assert (answer.status_code, answer.json["code"]) == (401, "not_logged_in")


def test_the_newest_reading_counts_whatever_the_order_of_arrival(sensor):
    newer = sensor.reading(inside=300)
    older = sensor.reading(inside=100, at=sensor.at(minutes=-2))
    assert sensor.results(newer) == ["received"]
    assert sensor.results(older) == ["superseded"]
    assert sensor.results(newer) == ["superseded"]
    assert number() == (300, "camera")


def test_cameras_of_a_place_add_up(sensor):
    sensor.results(sensor.reading(inside=100, channel="hall"), sensor.reading(inside=50, channel="yard"))
    assert number() == (150, "camera")


def test_when_one_camera_falls_silent_their_sum_is_not_believed_until_it_is_retired(sensor, office, travel):
    sensor.results(sensor.reading(inside=100, channel="hall"), sensor.reading(inside=50, channel="yard"))
    travel(clock.today().isoformat(), "10:07")
    sensor.results(sensor.reading(inside=110, channel="hall"))
    assert number() == (None, "")
    path = f"/office/v1/places/museum/crowd/sources/{sensor.id}:yard"
    assert office.call("PUT", path, {"state": "retired"}).status_code == 204
    assert number() == (110, "camera")
    sensor.results(sensor.reading(inside=9, channel="yard"))
    assert number() == (110, "camera")
    assert office.call("PUT", path, {"state": "active"}).status_code == 204
    assert number() == (119, "camera")


def test_a_counting_line_adds_up_each_interval_once(sensor):
    first = sensor.reading("flow", **{"in": 40, "out": 5})
    second = sensor.reading("flow", **{"in": 10, "out": 20})
    assert sensor.results(first, second, first) == ["received", "received", "duplicate"]
    assert sensor.results(second, first) == ["duplicate", "duplicate"]
    assert inside(kind="flow") == 25
    assert today()["flows"]["flow"] == {"in": 50, "out": 25}


def test_a_line_that_restarted_counts_its_numbers_anew(sensor):
    sensor.results(sensor.reading("flow", seq=1, **{"in": 5, "out": 0}))
    again = {**sensor.reading("flow", seq=1, **{"in": 7, "out": 0}), "boot": "b2"}
    assert sensor.results(again) == ["received"]
    assert inside(kind="flow") == 12


def test_intervals_in_the_wrong_order_all_count(sensor):
    made = [sensor.reading("flow", at=sensor.at(minutes=-n), **{"in": 1, "out": 0}) for n in range(5)]
    assert sensor.results(*reversed(made)) == ["received"] * 5
    assert inside(kind="flow") == 5


def test_the_same_upload_many_times_at_once_counts_once(app, sensor):
    made = [sensor.reading("flow", **{"in": 3, "out": 1}) for _ in range(10)]
    told = at_once([lambda: sensor.twin(app.test_client()).results(*made) for _ in range(6)])
    assert inside(kind="flow") == 20
    assert sum(one.count("received") for one in told) >= 10


def test_a_storm_of_readings_is_counted_exactly(app, client):
    lines = [Sensor(client) for _ in range(4)]
    uploads = [
        (one, [one.reading("flow", channel=f"c{n}", **{"in": 2, "out": 1}) for _ in range(25)])
        for one in lines
        for n in range(5)
    ]

    def send(one, readings):
        twin = one.twin(app.test_client())
        return twin.results(*readings) + twin.results(*readings)

    told = at_once([lambda one=one, readings=readings: send(one, readings) for one, readings in uploads])
    assert sum(one.count("received") for one in told) == 500
    assert sum(one.count("duplicate") for one in told) == 500
    assert inside(kind="flow") == 500
    assert today()["flows"]["flow"] == {"in": 1000, "out": 500}


@pytest.mark.parametrize("fast", [-240, 240])
def test_a_sensor_whose_clock_is_off_is_corrected_by_its_offset(client, fast):
    sensor = Sensor(client, fast=fast)
    assert sensor.results(sensor.reading(inside=80)) == ["received"]
    found = CrowdSource._get_collection().find_one({"_id": f"{sensor.id}:c1"})
    assert abs((clock.now() - found["at"]).total_seconds()) < 5
    assert abs(found["skew_seconds"] + fast) <= 1
    assert number() == (80, "camera")


def test_a_reading_from_the_future_is_of_now(sensor):
    sensor.results(sensor.reading(inside=5, at=sensor.at(hours=3)))
    found = CrowdSource._get_collection().find_one({"_id": f"{sensor.id}:c1"})
    assert found["at"] <= clock.now()


def test_what_is_two_days_late_is_refused_before_it_could_count_twice(sensor):
    late = sensor.reading("flow", at=sensor.at(hours=-49), **{"in": 5, "out": 0})
    assert sensor.results(late) == ["too_old"]
    assert state.read(PLACE)["counts"] == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "faces"}, "kind"),
        ({"kind": ["inside"]}, "kind"),
        ({"inside": -1}, "inside"),
        ({"inside": True}, "inside"),
        ({"inside": 1e9}, "inside"),
        ({"at": "2026-11-24T10:30:00"}, "at"),
        ({"at": 5}, "at"),
        ({"seq": "1"}, "seq"),
        ({"channel": "a b"}, "channel"),
        ({"zone": "\x00"}, "zone"),
        ({"boot": {}}, "form"),
        ({"more": 1}, "form"),
        ({"since": "2099-01-01T00:00:00+08:00"}, "since"),
    ],
)
def test_a_bad_reading_is_told_what_is_wrong_and_holds_up_no_other(sensor, change, reason):
    bad = {**sensor.reading(inside=1), **change}
    if change == {"boot": {}}:
        bad["boot"], reason = {"a": 1}, "boot"
    answer = sensor.send_readings(bad, None, sensor.reading(inside=7, channel="good"))
    told = answer.json["items"]
    assert [one["result"] for one in told] == ["malformed", "malformed", "received"]
    assert told[0]["reason"] == reason


def test_a_reading_of_a_zone_that_the_place_does_not_have_is_told_so_and_counts_nowhere(sensor):
    agree(zone("hall_2"), place="museum")
    wrong = [sensor.reading(zone="hall_9", inside=5), sensor.reading("flow", zone="hall_9", **{"in": 4, "out": 0})]
    right = sensor.reading(zone="hall_2", inside=7, channel="c2")
    told = sensor.send_readings(*wrong, right).json["items"]
    assert [(one["result"], one.get("reason")) for one in told] == [
        ("malformed", "zone_unknown"),
        ("malformed", "zone_unknown"),
        ("received", None),
    ]
    assert [one["zone"] for one in CrowdSource._get_collection().find({"_id": {"$gte": ""}})] == ["hall_2"]
    assert state.CrowdState._get_collection().find_one({"_id": "museum.hall_9"}) is None
    assert movement.day(Spot("museum", "hall_9"), clock.today().isoformat()).get("flows", {}) == {}


def test_too_many_readings_at_once_are_refused(sensor):
    answer = sensor.send_readings(*[sensor.reading(inside=1)] * 101)
    assert answer.status_code == 400


def test_parking_alone_is_an_estimate_by_people_per_car(sensor, client):
    sensor.results(sensor.reading("parking", taken=100))
    assert number() == (280, "parking")
    assert client.get("/public/v1/crowd/museum").json["estimate"] is True


def test_a_sensor_of_a_place_counts_for_no_other(client):
    sensor = Sensor(client, "luotianyan")
    sensor.results(sensor.reading(inside=5))
    watch.look()
    assert "number" not in state.read(PLACE)
    assert state.read(Spot("luotianyan"))["number"] == 5


# When they disagree


def test_gates_are_believed_while_they_agree_and_the_higher_one_when_they_do_not(sensor):
    fill(500)
    sensor.results(sensor.reading(inside=540))
    assert number() == (500, "gate")
    sensor.results(sensor.reading(inside=640))
    assert number() == (640, "camera")


def test_what_disagrees_for_too_long_becomes_one_alarm_and_agreement_ends_it(sensor, office, travel):
    def agree(people, gates):
        sensor.results(sensor.reading(inside=people))
        pass_by(gates)
        at_once([watch.look] * 3)

    fill(300)
    for minute in ("10:00", "10:04", "10:09"):
        travel(clock.today().isoformat(), minute)
        agree(600, 1)
        assert records("alarm") == []
    travel(clock.today().isoformat(), "10:13")
    agree(600, 1)
    (told,) = records("alarm")
    assert told["details"]["apart_percent"] > 20
    shown = office.get("/office/v1/places/museum/crowd").json
    assert shown["alarm"]["kind"] == "disagreement"
    assert today()["alarms"] == 1
    agree(320, 1)
    assert len(records("alarm_end")) == 1
    assert "alarm" not in office.get("/office/v1/places/museum/crowd").json


def test_a_disagreement_that_passes_is_no_alarm(sensor, travel):
    fill(300)
    for minute, people in (("10:00", 600), ("10:06", 310), ("10:08", 600), ("10:14", 600)):
        travel(clock.today().isoformat(), minute)
        pass_by(1)
        sensor.results(sensor.reading(inside=people))
        watch.look()
    assert records("alarm") == []


def test_a_headcount_rebases_the_gates_and_ends_the_alarm(sensor, office, travel):
    fill(300)
    sensor.results(sensor.reading(inside=600))
    watch.look()
    travel(clock.today().isoformat(), "10:11")
    sensor.results(sensor.reading(inside=600))
    pass_by(1)
    watch.look()
    assert len(records("alarm")) == 1
    body = {"people": 590, "reason": "东门闸机故障,按现场清点为准"}
    answer = office.post(HEADCOUNTS, body)
    assert (answer.status_code, "alarm" in answer.json) == (201, False)
    assert inside() == 590
    assert number() == (590, "gate")
    fill(10)
    assert inside() == 600
    (told,) = records("headcount")
    assert told["details"] == {"people": 590, "before": {"gate": 301}}
    assert "闸机故障" not in str(told)
    assert len(records("alarm_end")) == 1


def test_a_headcount_of_an_hour_ago_adds_who_moved_since(office):
    hour_ago = clock.now() - timedelta(minutes=60)
    pass_by(100, at=hour_ago - timedelta(minutes=30))
    pass_by(30, at=hour_ago + timedelta(minutes=20))
    pass_by(5, "out", at=hour_ago + timedelta(minutes=40))
    watch.look()
    body = {"people": 200, "reason": "现场清点", "counted_at": clock.civil(hour_ago).isoformat(timespec="seconds")}
    assert office.post(HEADCOUNTS, body).status_code == 201
    assert inside() == 225
    pass_by(50, at=hour_ago - timedelta(minutes=5), offline=True)
    watch.look()
    assert inside() == 225
    assert today()["flows"]["gate"]["in"] == 180


def test_where_nothing_counts_a_headcount_holds_for_a_while(office, travel):
    assert office.post(HEADCOUNTS, {"people": 50, "reason": "现场清点"}).status_code == 201
    assert number() == (50, "headcount")
    travel(clock.today().isoformat(), "10:21")
    assert number() == (None, "")


def test_gates_that_begin_after_a_headcount_begin_there_and_the_next_one_counts(office):
    """A count of its own that stood beside the gates would hold the higher number when people have left."""
    office.post(HEADCOUNTS, {"people": 400, "reason": "开园清点"})
    fill(10)
    assert number() == (410, "gate")
    office.post(HEADCOUNTS, {"people": 200, "reason": "散场清点"})
    assert number() == (200, "gate")


@pytest.mark.parametrize("shift", [{"hours": -3}, {"minutes": 5}])
def test_a_headcount_is_of_the_last_two_hours(office, shift):
    moment = clock.civil(clock.now() + timedelta(**shift)).isoformat(timespec="seconds")
    answer = office.post(HEADCOUNTS, {"people": 5, "reason": "现场清点", "counted_at": moment})
    assert (answer.status_code, answer.json["code"]) == (400, "crowd_counted_at_wrong")


def test_a_headcount_while_gates_are_folded_loses_nobody(office):
    """What is folded beside it is either in the number that was counted, or added to it: never both, never neither."""
    fill(100)
    before = clock.now()
    pass_by(40)
    from models.crowd import fold, headcount  # noqa: PLC0415 - only here

    actor = office.actor()
    at_once(
        [fold.fold] * 3 + [lambda: headcount.put(actor, PLACE, 500, counted_at=None, reason="清点")] + [fold.fold] * 2
    )
    assert clock.now() >= before
    assert inside() == 500
    fill(7)
    assert inside() == 507
