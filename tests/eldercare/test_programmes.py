"""Long illnesses under management: what a visit leads to, and when the next one is due."""

from datetime import date, timedelta
from functools import partial

import pytest

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare import follow_up, knowing_work, observation, programme, record, subject
from models.eldercare.follow_up import Visit
from tests.eldercare import knowing_kit as kit
from tests.support.crowd import at_once


def now(**ago: int) -> str:
    return clock.civil(clock.now() - timedelta(**ago)).isoformat(timespec="milliseconds")


def managed(client, disease: str = "hypertension"):
    who, doctor = kit.elder(), kit.doctor(client)
    answer = doctor.post(kit.url(who, "/programmes"), {"disease": disease})
    assert answer.status_code == 201, answer.json
    return who, doctor


def visit(doctor, who, disease="hypertension", *, status=201, signs=(), **values):
    body = {"at": now(), "values": values, "signs": list(signs)}
    answer = doctor.post(kit.url(who, f"/programmes/{disease}/visits"), body)
    assert answer.status_code == status, answer.json
    return answer.json


def test_a_reached_target_is_seen_again_in_three_months(client, seeded):
    who, doctor = managed(client)
    made = visit(doctor, who, systolic=138, diastolic=82)
    assert (made["decision"], made["reached"], made["next_visit"]) == ("continue", True, "2027-02-20")
    assert made["sentence_zh"] == (
        "高血压随访收缩压138毫米汞柱、舒张压82毫米汞柱,控制满意,继续目前的治疗,下次随访不晚于2月20日。"
    )
    assert (made["rule"], made["rule_version"]) == ("health_hypertension_visit", 1)
    assert programme.live(who["_id"], "hypertension")["next_visit"] == "2027-02-20"


@pytest.mark.parametrize(
    ("values", "signs", "decision", "days"),
    [
        ({"systolic": 149, "diastolic": 89}, (), "continue", 92),
        ({"systolic": 150, "diastolic": 80}, (), "adjust", 14),
        ({"systolic": 140, "diastolic": 90}, (), "adjust", 14),
        ({"systolic": 130, "diastolic": 80}, ("side_effects",), "adjust", 14),
        ({"systolic": 130, "diastolic": 80}, ("complication",), "refer", 14),
        ({"systolic": 180, "diastolic": 80}, (), "refer_at_once", 14),
        ({"systolic": 130, "diastolic": 110}, (), "refer_at_once", 14),
        ({"systolic": 130, "diastolic": 80}, ("danger",), "refer_at_once", 14),
    ],
)
def test_what_a_visit_for_pressure_leads_to(client, seeded, values, signs, decision, days):
    who, doctor = managed(client)
    made = visit(doctor, who, signs=signs, **values)
    assert made["decision"] == decision
    assert made["next_visit"] == (clock.today() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("values", "decision"),
    [
        ({"fasting_glucose": 6.9}, "continue"),
        ({"fasting_glucose": 7.0}, "adjust"),
        ({"fasting_glucose": 3.9}, "refer_at_once"),
        ({"fasting_glucose": 4.0}, "continue"),
        ({"fasting_glucose": 16.7}, "refer_at_once"),
        ({"fasting_glucose": 6.0, "heart_rate": 101}, "refer_at_once"),
        ({"fasting_glucose": 6.0, "heart_rate": 100, "temperature": 39.0}, "continue"),
        ({"fasting_glucose": 6.0, "temperature": 39.1}, "refer_at_once"),
        ({"fasting_glucose": 6.0, "systolic": 180, "diastolic": 90}, "refer_at_once"),
    ],
)
def test_what_a_visit_for_diabetes_leads_to(client, seeded, values, decision):
    who, doctor = managed(client, "diabetes")
    assert visit(doctor, who, "diabetes", **values)["decision"] == decision


def test_twice_running_not_reached_is_referred_and_a_reached_one_between_starts_anew(client, seeded):
    who, doctor = managed(client)
    high, fine = {"systolic": 156, "diastolic": 86}, {"systolic": 136, "diastolic": 80}
    told = [visit(doctor, who, **one)["decision"] for one in (high, fine, high, high)]
    assert told == ["adjust", "continue", "adjust", "refer"]
    (found,) = [one for one in kit.findings(who) if one["rule"] == "health_hypertension_visit"]
    assert (found["severity"], found["inputs"]["visit_unreached_before"]) == ("attention", 1)


