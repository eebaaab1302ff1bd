"""What conditions and values mean: three-valued logic, comparisons, days, lists, amounts."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from models.rules import compile_values, evaluate
from models.rules.facts import Known, Missing, encode
from tests.support.rules import ask, bound, known, output

A, B = {"eq": [{"fact": "a"}, True]}, {"eq": [{"fact": "b"}, True]}
VALUES = {"yes": True, "no": False, "unknown": None}
AND = {
    ("yes", "yes"): "yes", ("yes", "no"): "no", ("yes", "unknown"): "unknown",
    ("no", "yes"): "no", ("no", "no"): "no", ("no", "unknown"): "no",
    ("unknown", "yes"): "unknown", ("unknown", "no"): "no", ("unknown", "unknown"): "unknown",
}  # fmt: skip
OR = {
    ("yes", "yes"): "yes", ("yes", "no"): "yes", ("yes", "unknown"): "yes",
    ("no", "yes"): "yes", ("no", "no"): "no", ("no", "unknown"): "unknown",
    ("unknown", "yes"): "yes", ("unknown", "no"): "unknown", ("unknown", "unknown"): "unknown",
}  # fmt: skip
NUMBER = {"fact": "n"}
AGE = {"age": {"fact": "person.birth_date"}}
MEMBERS = "household.members"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("pair", list(itertools.product(VALUES, VALUES)))
def test_and_or_follow_kleenes_table(pair):
    facts = known(a=VALUES[pair[0]], b=VALUES[pair[1]])
    assert ask({"all": [A, B]}, facts) == AND[pair]
    assert ask({"any": [A, B]}, facts) == OR[pair]


@pytest.mark.parametrize(("one", "other"), [("yes", "no"), ("no", "yes"), ("unknown", "unknown")])
def test_not_turns_yes_and_no_and_leaves_unknown(one, other):
    assert ask({"not": A}, known(a=VALUES[one])) == other


def test_no_condition_at_all_is_a_yes_and_no_alternative_at_all_a_no():
    assert (ask({"all": []}), ask({"any": []})) == ("yes", "no")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("eq", "nyn"), ("ne", "yny"), ("lt", "ynn"), ("le", "yyn"), ("gt", "nny"), ("ge", "nyy")],
)
def test_comparisons_below_at_and_above_the_bound(name, expected):
    found = [ask({name: [NUMBER, 65]}, known(n=number))[0] for number in (64, 65, 66)]
    assert "".join(found) == expected


def test_a_comparison_with_a_missing_side_is_unknown():
    assert ask({"eq": [NUMBER, {"fact": "m"}]}, known(n=1)) == "unknown"
    assert ask({"eq": [NUMBER, {"fact": "m"}]}, known(m=1)) == "unknown"


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "nyyyn"), ({"from_included": False}, "nnyyn"), ({"to_included": False}, "nyynn")],
)
def test_between_includes_its_ends_unless_told_otherwise(options, expected):
    tree = {"between": NUMBER, "from": 10, "to": 20, **options}
    assert "".join(ask(tree, known(n=number))[0] for number in (9, 10, 15, 20, 21)) == expected


def test_between_of_a_known_end_decides_though_the_other_is_missing():
    tree = {"between": NUMBER, "from": 10, "to": {"fact": "m"}}
    assert [ask(tree, known(n=number)) for number in (9, 11)] == ["no", "unknown"]


def test_in_and_prefix_look_into_literals_and_parameters():
    area = {"fact": "person.area"}
    here, away = known(person__area="360731105"), known(person__area="360702001")
    for tree in ({"prefix": area, "of": "360731"}, {"prefix": area, "of": ["360731", "360732"]}):
        assert (ask(tree, here), ask(tree, away), ask(tree)) == ("yes", "no", "unknown")
    towns = {"in": area, "of": {"param": "towns"}}
    assert ask(towns, here, parameters={"towns": ["360731105"]}) == "yes"
    assert ask({"prefix": area, "of": {"param": "towns"}}, away, parameters={"towns": ["360731"]}) == "no"
    assert ask({"in": NUMBER, "of": [1, {"decimal": "2.5"}]}, known(n=Decimal("2.5"))) == "yes"


def test_is_known_asks_whether_a_fact_is_there_and_is_never_unknown():
    tree = {"is_known": "n"}
    assert (ask(tree, known(n=0)), ask(tree), ask(tree, {"n": Missing("x")})) == ("yes", "no", "no")
    assert ask(tree, {"n": Known("text")}) == "no"


def test_a_parameter_without_a_value_on_that_day_leaves_it_unknown():
    tree = {"ge": [NUMBER, {"param": "age"}]}
    assert ask(tree, known(n=70), parameters={"age": 65}) == "yes"
    made = bound(tree, parameters={"age": 65})
    without = evaluate._bound("test", made.environment.day, made.sets, {})
    assert evaluate.outcome(without, known(n=70)) == "unknown"
    assert evaluate.decided(without, known(n=70)).missing == ("param:age",)


def test_another_rule_is_asked_by_its_code():
    tree = {"all": [{"rule": "other"}, A]}
    other = {"other": {"ge": [NUMBER, 5]}}
    assert ask(tree, known(a=True, n=5), others=other) == "yes"
    assert ask(tree, known(a=True, n=4), others=other) == "no"
    assert ask(tree, known(a=True), others=other) == "unknown"


# Facts of a wrong kind


@pytest.mark.parametrize("wrong", ["65", 65.0, True, None, [], {}, Decimal("NaN"), date(2026, 1, 1)])
def test_a_number_that_is_none_counts_as_missing(wrong):
    assert ask({"ge": [NUMBER, 1]}, {"n": Known(wrong)}) == "unknown"


@pytest.mark.parametrize("wrong", ["1960", "1960-13-01", datetime(1960, 1, 1, tzinfo=UTC), 19600101, "1960-1-1"])
def test_a_day_that_is_none_counts_as_missing(wrong):
    assert ask({"ge": [AGE, 65]}, {"person.birth_date": Known(wrong)}) == "unknown"


def test_a_truth_value_that_is_a_number_counts_as_missing():
    assert ask(A, {"a": Known(1)}) == "unknown"


# Days


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("1961-11-23", "2026-11-22", 64),
        ("1961-11-23", "2026-11-23", 65),
        ("1960-02-29", "2025-02-27", 64),
        ("1960-02-29", "2025-02-28", 65),
        ("2026-11-23", "2026-11-23", 0),
    ],
)
def test_age_is_whole_years_on_the_day(birth, day, age):
    facts = {"person.birth_date": Known(birth)}
    assert output(AGE, facts, day=date.fromisoformat(day)) == age
    named = {"age": {"fact": "person.birth_date"}, "on": {"date": day}}
    assert output(named, facts) == age


def test_an_age_before_birth_is_unknown():
    assert ask({"lt": [AGE, 18]}, {"person.birth_date": Known("2027-01-01")}) == "unknown"


def test_days_since_counts_days_also_backwards():
    told = {"days_since": {"date": "2026-11-01"}}
    assert output(told) == 22
    assert output({"days_since": {"date": "2026-12-01"}}) == -8
    assert output({"days_since": {"date": "2024-02-28"}, "on": {"date": "2024-03-01"}}) == 2


def test_before_and_after_leave_the_named_day_out():
    for name, expected in (("before", "ynn"), ("after", "nny")):
        tree = {name: [{"fact": "person.birth_date"}, {"date": "1961-11-23"}]}
        days = ("1961-11-22", "1961-11-23", date(1961, 11, 24))
        assert "".join(ask(tree, known(person__birth_date=day))[0] for day in days) == expected
    assert ask({"eq": [{"day": True}, {"date": "2026-11-23"}]}) == "yes"


# Lists


def family(*members) -> dict:
    return {MEMBERS: Known(list(members))}


POOR, RICH, NOBODY_KNOWS = {"income": 100}, {"income": 900}, {"student": True}
EARNS_LITTLE = {"lt": [{"item": "income"}, 500]}


@pytest.mark.parametrize(
    ("members", "exists", "every"),
    [
        ([], "no", "yes"),
        ([POOR, RICH], "yes", "no"),
        ([POOR, POOR], "yes", "yes"),
        ([RICH, NOBODY_KNOWS], "unknown", "no"),
        ([POOR, NOBODY_KNOWS], "yes", "unknown"),
    ],
)
def test_some_and_every_element_of_a_list(members, exists, every):
    facts = family(*members)
    assert ask({"exists": MEMBERS, "where": EARNS_LITTLE}, facts) == exists
    assert ask({"every": MEMBERS, "where": EARNS_LITTLE}, facts) == every
    assert ask({"not": {"exists": MEMBERS, "where": {"not": EARNS_LITTLE}}}, facts) == every


def test_a_missing_list_or_one_of_a_wrong_form_is_unknown():
    tree = {"exists": MEMBERS, "where": EARNS_LITTLE}
    assert ask(tree) == "unknown"
    for wrong in ("x", [1, 2], {"income": 1}, [POOR] * 1001):
        assert ask(tree, {MEMBERS: Known(wrong)}) == "unknown"


@pytest.mark.parametrize(("name", "expected"), [("sum", 1000), ("min", 100), ("max", 900)])
def test_numbers_of_a_list_are_folded(name, expected):
    told = {name: MEMBERS, "of": {"item": "income"}}
    assert output(told, family(POOR, RICH)) == expected
    assert output(told, family(POOR, NOBODY_KNOWS)) is None
    assert output({**told, "where": {"lt": [{"item": "income"}, 500]}}, family(POOR, RICH)) == 100


def test_an_empty_list_has_a_sum_and_a_count_but_no_smallest():
    assert output({"count": MEMBERS}, family()) == 0
    assert output({"sum": MEMBERS, "of": {"item": "income"}}, family()) == 0
    assert output({"min": MEMBERS, "of": {"item": "income"}}, family()) is None


def test_elements_are_counted_where_a_condition_holds_also_on_their_days():
    young = {"lt": [{"age": {"item": "born"}}, 18]}
    members = [{"born": "2015-01-01"}, {"born": date(1980, 1, 1)}]
    assert output({"count": MEMBERS, "where": young}, family(*members)) == 1
    assert output({"count": MEMBERS, "where": young}, family(*members, {})) is None


# Amounts


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("half_up", [2, 3, 3, -2, -3]),
        ("half_even", [2, 2, 3, -2, -2]),
        ("down", [2, 2, 2, -2, -2]),
        ("up", [3, 3, 3, -3, -3]),
    ],
)
def test_rounding_modes_on_both_sides_of_zero(mode, expected):
    found = [compile_values.rounded(Fraction(text), mode) for text in ("2.4", "2.5", "2.6", "-2.4", "-2.5")]
    assert found == expected


@pytest.mark.parametrize(("to", "expected"), [(1, 1234), (10, 1230), (100, 1200), (1000, 1000)])
def test_rounding_to_a_multiple(to, expected):
    assert output(NUMBER, known(n=1234), unit="fen", round="half_up", to=to) == expected


def test_money_is_exact_where_floats_are_not():
    told = {"multiply": [NUMBER, {"decimal": "0.1"}]}
    assert output(told, known(n=3)) == Fraction(3, 10)
    assert output({"add": [{"decimal": "0.1"}, {"decimal": "0.2"}]}) == Fraction(3, 10)
    assert output({"divide": [100, 3]}, unit="fen", round="half_up") == 33
    assert output({"multiply": [{"divide": [100, 3]}, 3]}) == 100
    assert encode(Fraction(1, 3)) == {"decimal": "1/3"}
    assert encode(Decimal("10.50")) == {"decimal": "10.5"}


def test_arithmetic_lacks_a_value_when_a_part_does_or_by_zero():
    facts = known(n=10, m=0)
    assert output({"subtract": [NUMBER, 3]}, facts) == 7
    assert output({"least": [NUMBER, 7, 8]}, facts) == 7
    assert output({"greatest": [NUMBER, 7]}, facts) == 10
    assert output({"divide": [NUMBER, {"fact": "m"}]}, facts) is None
    assert output({"add": [NUMBER, {"fact": "m"}]}, known(n=1)) is None


TABLE = {
    "table": [{"when": {"ge": [NUMBER, 100]}, "then": 3}, {"when": {"ge": [NUMBER, 90]}, "then": 2}],
    "otherwise": 1,
}


def test_a_table_takes_the_first_row_that_fits():
    assert [output(TABLE, known(n=n)) for n in (100, 99, 90, 89)] == [3, 2, 2, 1]


def test_a_row_that_is_unknown_hides_those_below_it():
    told = {"table": [{"when": A, "then": 2}, {"when": {"ge": [NUMBER, 1]}, "then": 1}], "otherwise": 0}
    assert output(told, known(n=1)) is None
    assert output(told, known(n=1, a=False)) == 1


def test_brackets_by_step_belong_to_their_upper_bound():
    told = {"brackets": NUMBER, "rows": [{"up_to": 10, "then": 1}, {"up_to": 20, "then": 2}, {"then": 3}]}
    assert [output(told, known(n=n)) for n in (0, 10, 11, 20, 21)] == [1, 1, 2, 2, 3]


def test_brackets_band_by_band_pay_each_band_at_its_rate():
    rows = [{"up_to": 100, "rate": 1}, {"up_to": 200, "rate": {"decimal": "0.5"}}, {"rate": {"decimal": "0.1"}}]
    told = {"brackets": NUMBER, "rows": rows}
    assert [output(told, known(n=n)) for n in (0, 50, 100, 150, 300)] == [0, 50, 100, 125, 160]


def test_an_amount_beyond_what_stores_hold_has_no_value():
    told = {"multiply": [NUMBER, NUMBER]}
    assert output(told, known(n=10**14), unit="fen", round="half_up") is None


def test_outputs_are_there_for_a_yes_only():
    told = [{"name": "x", "zh": "结果", "unit": "number", "value": 5}]
    rule = bound(A, outputs=told)
    assert [dict(evaluate.light(rule, known(a=a)).values) for a in (True, False, None)] == [{"x": 5}, {}, {}]


@pytest.mark.parametrize(
    "wrong",
    [
        65.5,
        10**15,
        Fraction(1, 10**13),
        Decimal("1e40"),
        Decimal("Infinity"),
        "x" * 201,
        datetime(2026, 1, 1, tzinfo=UTC),
        object(),
    ],
)
@pytest.mark.parametrize("name", ["n", "person.area", "person.birth_date", "a", "household.members"])
def test_a_value_that_does_not_fit_is_as_missing_in_the_record_as_in_the_decision(name, wrong):
    rule = bound({"is_known": name})
    decision = evaluate.decided(rule, {name: Known(wrong, "某局")})
    assert decision.outcome == "no"
    assert evaluate.replay(decision.record()) == decision


def test_a_list_keeps_in_the_record_what_can_be_read_of_its_elements():
    members = [{"income": 1.5, "student": True}, {"income": 10**15}, {"income": Decimal("1.5"), "born": NOW}]
    rule = bound({"exists": MEMBERS, "where": {"lt": [{"item": "income"}, 0]}})
    decision = evaluate.decided(rule, family(*members))
    assert decision.outcome == "unknown"
    record = decision.record()
    (kept,) = record["facts"]
    assert kept["value"] == [{"student": True}, {}, {"income": {"decimal": "1.5"}}]
    assert evaluate.replay(record).outcome == "unknown"
