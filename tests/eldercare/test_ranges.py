"""Personal ranges: who set them, until when, why; what they find, and what they silence."""

from datetime import timedelta
from functools import partial

from backend import clock
from models.eldercare import personal_range
from models.eldercare.personal_range import HealthRange
from tests.eldercare import knowing_kit as kit
from tests.support import affairs
from tests.support.crowd import at_once

RULE = "health_personal_range"


def body(**more):
    until = (clock.today() + timedelta(days=90)).isoformat()
    return {"quantity": "systolic", "low": 110, "high": 165, "until": until, "reason": "专科建议放宽"} | more


def test_a_range_is_set_with_who_until_when_and_why_and_the_reason_lies_sealed(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    answer = doctor.post(kit.url(who, "/ranges"), body())
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert (made["state"], made["unit"], made["reason"]) == ("live", kit.CLINIC, "专科建议放宽")
    assert made["set_by"] == doctor.actor().key
    assert doctor.get(kit.url(who, "/ranges")).json["items"] == [made]
    stored = HealthRange._get_collection().find_one({"subject": who["_id"]})
    assert "专科".encode() not in stored["reason"]


def test_what_lies_outside_is_found_and_on_the_edge_is_not(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/ranges"), body())
    for value in (110, 165):
        kit.measure(who, systolic=value, diastolic=80)
    assert RULE not in kit.rules_of(who)
    kit.measure(who, systolic=109, diastolic=80)
    kit.measure(who, systolic=166, diastolic=80)
    found = [one for one in kit.findings(who) if one["rule"] == RULE]
    assert [one["severity"] for one in found] == ["attention", "attention"]
    assert found[1]["sentence_zh"].startswith("收缩压166毫米汞柱(个人范围110至165),超出医务人员设定的个人范围")


def test_within_the_range_general_rules_for_high_values_are_silent_and_dangerous_ones_are_not(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/ranges"), body())
    kit.measure(who, systolic=163, diastolic=80)
    assert kit.rules_of(who) == []
    kit.measure(who, systolic=184, diastolic=80)
    assert set(kit.rules_of(who)) == {RULE, "health_a_blood_pressure"}


def test_the_other_part_of_a_panel_is_judged_as_before(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/ranges"), body())
    kit.measure(who, systolic=140, diastolic=101)
    assert set(kit.rules_of(who)) == {"health_b_blood_pressure", "health_blood_pressure_high"}


def test_an_open_side_is_never_crossed(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/ranges"), {key: value for key, value in body().items() if key != "low"})
    kit.measure(who, systolic=92, diastolic=60)
    assert RULE not in kit.rules_of(who)


def test_past_its_last_day_a_range_no_longer_counts(client, seeded, travel):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/ranges"), body(until=(clock.today() + timedelta(days=60)).isoformat()))
    travel((clock.today() + timedelta(days=61)).isoformat())
    affairs.stay_awake()
    kit.measure(who, systolic=163, diastolic=80)
    assert RULE not in kit.rules_of(who)
    assert "health_b_blood_pressure" in kit.rules_of(who)
    answer = doctor.get(kit.url(who, "/ranges"))
    assert answer.status_code == 200, answer.json
    assert answer.json["items"][0]["state"] == "expired"


def test_a_new_range_takes_the_place_of_the_old_one_and_ending_it_twice_is_once(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    first = doctor.post(kit.url(who, "/ranges"), body()).json
    second = doctor.post(kit.url(who, "/ranges"), body(high=150)).json
    states = {one["id"]: one["state"] for one in doctor.get(kit.url(who, "/ranges")).json["items"]}
    assert states == {first["id"]: "ended", second["id"]: "live"}
    for _ in range(2):
        assert doctor.post(kit.url(who, f"/ranges/{second['id']}/end")).json["state"] == "ended"
    assert personal_range.counting(who["_id"], clock.today()) == {}


def test_a_range_that_no_value_could_meet_is_refused(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    wrong = (
        body(low=170),
        body(high=500),
        body(until="2026-11-19"),
        body(until="2028-11-20"),
        body(scale=2),
        {"quantity": "systolic", "until": body()["until"], "reason": "无"},
    )
    for told in wrong:
        answer = doctor.post(kit.url(who, "/ranges"), told)
        assert (answer.status_code, answer.json["code"]) == (422, "health_range_wrong"), told
    for told in (body(quantity="mood"), body(reason=" "), body(reason="a\u0000b"), body(high="x"), body(other=1)):
        assert doctor.post(kit.url(who, "/ranges"), told).status_code == 400, told


def test_twenty_ranges_at_once_leave_one_that_counts(app, client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    calls = [
        partial(doctor.twin(app.test_client()).post, kit.url(who, "/ranges"), body(high=150 + n)) for n in range(20)
    ]
    answers = at_once(calls)
    assert {one.status_code for one in answers} <= {201, 409}
    live = list(HealthRange._get_collection().find({"subject": who["_id"], "live": True}))
    assert len(live) == 1