def test_a_side_effect_at_a_reached_target_is_no_missed_target(client, seeded):
    who, doctor = managed(client)
    for _ in range(3):
        assert visit(doctor, who, signs=("side_effects",), systolic=130, diastolic=80)["decision"] == "adjust"
    assert programme.live(who["_id"], "hypertension")["unreached"] == 0


def test_measurements_record_and_audit_are_written_with_the_visit(client, seeded):
    who, doctor = managed(client)
    made = visit(doctor, who, systolic=138, diastolic=82)
    (measured,) = observation.latest(who["_id"], "blood_pressure")
    assert measured["values"] == {"systolic": 138, "diastolic": 82}
    (stored,) = record.listed(who["_id"], "visit")
    assert str(stored["_id"]) == made["id"]
    assert record.content(stored)["next_visit"] == "2027-02-20"
    line = AuditEntry._get_collection().find_one({"action": "health.visit"})
    assert line["details"]["decision"] == "continue"


def test_a_visit_without_what_the_rule_needs_is_refused_and_names_it(client, seeded):
    who, doctor = managed(client)
    told = visit(doctor, who, status=422, systolic=138)
    assert (told["code"], told["message"]) == ("health_visit_incomplete", "还缺舒张压,请补充后再登记随访。")
    assert record.listed(who["_id"], "visit") == []
    assert observation.latest(who["_id"], "blood_pressure") == []


def test_a_visit_before_the_last_one_or_long_ago_is_refused(client, seeded):
    who, doctor = managed(client)
    visit(doctor, who, systolic=138, diastolic=82)
    body = {"values": {"systolic": 138, "diastolic": 82}}
    for at in (now(hours=2), now(days=31)):
        answer = doctor.post(kit.url(who, "/programmes/hypertension/visits"), body | {"at": at})
        assert (answer.status_code, answer.json["code"]) == (422, "health_visit_too_old")
    late = doctor.post(kit.url(who, "/programmes/hypertension/visits"), body | {"at": now(days=-1)})
    assert late.json["code"] == "health_measured_in_future"


