"""Two versions of a rule over many subjects: who gains, who loses, and what old records do not tell."""

import itertools
from datetime import date

import pytest

from models.rules import difference, evaluate, parameters
from models.rules.decision import Light
from models.rules.difference import Difference
from models.rules.evaluate import RecordBroken
from models.rules.facts import NOT_KEPT, Known, Missing
from tests.onecard.test_rules_versions import put
from tests.support.rules import FACTS, bound, known

A, B = {"eq": [{"fact": "a"}, True]}, {"eq": [{"fact": "b"}, True]}
BOTH, EITHER, ONE = {"all": [A, B]}, {"any": [A, B]}, {"all": [A]}
AMOUNT = {"name": "amount_fen", "zh": "金额", "unit": "fen", "value": {"fact": "n"}, "round": "down"}
SIDES = {"yes": True, "no": False, "unknown": None}


def test_who_gains_and_who_loses_between_two_versions():
    told = Difference(bound(B), bound(A))
    subjects = [(one, known(a=one[0], b=one[1]), None) for one in itertools.product((True, False), repeat=2)]
    changes = {key: pair.change for key, pair in told.over(subjects)}
    assert changes == {
        (True, True): "same",
        (True, False): "loses",
        (False, True): "gains",
        (False, False): "same",
    }


@pytest.mark.parametrize(("before", "after"), list(itertools.product(SIDES, SIDES)))
def test_what_one_side_leaves_unknown_is_neither_gained_nor_lost(before, after):
    pair = Difference(bound(B), bound(A)).of(known(a=SIDES[before], b=SIDES[after]))
    assert (pair.before.outcome, pair.after.outcome) == (before, after)
    expected = {("yes", "no"): "loses", ("no", "yes"): "gains"}.get((before, after), "unclear")
    assert pair.change == ("same" if before == after else expected)


def test_an_amount_that_differs_is_a_change_and_one_that_is_open_is_unclear():
    before, after = bound(ONE, outputs=[AMOUNT]), bound(ONE, outputs=[AMOUNT | {"value": {"fact": "m"}}])
    told = Difference(after, before)
    assert told.of(known(a=True, n=5, m=5)).change == "same"
    assert told.of(known(a=True, n=5, m=6)).change == "amount"
    pair = told.of(known(a=True, n=5))
    assert (pair.change, pair.missing, pair.not_kept) == ("unclear", ("m",), ())


def test_a_subject_is_compared_with_what_was_decided_then():
    told = Difference(bound(B))
    assert told.of(known(b=True), Light("no", {})).change == "gains"
    with pytest.raises(ValueError, match="test"):
        told.of(known(b=True))


class TestNotKept:
    """A fact of which an old record does not speak."""

    def test_leaves_open_what_hangs_on_it_and_is_named(self):
        told = Difference(bound(BOTH))
        given = told.asked(known(a=True, c=True))
        assert given == {"a": Known(value=True), "b": NOT_KEPT}
        pair = told.of(given, Light("yes", {}))
        assert (pair.change, pair.missing, pair.not_kept) == ("unclear", (), ("b",))

    def test_is_told_apart_from_one_that_was_missing_then(self):
        told = Difference(bound(BOTH))
        pair = told.of(told.asked({"a": Missing("未查到", "县公安局")}), Light("no", {}))
        assert (pair.missing, pair.not_kept, pair.open) == (("a",), ("b",), True)

    def test_does_not_matter_where_another_fact_settles_it(self):
        for condition, a, outcome in ((BOTH, False, "no"), (EITHER, True, "yes")):
            told = Difference(bound(condition))
            pair = told.of(told.asked(known(a=a)), Light(outcome, {}))
            assert (pair.change, pair.after.outcome, pair.open) == ("same", outcome, False)

    def test_is_not_taken_as_not_known(self):
        asks = bound({"is_known": "b"})
        assert evaluate.outcome(asks, {"b": NOT_KEPT}) == "unknown"
        assert evaluate.decided(asks, {"b": NOT_KEPT}).missing == ("b",)
        assert evaluate.outcome(asks, {"b": Missing("未查到")}) == "no"
        assert evaluate.outcome(asks, {}) == "no"

    def test_never_turns_a_yes_or_a_no_round_once_it_is_known(self):
        for condition in (BOTH, EITHER, {"not": {"any": [A, {"is_known": "b"}]}}, {"any": [{"not": B}, A]}):
            rule = bound(condition)
            for a in (True, False):
                then = evaluate.outcome(rule, {**known(a=a), "b": NOT_KEPT})
                later = {
                    evaluate.outcome(rule, {**known(a=a), "b": b})
                    for b in (Known(value=True), Known(value=False), Missing())
                }
                assert then == "unknown" or later == {then}


def test_a_record_gives_back_its_facts_and_its_result():
    decision = evaluate.decided(bound(ONE, outputs=[AMOUNT]), known(a=True, n=7, m=3))
    record = decision.record()
    assert difference.decided(record) == Light("yes", {"amount_fen": 7})
    assert difference.kept(record) == {"a": Known(value=True), "n": Known(7)}


class TestFrozen:
    """A rule written down as it counts on a day."""

    def test_says_the_same_whatever_becomes_of_the_rules(self, store):
        facts = [one for one in FACTS if one["name"] in ("n", "a")]
        told = {"code": "bar", "zh": "门槛", "kind": "number"}
        values = [{"value": 5, "valid_from": "2026-01-01", "source": {"title": "文件"}}]
        parameters.seed(told | {"values": values})
        inner = put("inner", 1, {"ge": [{"fact": "n"}, {"param": "bar"}]}, facts=facts)
        outer = put("outer", 1, {"rule": "inner"}, facts=[])
        kept = evaluate.frozen(evaluate.bind(outer, date(2026, 6, 1)))
        put("inner", 2, {"ge": [{"fact": "n"}, 50]}, facts=facts)
        parameters.RuleParameter._get_collection().delete_many({"_id": "bar"})
        asked = known(n=6)
        assert evaluate.outcome(evaluate.bind(outer, date(2026, 6, 1)), asked) == "no"
        assert evaluate.outcome(evaluate.thawed(kept), asked) == "yes"
        assert inner["hash"] in [one["hash"] for one in kept["sets"]]

    def test_is_not_thawed_once_it_was_changed(self):
        kept = evaluate.frozen(bound(ONE))
        kept["sets"][0] |= {"condition": EITHER}
        with pytest.raises(RecordBroken):
            evaluate.thawed(kept)


def test_ages_count_on_the_day_and_parameters_on_another(store):
    values = [
        {"value": age, "valid_from": day, "source": {"title": "文件"}}
        for age, day in ((6, "2025-01-01"), (7, "2026-01-01"))
    ]
    parameters.seed({"code": "school_age", "zh": "入学年龄", "kind": "number", "values": values})
    made = put("age", 1, {"ge": [{"age": {"fact": "person.birth_date"}}, {"param": "school_age"}]}, facts=FACTS)
    born = known(person__birth_date=date(2019, 6, 1))
    then, later = date(2025, 8, 31), date(2026, 8, 31)
    assert evaluate.outcome(evaluate.bind(made, then), born) == "yes"
    assert evaluate.outcome(evaluate.bind(made, then, taken_on=later), born) == "no"
    assert evaluate.outcome(evaluate.bind(made, later), born) == "yes"
