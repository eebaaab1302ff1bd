"""At a kiosk: a person shows a code, measures, and goes; readings are averaged, flagged, kept once."""

from datetime import timedelta

import pytest

from backend import clock
from models.eldercare.health_device import HealthDevice
from models.eldercare.kiosk_session import HealthSession
from models.identity import device
from tests.eldercare import kiosk_kit
from tests.support import queues
from tests.support.kiosk import BASE, Kiosk, reading
from tests.support.scanner import Scanner

elder, kiosk = kiosk_kit.elder, kiosk_kit.kiosk


def bp(systolic: float, diastolic: float = 80, **told):
    return reading("blood_pressure", systolic, diastolic, **told)


@pytest.fixture
def seated(kiosk, elder):
    """The kiosk with the elder logged in."""
    kiosk.log_in(elder.code())
    return kiosk


def test_a_code_opens_a_session_and_greets_by_a_masked_name(kiosk, elder):
    told = kiosk.log_in(elder.code())
    assert (told["result"], told["name"]) == ("accepted", "张**")
    assert elder.subject is not None


def test_a_repeated_login_is_the_same_session(kiosk, elder):
    code = elder.code()
    first = kiosk.log_in(code, nonce="n" * 16)
    assert kiosk.log_in(code, nonce="n" * 16)["session_id"] == first["session_id"]
    assert HealthSession._get_collection().count_documents({"subject": elder.subject}) == 1


def test_a_code_that_does_not_hold_opens_nothing(kiosk, elder):
    code = elder.code()
    kiosk.log_in(code)
    told = kiosk.log_in(code)
    assert (told["result"], "session_id" in told) == ("replayed", False)


def test_a_scanner_of_a_hospital_that_is_no_kiosk_measures_nobody(client, seeded, elder):
    other = Scanner(client, scanner_class="medical", unit="health_commission")
    answer = other.call("POST", f"{BASE}/sessions", {"code": elder.code()})
    assert (answer.status_code, answer.json["code"]) == (403, "health_device_unregistered")


def test_a_gate_measures_nobody(client, seeded, elder):
    answer = Scanner(client).call("POST", f"{BASE}/sessions", {"code": elder.code()})
    assert (answer.status_code, answer.json["code"]) == (403, "device_class_wrong")


def test_a_temperature_counts_at_once(seated, elder):
    (told,) = seated.measure(reading("temperature", 36.6))
    (kept,) = elder.measured()
    assert told["observation_id"] == str(kept["_id"])
    assert told["message"] == "已记录:体温 36.6 ℃。"
    assert (kept["values"], kept["source"]["kind"], kept["source"]["device"]) == (
        {"temperature": 36.6},
        "kiosk",
        seated.id,
    )
    assert kept["outbox"][0]["task"] == "eldercare.judge"


def test_two_pressures_that_agree_are_one_measurement_of_their_mean(seated, elder, shift_clock):
    (first,) = seated.measure(bp(142, 86))
    assert (first["again_seconds"], first["message"]) == (60, "已收到。请静坐 1 分钟后再测一次。")
    assert elder.measured() == []
    shift_clock(75)
    (second,) = seated.measure(bp(139, 84))
    (kept,) = elder.measured()
    assert kept["values"] == {"systolic": 140.5, "diastolic": 85}
    assert kept["repeats"] == [{"systolic": 142, "diastolic": 86}, {"systolic": 139, "diastolic": 84}]
    assert (kept["flags"], second["values"]) == ([], {"systolic": 140.5, "diastolic": 85})


@pytest.mark.parametrize(
    ("second", "asked"), [((147, 80), False), ((148, 80), True), ((142, 85), False), ((142, 86), True)]
)
def test_a_third_is_asked_for_beyond_five_millimetres_of_either(seated, second, asked, shift_clock):
    seated.measure(bp(142, 80))
    shift_clock(75)
    (told,) = seated.measure(bp(*second))
    assert ("again_seconds" in told) is asked


def test_three_that_differ_are_averaged_and_say_so(seated, elder, shift_clock):
    for turn, systolic in enumerate((150, 140, 142)):
        shift_clock(75 * turn)
        seated.measure(bp(systolic))
    (kept,) = elder.measured()
    assert (kept["values"]["systolic"], kept["flags"], len(kept["repeats"])) == (144, ["repeats_differ"], 3)


def test_pressures_in_a_hurry_are_kept_and_say_so(seated, elder):
    seated.measure(bp(142), bp(143))
    assert elder.measured()[0]["flags"] == ["repeats_hurried"]


def test_who_leaves_after_one_pressure_has_it_kept_as_a_single_one(seated, elder):
    seated.measure(bp(166, 96))
    assert seated.end()["state"] == "closed"
    (kept,) = elder.measured()
    assert (kept["values"]["systolic"], kept["flags"]) == (166, ["single_reading"])


def test_who_just_walks_away_has_it_kept_when_the_session_runs_out(seated, elder, shift_clock):
    seated.measure(bp(166, 96))
    queues.drain("care")
    assert elder.measured() == []
    shift_clock(16 * 60)
    queues.drain("care")
    assert [one["values"]["systolic"] for one in elder.measured()] == [166]


def test_a_session_that_is_over_takes_no_reading(seated, elder, shift_clock):
    shift_clock(16 * 60)
    (told,) = seated.measure(reading("temperature", 36.6))
    assert (told["result"], told["reason"]) == ("refused", "health_session_over")
    assert elder.measured() == []


