"""Versions over time: which one counts on a day, records that replay by themselves, and how fast rules are asked."""

import copy
import json
import subprocess
import sys
from datetime import date

import pytest

from backend.errors import NotFound
from models.rules import activation, evaluate, parameters, rule_set
from models.rules.evaluate import RecordBroken
from models.rules.facts import Known, Missing
from models.rules.rule_set import NotInForce, RuleCircle, RuleSet
from seed import county_data
from tests.architecture.house import ROOT
from tests.support.rules import FACTS, content, known

AGE = {"name": "person.age", "kind": "number", "zh": "年龄(周岁)", "whose": "县公安局"}
SECRET = 67123
AMOUNT = {
    "name": "amount_fen",
    "zh": "金额",
    "unit": "fen",
    "value": {"multiply": [{"fact": "person.age"}, 100]},
    "round": "down",
}


def put(code: str, version: int, condition, **more) -> dict:
    """Store an active version as an activation leaves it."""
    made = rule_set.checked(code, content(condition, **{"facts": [AGE], **more}))
    document = {"_id": f"{code}:{version}", "code": code, "version": version, "state": "active", **made}
    RuleSet._get_collection().insert_one(document)
    return document


def at_least(age: int) -> dict:
    return {"ge": [{"fact": "person.age"}, age]}


def ages(code: str, day: str, **more) -> list[str]:
    """Return what the rule says of 60, 65 and 70 on a day."""
    when = date.fromisoformat(day)
    return [evaluate.decide(code, known(person__age=age), day=when, **more).outcome for age in (60, 65, 70)]


YNY = {"60": ["yes", "yes", "yes"], "65": ["no", "yes", "yes"], "70": ["no", "no", "yes"]}


