"""What is no rule is told by the place where it goes wrong."""

import pytest

from models.rules import checking, grammar, in_words
from tests.support.rules import FACTS, content, errors

N = {"fact": "n"}
DAY = {"fact": "person.birth_date"}
MEMBERS = "household.members"


def deep(levels: int) -> dict:
    tree = {"all": []}
    for _ in range(levels):
        tree = {"not": tree}
    return tree


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        (None, "condition"),
        ([], "condition"),
        ({}, "condition"),
        ({"xor": []}, "condition"),
        ({"all": [], "any": []}, "condition"),
        ({"all": {}}, "condition.all"),
        ({"all": [{"all": []}] * 51}, "condition.all"),
        ({"all": [], "note": "x"}, "condition.note"),
        ({"all": [], "zh": " "}, "condition.zh"),
        ({"all": [{"not": 5}]}, "condition.all.0.not"),
        ({"ge": [N]}, "condition.ge"),
        ({"ge": [N, 1, 2]}, "condition.ge"),
        ({"ge": [{"fact": "person.income"}, 1]}, "condition.ge.0.fact"),
        ({"ge": [{"fact": 5}, 1]}, "condition.ge.0.fact"),
        ({"ge": [N, 65.5]}, "condition.ge.1"),
        ({"ge": [N, 10**15]}, "condition.ge.1"),
        ({"ge": [N, None]}, "condition.ge.1"),
        ({"ge": [N, {"decimal": "1e5"}]}, "condition.ge.1.decimal"),
        ({"ge": [N, {"decimal": "1/0"}]}, "condition.ge.1.decimal"),
        ({"ge": [N, {"decimal": 0.5}]}, "condition.ge.1.decimal"),
        ({"after": [DAY, {"date": "2026-02-30"}]}, "condition.after.1.date"),
        ({"before": [DAY, "2026-02-03"]}, "condition.before.1"),
        ({"eq": [DAY, 5]}, "condition.eq"),
        ({"eq": [{"fact": "a"}, "yes"]}, "condition.eq"),
        ({"lt": [{"fact": "a"}, True]}, "condition.lt.0"),
        ({"lt": [{"fact": "person.area"}, "36"]}, "condition.lt.0"),
        ({"eq": [{"fact": MEMBERS}, {"fact": MEMBERS}]}, "condition.eq.0"),
        ({"ge": [{"age": N}, 65]}, "condition.ge.0.age"),
        ({"ge": [{"age": DAY, "at": DAY}, 65]}, "condition.ge.0.at"),
        ({"between": N, "from": 1}, "condition"),
        ({"between": N, "from": 1, "to": "2"}, "condition.le"),
        ({"between": N, "from": 1, "to": 2, "to_included": 1}, "condition.to_included"),
        ({"in": N, "of": []}, "condition.of"),
        ({"in": N, "of": [1, "x"]}, "condition.of.1"),
        ({"in": N, "of": [N]}, "condition.of.0"),
        ({"in": N, "of": N}, "condition.of"),
        ({"prefix": N, "of": "36"}, "condition.prefix"),
        ({"is_known": "nothing"}, "condition.is_known"),
        ({"rule": "nothing"}, "condition.rule"),
        ({"exists": "n", "where": {"all": []}}, "condition.exists"),
        ({"exists": MEMBERS}, "condition.where"),
        ({"exists": MEMBERS, "where": {"ge": [{"item": "age"}, 1]}}, "condition.where.ge.0.item"),
        ({"exists": MEMBERS, "where": {"rule": "other"}}, "condition.where"),
        ({"ge": [{"item": "income"}, 1]}, "condition.ge.0.item"),
        ({"ge": [{"param": "nothing"}, 1]}, "condition.ge.0.param"),
        ({"ge": [{"sum": MEMBERS}, 1]}, "condition.ge.0.of"),
        ({"ge": [{"sum": MEMBERS, "of": {"item": "student"}}, 1]}, "condition.ge.0.of"),
        ({"ge": [{"divide": [1, 2, 3]}, 1]}, "condition.ge.0.divide"),
        ({"ge": [{"round": N}, 1]}, "condition.ge.0.mode"),
        ({"ge": [{"round": N, "mode": []}, 1]}, "condition.ge.0.mode"),
        ({"ge": [{"round": N, "mode": "up", "to": 0}, 1]}, "condition.ge.0.to"),
        ({"ge": [{"table": [{"when": {"all": []}}], "otherwise": 1}, 1]}, "condition.ge.0.table.0"),
        ({"ge": [{"table": [{"when": {"all": []}, "then": 1}]}, 1]}, "condition.ge.0.otherwise"),
        ({"ge": [{"table": [{"when": {"all": []}, "then": "x"}], "otherwise": 1}, 1]}, "condition.ge.0"),
        ({"ge": [{"brackets": N, "rows": [{"up_to": 1, "then": 1}]}, 1]}, "condition.ge.0.rows.0"),
        ({"ge": [{"brackets": N, "rows": [{"then": 1}, {"rate": 1}]}, 1]}, "condition.ge.0.rows.0"),
        (
            {"ge": [{"brackets": N, "rows": [{"up_to": 5, "then": 1}, {"up_to": 5, "then": 2}, {"then": 3}]}, 1]},
            "condition.ge.0.rows.1.up_to",
        ),
    ],
)
def test_what_is_wrong_in_a_condition_is_told_at_its_place(condition, path):
    found = errors(condition, rules={"other"})
    assert path in found
    assert all(one.strip() for told in found.values() for one in told)


