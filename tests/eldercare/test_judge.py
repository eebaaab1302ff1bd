"""A measurement is judged by the rules in force: each finding with version, inputs and one sentence."""

from datetime import timedelta

import pytest

from models.eldercare import finding, judge, observation, programme
from models.eldercare.finding import Found, HealthFinding
from models.eldercare.observation import HealthObservation
from models.rules import evaluate
from models.rules.parameters import RuleParameter
from tests.eldercare import knowing_kit as kit

A = "health_a_blood_pressure"


def test_a_dangerous_pressure_is_a_class_a_finding_that_says_why_and_by_which_version(seeded):
    who = kit.elder()
    measured = kit.measure(who, systolic=186, diastolic=104)
    found = next(one for one in kit.findings(who) if one["rule"] == A)
    assert (found["severity"], found["class"], found["rule_version"]) == ("urgent", "A", 1)
    assert found["about"] == [measured["_id"]]
    assert found["sentence_zh"] == "血压186/104毫米汞柱,达到重要异常A类标准,请静坐后复测,仍高请立即转诊。"
    assert found["inputs"] == {"vital_systolic": 186, "vital_diastolic": 104}


def test_a_finding_is_made_again_from_its_sealed_record_whatever_became_of_the_rule(seeded):
    who = kit.elder()
    kit.measure(who, systolic=186, diastolic=104)
    raw = next(one for one in kit.findings(who) if one["rule"] == A)
    change = {"values.0.value": 300}
    RuleParameter._get_collection().update_one({"_id": "health_systolic_danger"}, {"$set": change})
    kept = finding.decision_record(raw)
    assert evaluate.confirmed(kept)
    assert evaluate.replay(kept).outcome == "yes"
    assert b"vital" not in raw["record"], "the record holds facts, so it is sealed"


@pytest.mark.parametrize(
    ("severity", "asks"), [("info", False), ("attention", True), ("urgent", True), ("emergency", True)]
)
def test_from_attention_on_the_same_write_asks_for_an_alert(seeded, severity, asks):
    who = kit.elder()
    told = Found("health_test", 1, severity, "试验。")
    made = finding.keep(who["_id"], told, about=[], at=who["created_at"], key=f"test:{severity}")
    entries = finding.read(made["_id"]).get("outbox", [])
    assert [(one["queue"], one["task"], one["args"]) for one in entries] == (
        [("care", "eldercare.raise", {"finding": str(made["_id"])})] if asks else []
    )


def test_what_was_measured_long_ago_is_found_and_calls_nobody(seeded):
    who = kit.elder()
    kit.measure(who, heart_rate=152, ago=timedelta(days=8))
    old = kit.findings(who)
    kit.measure(who, heart_rate=152, ago=timedelta(days=6))
    fresh = [one for one in kit.findings(who) if one["_id"] not in {other["_id"] for other in old}]
    assert old
    assert [one for one in old if "outbox" in one] == []
    assert [one for one in fresh if "outbox" not in one] == []


def test_what_was_measured_before_the_rules_is_judged_without_them(seeded):
    who = kit.elder()
    for days in (400, 4000, 9000):
        kit.measure(who, systolic=186, diastolic=104, ago=timedelta(days=days))
        kit.measure(who, haemoglobin=58, ago=timedelta(days=days))
    assert {one["at"].year for one in kit.findings(who)} == {2025}
    assert [one for one in HealthObservation._get_collection().find({"subject": who["_id"]}) if one["outbox"]] == []


def test_a_finding_with_a_stored_key_is_kept_once(seeded):
    who, told = kit.elder(), Found("health_test", 1, "urgent", "试验。")
    first = finding.keep(who["_id"], told, about=[], at=who["created_at"], key="once")
    again = finding.keep(who["_id"], told, about=[], at=who["created_at"], key="once")
    assert first["_id"] == again["_id"]


def test_judging_twice_finds_once(seeded):
    who = kit.elder()
    measured = kit.measure(who, systolic=186, diastolic=104)
    before = kit.rules_of(who)
    judge.judge(measured["_id"])
    assert kit.rules_of(who) == before


BOUNDARIES = [
    (A, {"systolic": 179, "diastolic": 109}, {"systolic": 180, "diastolic": 80}),
    (A, {"systolic": 120, "diastolic": 109}, {"systolic": 120, "diastolic": 110}),
    ("health_b_blood_pressure", {"systolic": 159, "diastolic": 99}, {"systolic": 160, "diastolic": 90}),
    ("health_b_blood_pressure", {"systolic": 180, "diastolic": 90}, {"systolic": 179, "diastolic": 100}),
    ("health_a_heart_rate", {"heart_rate": 149}, {"heart_rate": 150}),
    ("health_a_heart_rate", {"heart_rate": 46}, {"heart_rate": 45}),
    ("health_b_heart_rate", {"heart_rate": 119}, {"heart_rate": 120}),
    ("health_a_haemoglobin", {"haemoglobin": 61}, {"haemoglobin": 60}),
    ("health_a_platelets", {"platelets": 31}, {"platelets": 30}),
    ("health_a_glucose", {"fasting_glucose": 2.9}, {"fasting_glucose": 2.8}),
    ("health_a_glucose", {"fasting_glucose": 16.6}, {"fasting_glucose": 16.7}),
    ("health_a_glucose", {"random_glucose": 19.9}, {"random_glucose": 20}),
    ("health_b_glucose", {"fasting_glucose": 6.9}, {"fasting_glucose": 7.0}),
    ("health_b_glucose", {"random_glucose": 11.0}, {"random_glucose": 11.1}),
    ("health_glucose_danger", {"fasting_glucose": 4.0}, {"fasting_glucose": 3.9}),
    ("health_a_potassium", {"potassium": 2.6}, {"potassium": 2.5}),
    ("health_a_potassium", {"potassium": 6.4}, {"potassium": 6.5}),
    ("health_b_potassium", {"potassium": 6.0}, {"potassium": 6.1}),
    ("health_blood_pressure_high", {"systolic": 149, "diastolic": 89}, {"systolic": 150, "diastolic": 89}),
]