def test_on_a_day_the_version_counts_whose_period_covers_it_and_began_last(store):
    put("bus", 1, at_least(60), valid_from="2020-01-01")
    put("bus", 2, at_least(70), valid_from="2026-01-01", valid_to="2026-06-30")
    put("bus", 3, at_least(65), valid_from="2027-01-01")
    found = {day: ages("bus", day) for day in ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2027-01-01")}
    assert found == {
        "2025-12-31": YNY["60"], "2026-01-01": YNY["70"], "2026-06-30": YNY["70"],
        "2026-07-01": YNY["60"], "2027-01-01": YNY["65"],
    }  # fmt: skip


def test_of_two_that_began_together_the_later_version_counts(store):
    put("bus", 1, at_least(60), valid_from="2026-01-01")
    put("bus", 2, at_least(65), valid_from="2026-01-01")
    assert ages("bus", "2026-06-01") == YNY["65"]


def test_a_named_version_counts_whatever_the_day(store):
    put("bus", 1, at_least(60), valid_from="2020-01-01")
    put("bus", 2, at_least(65), valid_from="2026-01-01")
    assert ages("bus", "2026-06-01", version=1) == YNY["60"]
    with pytest.raises(NotInForce):
        ages("bus", "2026-06-01", version=3)


def test_before_the_first_version_nothing_counts(store):
    put("bus", 1, at_least(60), valid_from="2026-01-01")
    with pytest.raises(NotInForce) as refusal:
        evaluate.decide("bus", {}, day=date(2025, 12, 31))
    assert "2025-12-31" in refusal.value.message()
    with pytest.raises(NotInForce):
        evaluate.many("nothing", date(2026, 1, 1))


def test_a_draft_never_counts(store):
    made = put("bus", 1, at_least(60))
    RuleSet._get_collection().update_one({"_id": made["_id"]}, {"$set": {"state": "proposed"}})
    with pytest.raises(NotInForce):
        ages("bus", "2026-06-01")


def test_a_rule_that_another_refers_to_is_taken_as_it_counts_on_the_day(store):
    put("inner", 1, at_least(60), valid_from="2026-01-01")
    put("inner", 2, at_least(70), valid_from="2026-07-01")
    put("outer", 1, {"rule": "inner"}, facts=[])
    assert ages("outer", "2026-06-30") == YNY["60"]
    assert ages("outer", "2026-07-01") == YNY["70"]
    decision = evaluate.decide("outer", {}, day=date(2026, 7, 1))
    assert (decision.outcome, decision.missing) == ("unknown", ("person.age",))
    (inner,) = decision.trace["below"]
    assert (inner["rule"], inner["version"]) == ("inner", 2)


def test_a_rule_that_is_referred_to_and_not_in_force_leaves_it_unknown(store):
    put("inner", 1, at_least(60), valid_from="2026-07-01")
    put("outer", 1, {"rule": "inner"}, facts=[])
    decision = evaluate.decide("outer", known(person__age=70), day=date(2026, 6, 30))
    assert (decision.outcome, decision.missing) == ("unknown", ("rule:inner",))


def test_parameters_have_the_value_of_the_day(store):
    values = [
        {"value": v, "valid_from": d, "source": {"title": "x"}} for v, d in ((60, "2026-01-01"), (65, "2027-01-01"))
    ]
    parameters.seed({"code": "bar", "zh": "门槛", "kind": "number", "values": values})
    assert parameters.value("bar", date(2026, 12, 31)) == 60
    assert parameters.value("bar", date(2027, 1, 1)) == 65
    for code, day in (("bar", date(2025, 12, 31)), ("nothing", date(2026, 1, 1))):
        with pytest.raises(NotFound):
            parameters.value(code, day)


# Records


def recorded(store, age=SECRET) -> dict:
    values = [{"value": 65, "valid_from": "2026-01-01", "source": {"title": "文件"}}]
    parameters.seed({"code": "bar", "zh": "门槛", "kind": "number", "values": values})
    put("inner", 1, {"ge": [{"fact": "person.age"}, {"param": "bar"}]})
    put("bus", 1, {"all": [{"rule": "inner"}, {"is_known": "person.age"}]}, outputs=[AMOUNT])
    facts = {"person.age": Known(age, "县公安局", "2026-11-01"), "unasked": Known("x")}
    return evaluate.decide("bus", facts, day=date(2026, 11, 23)).record()


REPLAY = """
import json, sys
from models.rules import evaluate
decision = evaluate.replay(json.load(sys.stdin))
print(json.dumps({"again": decision.record(), "why": decision.why_zh, "values": dict(decision.values)}))
"""


def test_a_record_replays_in_a_fresh_process_two_versions_later(store):
    record = recorded(store)
    assert (record["outcome"], record["values"]) == ("yes", {"amount_fen": SECRET * 100})
    for version, bar in ((2, 90_000), (3, 99_999)):
        put("bus", version, at_least(bar), valid_from="2026-06-01")
        put("inner", version, at_least(bar), valid_from="2026-06-01")
    parameters.RuleParameter._get_collection().update_one({"_id": "bar"}, {"$set": {"values": []}})
    assert evaluate.decide("bus", known(person__age=SECRET), day=date(2026, 11, 23)).outcome == "no"
    ran = subprocess.run(
        [sys.executable, "-c", REPLAY], input=json.dumps(record), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["again"] == record
    assert found["values"] == {"amount_fen": SECRET * 100}
    assert evaluate.matches_store(record)


def test_a_record_whose_version_was_tampered_with_in_the_store_is_seen(store):
    record = recorded(store)
    assert evaluate.matches_store(record)
    RuleSet._get_collection().update_one({"_id": "inner:1"}, {"$set": {"condition": at_least(1)}})
    assert not evaluate.matches_store(record)
    RuleSet._get_collection().delete_one({"_id": "inner:1"})
    assert not evaluate.matches_store(record)
    assert evaluate.replay(record).outcome == "yes"


def changed(record: dict, change) -> dict:
    other = copy.deepcopy(record)
    change(other)
    return other


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["parameters"][0].update(value=1),
        lambda r: r["sets"][0].update(condition={"all": []}),
        lambda r: r["sets"][0].update(hash="0" * 64),
        lambda r: r.update(day="2026-01-01"),
        lambda r: r.update(form=2),
        lambda r: r.pop("sets"),
        lambda r: r["facts"][0].pop("source"),
        lambda r: r["facts"][0].update(value=1.5),
        lambda r: r.update(facts=5),
    ],
)
def test_a_record_that_was_changed_does_not_replay(store, change):
    record = recorded(store)
    with pytest.raises(RecordBroken):
        evaluate.replay(changed(record, change))
    assert evaluate.replay(record).record() == record


