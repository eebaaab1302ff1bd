"""Random trees over random facts: what must hold whatever somebody writes."""

import json
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules import evaluate, grammar, in_words
from models.rules.facts import Known, Missing, decode, encode
from tests.support.rules import FACTS, bound, content, errors

MEMBERS = "household.members"
FLAGS, NUMBERS = ("a", "b", "c"), ("n", "m")
numbers = st.integers(-20, 20) | st.sampled_from([{"decimal": "0.5"}, {"decimal": "-7/3"}])
value = st.recursive(
    numbers | st.sampled_from([{"fact": name} for name in NUMBERS]) | st.just({"count": MEMBERS}),
    lambda inner: st.one_of(
        st.builds(
            lambda name, parts: {name: parts},
            st.sampled_from(["add", "multiply", "least", "greatest"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda name, one, other: {name: [one, other]}, st.sampled_from(["subtract", "divide"]), inner, inner),
        st.builds(lambda one, mode: {"round": one, "mode": mode}, inner, st.sampled_from(list(grammar.ROUNDING))),
        st.just({"age": {"fact": "person.birth_date"}}),
        st.just({"sum": MEMBERS, "of": {"item": "income"}}),
        st.just({"max": MEMBERS, "of": {"item": "income"}, "where": {"eq": [{"item": "student"}, True]}}),
    ),
    max_leaves=4,
)
leaf = st.one_of(
    st.builds(lambda name, told: {"eq": [{"fact": name}, told]}, st.sampled_from(FLAGS), st.booleans()),
    st.builds(lambda name, one, two: {name: [one, two]}, st.sampled_from(list(grammar.COMPARING)), value, value),
    st.builds(
        lambda one, low, high, first, last: {
            "between": one, "from": low, "to": high, "from_included": first, "to_included": last
        },
        value, numbers, numbers, st.booleans(), st.booleans(),
    ),
    st.builds(
        lambda of: {"prefix": {"fact": "person.area"}, "of": of}, st.lists(st.sampled_from(["3607", "36"]), min_size=1)
    ),
    st.builds(lambda one, of: {"in": one, "of": of}, value, st.lists(numbers, min_size=1, max_size=3)),
    st.builds(
        lambda name, bar: {name: MEMBERS, "where": {"ge": [{"item": "income"}, bar]}},
        st.sampled_from(["exists", "every"]),
        numbers,
    ),
    st.builds(
        lambda name, day: {name: [{"fact": "person.birth_date"}, {"date": day}]},
        st.sampled_from(["before", "after"]),
        st.sampled_from(["1961-11-23", "2000-02-29"]),
    ),
    st.just({"rule": "other"}),
    st.builds(lambda name: {"ge": [{"fact": name}, {"param": "bar"}]}, st.sampled_from(NUMBERS)),
)  # fmt: skip
tree = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda name, parts: {name: parts}, st.sampled_from(["all", "any"]), st.lists(inner, max_size=3)),
        st.builds(lambda one: {"not": one}, inner),
        st.builds(lambda one: {"not": one, "zh": "另有说明"}, inner),
    ),
    max_leaves=8,
)
number_fact = st.integers(-20, 20) | st.fractions(-20, 20, max_denominator=7)
member = st.fixed_dictionaries({}, optional={"income": number_fact, "student": st.booleans()})
told = {
    **{name: st.booleans() for name in FLAGS},
    **dict.fromkeys(NUMBERS, number_fact),
    "person.birth_date": st.dates().map(str),
    "person.area": st.sampled_from(["360731105", "110101", ""]),
    MEMBERS: st.lists(member, max_size=3),
}
whole = st.fixed_dictionaries({name: one.map(lambda v: Known(v, "试验", "2026-11-01")) for name, one in told.items()})
gaps = st.sets(st.sampled_from(sorted(told)))
MORE = {"parameters": {"bar": 3}, "others": {"other": {"eq": [{"fact": "c"}, True]}}}


def without(facts: dict, names: set) -> dict:
    return {name: Missing("未取得", "某局") if name in names else fact for name, fact in facts.items()}