@pytest.mark.parametrize(("rule", "below", "reached"), BOUNDARIES)
def test_each_threshold_holds_on_one_side_and_not_on_the_other(seeded, rule, below, reached):
    calm, ill = kit.elder(), kit.elder()
    kit.measure(calm, **below)
    kit.measure(ill, **reached)
    assert rule not in kit.rules_of(calm)
    assert rule in kit.rules_of(ill)


def test_the_target_of_the_pressure_is_lower_below_sixty_five(seeded):
    younger, older = kit.elder("19620307"), kit.elder("19610307")
    for who in (younger, older):
        kit.measure(who, systolic=142, diastolic=80)
    assert "health_blood_pressure_high" in kit.rules_of(younger)
    assert kit.rules_of(older) == []


def test_haemoglobin_that_was_as_low_before_is_class_a_only_below_thirty(seeded):
    who = kit.elder()
    kit.measure(who, haemoglobin=58, ago=timedelta(days=40))
    assert kit.rules_of(who) == ["health_a_haemoglobin"]
    kit.measure(who, haemoglobin=55)
    assert kit.rules_of(who)[1:] == ["health_b_haemoglobin"]
    kit.measure(who, haemoglobin=30)
    assert kit.rules_of(who)[2:] == ["health_a_haemoglobin"]


def test_high_on_three_days_is_persistent_and_suspected_once(seeded):
    who = kit.elder()
    for days in (9, 9, 5):
        kit.measure(who, systolic=154, diastolic=86, ago=timedelta(days=days))
    assert "health_blood_pressure_persistent" not in kit.rules_of(who)
    kit.measure(who, systolic=152, diastolic=84)
    assert kit.rules_of(who).count("health_blood_pressure_persistent") == 1
    (opened,) = programme.listed(who["_id"])
    assert (opened["disease"], opened["state"], opened["because"]) == ("hypertension", "suspected", "finding")


def test_a_value_that_cannot_be_is_judged_all_the_same_and_said_to_be_doubtful(seeded):
    who = kit.elder()
    kit.measure(who, systolic=310, diastolic=104)
    told = next(one for one in kit.findings(who) if one["rule"] == A)
    assert told["sentence_zh"].endswith("数值可疑请先复测。")


def _corrected(found, **values):
    """Bring an observation to what it says after a correction."""
    change = {"$set": {"values": values, "state": "amended"}, "$inc": {"version": 1}}
    HealthObservation._get_collection().update_one({"_id": found["_id"]}, change)
    judge.judge(found["_id"])


def test_a_correction_supersedes_what_was_found_before_and_is_judged_anew(seeded):
    who = kit.elder()
    measured = kit.measure(who, systolic=196, diastolic=104)
    _corrected(measured, systolic=169.0, diastolic=94.0)
    assert A in kit.rules_of(who, state="superseded")
    assert set(kit.rules_of(who)) == {"health_b_blood_pressure", "health_blood_pressure_high"}
    _corrected(measured, systolic=169.0, diastolic=94.0)
    assert set(kit.rules_of(who)) == {"health_b_blood_pressure", "health_blood_pressure_high"}


def test_what_was_entered_in_error_leaves_no_live_finding(seeded):
    who = kit.elder()
    measured = kit.measure(who, systolic=196, diastolic=104)
    change = {"$set": {"state": "entered_in_error"}, "$inc": {"version": 1}}
    HealthObservation._get_collection().update_one({"_id": measured["_id"]}, change)
    judge.judge(measured["_id"])
    assert kit.findings(who) == []
    assert kit.findings(who, state="superseded")


def test_a_late_run_of_an_earlier_version_does_not_end_what_the_later_one_found(seeded):
    who = kit.elder()
    measured = kit.measure(who, systolic=120, diastolic=80)
    _corrected(measured, systolic=196.0, diastolic=104.0)
    assert A in kit.rules_of(who)
    finding.supersede(measured["_id"], 1)
    assert A in kit.rules_of(who)


def test_judging_an_observation_that_is_gone_does_nothing(seeded):
    judge.judge(kit.elder()["_id"])
    assert HealthFinding._get_collection().find_one({"key": {"$gte": ""}}) is None
    assert observation.latest(kit.elder()["_id"], "weight") == []