@pytest.mark.parametrize(
    ("outputs", "path"),
    [
        ([{"name": "x", "zh": "额", "unit": "fen", "value": 5}], "outputs.0.round"),
        ([{"name": "x", "zh": "额", "unit": "fen", "value": 5, "round": "somehow"}], "outputs.0.mode"),
        ([{"name": "x", "zh": "额", "unit": "yuan", "value": 5}], "outputs.0.unit"),
        ([{"name": "x", "zh": "额", "unit": ["fen"], "value": 5}], "outputs.0.unit"),
        ([{"name": "x", "zh": "额", "unit": "number", "value": "5"}], "outputs.0.value"),
        ([{"name": "x", "unit": "number", "value": 5}], "outputs.0.zh"),
        ([{"name": "x", "zh": "额", "unit": "number", "value": 5}] * 2, "outputs.1"),
        ([{"zh": "额", "unit": "number", "value": 5}], "outputs.0"),
        ("x", "outputs"),
    ],
)
def test_what_is_wrong_in_an_output_is_told_at_its_place(outputs, path):
    told = {**content({"all": []}), "outputs": outputs}
    assert path in checking.errors_in(told, {}, frozenset())


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ({"name": "Person", "kind": "text", "zh": "x"}, "facts.0"),
        ({"name": "n", "kind": "float", "zh": "x"}, "facts.0.kind"),
        ({"name": "n", "kind": ["text"], "zh": "x"}, "facts.0.kind"),
        ({"name": "n", "kind": "number"}, "facts.0.zh"),
        ({"name": "n", "kind": "list", "zh": "x"}, "facts.0.items"),
        (
            {"name": "n", "kind": "list", "zh": "x", "items": [{"name": "i", "kind": "list", "zh": "y"}]},
            "facts.0.items",
        ),
        ({"name": "n", "kind": "number", "zh": "x", "personal": "no"}, "facts.0.personal"),
        ({"name": "n", "kind": "number", "zh": "x", "secret": 1}, "facts.0.secret"),
    ],
)
def test_what_is_wrong_in_a_declared_fact_is_told_at_its_place(fact, path):
    assert path in errors({"all": []}, facts=[fact])


def test_depth_and_size_of_a_tree_are_bounded():
    assert errors(deep(grammar.DEEPEST - 1)) == {}
    assert errors(deep(grammar.DEEPEST)) != {}
    assert errors(deep(300)) != {}
    assert errors({"all": [{"ge": [N, 1]}] * 50}) == {}
    assert errors({"all": [{"any": [{"ge": [N, 1]}] * 40}] * 10}) != {}


def test_names_are_found_however_deep_without_exhausting_the_stack():
    tree = {"not": {"rule": "inner"}}
    for _ in range(5000):
        tree = {"not": tree}
    assert grammar.mentions(tree, "rule") == {"inner"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"valid_from": "2026-13-01"}, "valid_from"),
        ({"valid_to": "2025-12-31"}, "valid_to"),
        ({"zh": "x" * 61}, "zh"),
    ],
)
def test_name_and_period_are_checked(changes, path):
    assert path in errors({"all": []}, **changes)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"ge": [{"age": DAY}, 65]}, "出生日期至当日满 65 周岁"),
        ({"all": [{"eq": [{"fact": "a"}, True]}, {"any": [{"lt": [N, 5]}, {"is_known": "m"}]}]},
         "甲为“是”,且(数小于 5 ,或已取得数二)"),
        ({"not": {"prefix": {"fact": "person.area"}, "of": ["360731"]}}, "不属于“户籍区划以“360731”开头”"),
        ({"exists": MEMBERS, "where": {"eq": [{"item": "student"}, True]}}, "家庭成员中至少有一项符合“在校为“是””"),
        ({"between": N, "from": 1, "to": 12, "to_included": False}, "数在 1 (含)至 12 (不含)之间"),
        ({"after": [DAY, {"date": "1960-01-01"}]}, "出生日期晚于 1960-01-01 "),
        ({"le": [{"sum": MEMBERS, "of": {"item": "income"}}, 5]}, "家庭成员各项收入的合计不超过 5 "),
        ({"any": []}, "一律不符合"),
    ],
)  # fmt: skip
def test_conditions_read_as_chinese(condition, said):
    assert in_words.sentence(condition, in_words.words(content(condition))) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"table": [{"when": {"ge": [N, 90]}, "then": 2}], "otherwise": 1}, "依次:数不低于 90 的为2;其余为1"),
        ({"brackets": N, "rows": [{"up_to": 10, "rate": 1}, {"rate": 2}]},
         "按数分级累进:不超过10的按1;超过10、部分按2"),
        ({"multiply": [N, {"decimal": "0.5"}]}, "(数 × 0.5)"),
    ],
)  # fmt: skip
def test_amounts_read_as_chinese(value, said):
    assert in_words.value(value, in_words.words(content({"all": []}))) == said


def test_every_declared_fact_of_the_tests_is_itself_well_formed():
    assert errors({"all": []}, facts=FACTS) == {}


def test_lists_are_not_walked_within_lists():
    """Each level would multiply the work by a thousand."""
    inner = {"count": "household.members", "where": {"ge": [{"item": "income"}, 1]}}
    for condition in (
        {"exists": "household.members", "where": {"ge": [inner, 1]}},
        {"ge": [{"count": "household.members", "where": {"gt": [inner, 0]}}, 1]},
        {"ge": [{"sum": "household.members", "of": inner}, 1]},
    ):
        assert any("不能再统计清单" in one for told in errors(condition).values() for one in told)
    assert errors({"all": [{"ge": [inner, 1]}, {"exists": "household.members", "where": {"item": "student"}}]}) != {}
    assert errors({"all": [{"ge": [inner, 1]}, {"ge": [inner, 2]}]}) == {}