def ask(condition, facts) -> str:
    return evaluate.outcome(bound(condition, **MORE), facts)


@settings(max_examples=300)
@given(tree, whole, gaps, gaps)
def test_a_fact_that_becomes_known_never_flips_a_yes_or_a_no(condition, facts, early, late):
    before = ask(condition, without(facts, early | late))
    after = ask(condition, without(facts, late))
    assert before in {"unknown", after}


@settings(max_examples=200)
@given(st.lists(tree, max_size=3), whole, gaps)
def test_de_morgan_holds_with_three_values(parts, facts, missing):
    facts = without(facts, missing)
    negated = [{"not": part} for part in parts]
    assert ask({"not": {"all": parts}}, facts) == ask({"any": negated}, facts)
    assert ask({"not": {"any": parts}}, facts) == ask({"all": negated}, facts)


def check_node(node: dict) -> None:
    below = [one["outcome"] for one in node.get("below", ())]
    for one in node.get("below", ()):
        check_node(one)
    if node["operator"] == "all":
        assert node["outcome"] == ("no" if "no" in below else "unknown" if "unknown" in below else "yes")
    elif node["operator"] == "any":
        assert node["outcome"] == ("yes" if "yes" in below else "unknown" if "unknown" in below else "no")
    elif node["operator"] == "not":
        assert node["outcome"] == {"yes": "no", "no": "yes", "unknown": "unknown"}[below[0]]
    elif node["operator"] == "rule":
        assert below == [node["outcome"]]


@settings(max_examples=200)
@given(tree, whole, gaps)
def test_the_trace_agrees_with_the_outcome_and_names_what_is_missing(condition, facts, missing):
    facts = without(facts, missing)
    rule = bound(condition, **MORE)
    decision = evaluate.decided(rule, facts)
    assert decision.outcome == decision.trace["outcome"] == evaluate.outcome(rule, facts)
    check_node(decision.trace)
    assert bool(decision.missing) == (decision.outcome == "unknown")
    assert set(decision.missing) <= facts.keys()
    assert decision.why_zh.startswith({"yes": "符合", "no": "不符合", "unknown": "暂不能判断"}[decision.outcome])


@settings(max_examples=200)
@given(tree, whole, gaps)
def test_a_record_replays_to_the_same_decision_through_json(condition, facts, missing):
    decision = evaluate.decided(bound(condition, **MORE), without(facts, missing))
    record = json.loads(json.dumps(decision.record(), ensure_ascii=False))
    again = evaluate.replay(record)
    assert again == decision
    assert again.record() == record


@settings(max_examples=200)
@given(tree)
def test_every_tree_can_be_said_in_words(condition):
    said = in_words.sentence(condition, in_words.words(content(condition)))
    assert said
    assert "{" not in said
    assert in_words.sentence(condition)


@settings(max_examples=200)
@given(tree)
def test_a_tree_keeps_its_meaning_through_json(condition):
    again = json.loads(json.dumps(condition))
    assert again == condition
    assert errors(again, parameters={"bar": "number"}, rules={"other"}) == {}


@given(st.fractions(-1000, 1000, max_denominator=10**6) | st.dates() | st.booleans() | st.text(max_size=50))
def test_every_value_keeps_itself_through_json(one):
    found = decode(json.loads(json.dumps(encode(one))))
    assert found == one
    assert not isinstance(found, float)
    assert not (isinstance(found, Fraction) and found.denominator == 1)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["n", MEMBERS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*grammar.CONDITIONS, *grammar.VALUES, "where", "of", "from", "to", "rows", "mode", "zh", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500)
@given(json_like, st.lists(json_like, max_size=2), st.lists(json_like, max_size=2))
def test_whatever_is_sent_is_told_what_is_wrong_or_can_be_evaluated(condition, outputs, facts):
    found = errors(condition, outputs=outputs, facts=[*FACTS, *facts])
    assert all(isinstance(path, str) and isinstance(told, list) for path, told in found.items())
    if not found:
        assert evaluate.decided(bound(condition), {}).outcome in {"yes", "no", "unknown"}