def test_a_suspicion_is_confirmed_or_dismissed_before_visits(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    kit.measure(who, systolic=170, diastolic=96)
    (told,) = doctor.get(kit.url(who, "/programmes")).json["items"]
    assert (told["state"], told["because"]) == ("suspected", "finding")
    assert visit(doctor, who, status=409, systolic=150, diastolic=80)["code"] == "health_programme_moved"
    assert doctor.post(kit.url(who, "/programmes"), {"disease": "hypertension"}).json["state"] == "managed"
    again = doctor.post(kit.url(who, "/programmes"), {"disease": "hypertension"})
    assert (again.status_code, again.json["code"]) == (422, "health_already_managed")
    ended = doctor.post(kit.url(who, "/programmes/hypertension/end"), {"ended_as": "moved"})
    assert (ended.json["state"], ended.json["ended_as_zh"]) == ("ended", "迁出")
    assert doctor.post(kit.url(who, "/programmes/hypertension/end"), {"ended_as": "moved"}).status_code == 404
    assert visit(doctor, who, status=404, systolic=150, diastolic=80)["code"] == "not_found"


def test_what_a_doctor_dismissed_is_not_suspected_again_for_three_months(client, seeded, shift_clock):
    who, doctor = kit.elder(), kit.doctor(client)
    kit.measure(who, systolic=170, diastolic=96)
    programme.end(doctor.actor(), who["_id"], "hypertension", ended_as="dismissed")
    kit.measure(who, systolic=172, diastolic=96)
    assert [one["state"] for one in programme.listed(who["_id"])] == ["ended"]
    shift_clock(91 * 86_400)
    kit.measure(who, systolic=172, diastolic=96)
    assert [one["state"] for one in programme.listed(who["_id"])] == ["suspected", "ended"]


def test_an_illness_that_is_not_known_is_not_there(client, seeded):
    who, doctor = managed(client)
    body = {"at": now(), "values": {"systolic": 138, "diastolic": 82}}
    assert doctor.post(kit.url(who, "/programmes/boredom/visits"), body).status_code == 404


def test_of_ten_visits_at_once_one_is_counted_for_each_answer(app, client, seeded):
    who, doctor = managed(client)
    body = {"at": now(), "values": {"systolic": 156, "diastolic": 86}}
    path = kit.url(who, "/programmes/hypertension/visits")
    answers = at_once([partial(doctor.twin(app.test_client()).post, path, body) for _ in range(10)])
    won = [one for one in answers if one.status_code == 201]
    assert {one.status_code for one in answers} <= {201, 409, 422}
    assert won
    assert programme.live(who["_id"], "hypertension")["unreached"] == len(won)
    assert len(record.listed(who["_id"], "visit")) == len(won)


def test_without_the_guard_of_the_programme_visits_at_once_are_lost(client, seeded):
    who, _ = managed(client)
    read = [programme.live(who["_id"], "hypertension") for _ in range(2)]
    for one in read:
        change = {"$set": {"unreached": one["unreached"] + 1}}
        programme.HealthProgramme._get_collection().update_one({"_id": one["_id"]}, change)
    assert programme.live(who["_id"], "hypertension")["unreached"] == 1, "two visits, one counted"


def test_confirming_at_once_makes_one_programme(app, client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    path, body = kit.url(who, "/programmes"), {"disease": "diabetes"}
    answers = at_once([partial(doctor.twin(app.test_client()).post, path, body) for _ in range(10)])
    assert sorted({one.status_code for one in answers}) == [201, 422]
    assert len(programme.listed(who["_id"])) == 1


def test_what_is_due_among_some_elders_is_read_by_day(client, seeded):
    first, doctor = managed(client)
    second, _ = managed(client)
    visit(doctor, first, systolic=138, diastolic=82)
    both = [first["_id"], second["_id"]]
    assert [one["subject"] for one in programme.due(both, clock.today(), 10)] == [second["_id"]]
    assert len(programme.due(both, kit.in_days(92), 10)) == len(programme.due(None, kit.in_days(92), 10)) == 2


def test_the_work_list_of_the_day_holds_the_visits_of_ones_own_elders(client, seeded):
    who, doctor = managed(client)
    tonight = clock.at(kit.in_days(1), 0)
    (told,) = knowing_work.follow_ups({kit.CLINIC}, tonight, 10)
    assert (told.subject, told.kind_zh, told.due) == (who["_id"], "高血压随访", tonight)
    assert knowing_work.follow_ups({kit.OTHER}, tonight, 10) == []
    assert len(knowing_work.follow_ups(None, tonight, 10)) == 1
    visit(doctor, who, systolic=138, diastolic=82)
    assert knowing_work.follow_ups({kit.CLINIC}, tonight, 10) == []


def test_the_end_of_a_short_month_is_its_last_day():
    assert follow_up.months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert follow_up.months_later(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert follow_up.months_later(date(2026, 12, 31), 3) == date(2027, 3, 31)


def test_the_rule_alone_says_what_a_visit_leads_to_without_storing(seeded):
    who = kit.elder()
    told = Visit("hypertension", clock.now(), {"systolic": 156, "diastolic": 86})
    assert follow_up.outcome_of(subject.read(who["_id"]), told, unreached=1).kind == "refer"
    assert record.listed(who["_id"], "visit") == []


def test_every_look_of_the_staff_leaves_a_line(client, seeded):
    who, doctor = managed(client)
    kit.measure(who, systolic=186, diastolic=104)
    paths = ("/findings", "/screen", "/assessments", "/ranges", "/programmes", "/checks")
    for path in paths:
        assert doctor.get(kit.url(who, path)).status_code == 200, path
    lines = list(AccessLine._get_collection().find({"subjects": subject.person_of(who)}).sort("_id", 1))
    assert [one["fields"] for one in lines] == [
        ["health.findings"],
        ["health.vitals"],
        ["health.assessments"],
        ["health.ranges"],
        ["health.programmes"],
        ["health.checks"],
    ]