def test_a_reading_sent_again_is_the_one_that_is_there(seated, elder):
    one = reading("temperature", 36.6)
    (first,) = seated.measure(one)
    (again,) = seated.measure(one)
    assert (again["result"], again["observation_id"]) == ("duplicate", first["observation_id"])
    assert len(elder.measured()) == 1


def test_a_key_that_names_another_reading_is_told_so(seated, elder):
    seated.measure(reading("temperature", 36.6, key="reading-1"))
    (told,) = seated.measure(reading("temperature", 39.6, key="reading-1"))
    assert (told["result"], len(elder.measured())) == ("key_reused", 1)


def test_a_value_that_nobody_has_is_flagged_and_kept(seated, elder):
    (told,) = seated.measure(reading("temperature", 53))
    assert [one["code"] for one in told["flags"]] == ["implausible"]
    assert elder.measured()[0]["flags"] == ["implausible"]


def test_another_unit_is_converted_and_an_unknown_one_held(seated, elder):
    converted, held = seated.measure(reading("temperature", 98.6, unit="[degF]"), reading("temperature", 310, unit="K"))
    assert converted["values"] == {"temperature": 37.0}
    assert (held["result"], held["reason"], held["message"]) == (
        "held",
        "unit_unknown",
        "已收到,工作人员核对后计入。",
    )
    assert [one["flags"] for one in elder.measured()] == [["unit_converted"]]


def test_repeats_in_kilopascal_are_averaged_in_millimetres(seated, elder, shift_clock):
    seated.measure(bp(18.9, 11.5, unit="kPa"))
    shift_clock(75)
    seated.measure(bp(19.1, 11.6, unit="kPa"))
    values = elder.measured()[0]["values"]
    assert values == {"systolic": pytest.approx(142.5, abs=0.11), "diastolic": pytest.approx(86.7, abs=0.11)}


def test_kilopascals_that_differ_by_more_than_five_millimetres_ask_for_a_third(seated, shift_clock):
    seated.measure(bp(18.9, 11.5, unit="kPa"))
    shift_clock(75)
    (told,) = seated.measure(bp(19.7, 11.5, unit="kPa"))
    assert told["again_seconds"] == 60


WRONG = {
    "form": {"more": 1},
    "key": {"key": "a b"},
    "code": {"code": "mood"},
    "at": {"at": "2026-11-20T09:30:00"},
    "values": {"values": {"systolic": {"value": "142", "unit": "mm[Hg]"}}},
    "context": {"context": {"position": "flying"}},
}


@pytest.mark.parametrize("reason", sorted(WRONG))
def test_one_that_cannot_be_read_holds_up_no_other(seated, elder, reason):
    wrong, good = seated.measure({**bp(142), **WRONG[reason]}, reading("temperature", 36.6))
    assert (wrong["result"], wrong["reason"], good["result"]) == ("malformed", reason, "received")
    assert [one["code"] for one in elder.measured()] == ["temperature"]


@pytest.mark.parametrize("raw", [None, 7, [], "x", {"values": {"weight": {"value": 1e308, "unit": "kg"}}}])
def test_whatever_comes_as_a_reading_is_no_error_of_ours(seated, raw):
    assert seated.measure(raw)[0]["result"] == "malformed"


@pytest.mark.parametrize(
    ("calibration", "flag"), [({"until": "2026-11-19"}, "calibration_overdue"), ({"on": ""}, "calibration_unknown")]
)
def test_a_kiosk_without_a_calibration_that_holds_measures_and_says_so(client, elder, calibration, flag):
    kiosk = Kiosk(client, **calibration)
    kiosk.log_in(elder.code())
    (told,) = kiosk.measure(reading("temperature", 36.6))
    assert [one["code"] for one in told["flags"]] == [flag]
    assert elder.measured()[0]["flags"] == [flag]


def test_on_its_last_day_a_calibration_holds(client, elder):
    kiosk = Kiosk(client, until="2026-11-20")
    kiosk.log_in(elder.code())
    assert "flags" not in kiosk.measure(reading("temperature", 36.6))[0]


def test_the_session_of_another_kiosk_is_not_there(client, seated):
    other = Kiosk(client)
    assert other.try_measure(reading("temperature", 36.6), session=seated.session).status_code == 404
    assert other.post(f"/sessions/{seated.session}/end").status_code == 404


def test_a_retired_kiosk_is_refused(kiosk, elder):
    HealthDevice._get_collection().update_one({"_id": kiosk.id}, {"$set": {"state": "retired"}})
    assert kiosk.post("/sessions", {"code": elder.code()}).status_code == 403
    device.revoke(kiosk.id)
    assert kiosk.post("/sessions", {"code": elder.code()}).status_code == 401


def test_a_kiosk_whose_clock_is_slow_has_its_times_moved(seated, elder):
    told_at = clock.now() - timedelta(hours=1)
    seated.measure(reading("temperature", 36.6, at=told_at), clock_off=-3600)
    (kept,) = elder.measured()
    assert abs((kept["at"].replace(tzinfo=clock.now().tzinfo) - clock.now()).total_seconds()) < 5
    assert kept["flags"] == ["time_doubtful"]


def test_a_session_takes_so_many_readings_and_no_more(seated):
    told = seated.measure(*(reading("temperature", 36.6) for _ in range(30)))
    assert {one["result"] for one in told} == {"received"}
    assert seated.measure(reading("temperature", 36.6))[0]["reason"] == "health_session_full"