@pytest.mark.parametrize("change", [{"outcome": "no"}, {"values": {"amount_fen": 1}}, {"missing": ["person.age"]}])
def test_a_record_whose_result_was_changed_is_not_confirmed(store, change):
    record = recorded(store)
    assert evaluate.confirmed(record)
    assert not evaluate.confirmed({**record, **change})


def test_a_record_holds_the_facts_that_the_trees_read_and_no_others(store):
    assert [one["name"] for one in recorded(store)["facts"]] == ["person.age"]


def test_what_may_stand_in_the_clear_names_no_value_of_a_fact(store):
    recorded(store)
    decision = evaluate.decide("bus", known(person__age=SECRET), day=date(2026, 11, 23))
    assert str(SECRET) in json.dumps(decision.record())
    for clear in (json.dumps(decision.summary()), decision.why_zh, repr(decision)):
        assert str(SECRET) not in clear


def test_reasons_name_what_decided_and_where_it_stands(store):
    put("bus", 1, {"any": [at_least(65), {"eq": [{"fact": "a"}, True]}]}, facts=[AGE, *FACTS])
    yes = evaluate.decide("bus", known(person__age=60, a=True), day=date(2026, 11, 23))
    assert yes.why_zh == "符合“试验规则”:满足“甲为“是””。依据:试验文件。"
    no = evaluate.decide("bus", known(person__age=60, a=False), day=date(2026, 11, 23))
    assert no.why_zh == "不符合“试验规则”:不满足“年龄(周岁)不低于 65 ”;不满足“甲为“是””。依据:试验文件。"
    facts = {"person.age": Missing("查询失败"), **known(a=False)}
    unknown = evaluate.decide("bus", facts, day=date(2026, 11, 23))
    assert unknown.why_zh == "暂不能判断是否符合“试验规则”:还缺年龄(周岁)(县公安局)。依据:试验文件。"


def test_a_yes_whose_amount_lacks_a_fact_says_which(store):
    put("bus", 1, {"all": []}, outputs=[AMOUNT])
    decision = evaluate.decide("bus", {}, day=date(2026, 11, 23))
    assert (decision.outcome, decision.missing, dict(decision.values)) == ("yes", ("person.age",), {})
    assert "金额等结果还缺年龄(周岁)(县公安局)" in decision.why_zh


# Seed and circles


def test_the_seed_leaves_alone_what_is_there(store):
    assert county_data.rules(with_demo=False) == 5
    assert RuleSet._get_collection().find_one({"_id": "demo_farmland_subsidy:1"}) is None
    before = list(RuleSet._get_collection().find().hint("_id_"))
    assert county_data.rules(with_demo=False) == 5
    assert list(RuleSet._get_collection().find().hint("_id_")) == before


def test_a_circle_over_three_rules_is_seen(store):
    put("one", 1, at_least(1))
    put("two", 1, {"rule": "one"}, facts=[])
    put("three", 1, {"rule": "two"}, facts=[])
    with pytest.raises(RuleCircle):
        activation.transactions.run(lambda s: activation.require_acyclic("one", content({"rule": "three"}), s))
    activation.transactions.run(lambda s: activation.require_acyclic("four", content({"rule": "three"}), s))
    touched = {one["_id"]: one.get("touched") for one in RuleSet._get_collection().find().hint("_id_")}
    assert touched == {"one:1": 1, "two:1": 1, "three:1": 1}


# Speed


def test_many_are_decided_without_asking_the_store_again(store):
    recorded(store)
    many = evaluate.many("bus", date(2026, 11, 23))
    RuleSet._get_collection().delete_many({})
    found = [many(known(person__age=age)) for age in (64, 65)]
    assert [one.outcome for one in found] == ["no", "yes"]
    assert dict(found[1].values) == {"amount_fen": 6500}
    assert many.explain(known(person__age=64)).why_zh.startswith("不符合")
