"""Rules of tests: contents made of a condition, and bound without a store."""

from datetime import date

from models.rules import checking, evaluate, rule_set
from models.rules.facts import Fact, Known

DAY = date(2026, 11, 23)
FACTS = [
    {"name": "a", "kind": "flag", "zh": "甲"},
    {"name": "b", "kind": "flag", "zh": "乙"},
    {"name": "c", "kind": "flag", "zh": "丙"},
    {"name": "n", "kind": "number", "zh": "数"},
    {"name": "m", "kind": "number", "zh": "数二"},
    {"name": "person.birth_date", "kind": "date", "zh": "出生日期", "whose": "县公安局"},
    {"name": "person.area", "kind": "text", "zh": "户籍区划", "whose": "县公安局"},
    {
        "name": "household.members",
        "kind": "list",
        "zh": "家庭成员",
        "items": [
            {"name": "income", "kind": "number", "zh": "收入"},
            {"name": "student", "kind": "flag", "zh": "在校"},
            {"name": "born", "kind": "date", "zh": "出生日期"},
        ],
    },
]


def content(condition, *, outputs=(), facts=FACTS, zh="试验规则", valid_from="2026-01-01", valid_to=None) -> dict:
    return {
        "zh": zh,
        "condition": condition,
        "outputs": list(outputs),
        "facts": list(facts),
        "source": {"title": "试验文件", "edition": "2026", "clause": "第一条", "url": ""},
        "valid_from": valid_from,
        "valid_to": valid_to,
        "demo": True,
    }


def errors(condition, *, outputs=(), parameters=None, rules=frozenset(), **more) -> dict:
    return checking.errors_in(content(condition, outputs=outputs, **more), parameters or {}, frozenset(rules))


def bound(condition, *, outputs=(), day=DAY, parameters=None, others=None, facts=FACTS) -> evaluate.Bound:
    """Return a rule ready to be asked; `parameters` maps codes to JSON values, `others` codes to conditions."""
    sets = {}
    for code, tree in {"test": condition, **(others or {})}.items():
        told = content(tree, outputs=outputs if code == "test" else (), facts=facts)
        kinds = dict.fromkeys(parameters or {}, "number") | {
            name: "texts" for name, value in (parameters or {}).items() if isinstance(value, list)
        }
        assert checking.errors_in(told, kinds, frozenset(others or {})) == {}
        sets[code] = {"code": code, "version": 1, "hash": rule_set.content_hash(code, told), **told}
    source = {"title": "试验文件"}
    values = {
        name: {"code": name, "zh": name, "value": value, "valid_from": "2026-01-01", "source": source}
        for name, value in (parameters or {}).items()
    }
    return evaluate._bound("test", day, sets, values)


def known(**facts) -> dict[str, Fact]:
    """Return facts by name, `__` for a dot; None is left out."""
    return {name.replace("__", "."): Known(value) for name, value in facts.items() if value is not None}


def ask(condition, facts=None, **more) -> str:
    return evaluate.outcome(bound(condition, **more), facts or {})


def output(value, facts=None, *, unit="number", **more):
    """Return what an output comes to, None for unknown."""
    rounding = {name: more.pop(name) for name in ("round", "to") if name in more}
    told = {"name": "x", "zh": "结果", "unit": unit, "value": value, **rounding}
    return evaluate.light(bound({"all": []}, outputs=[told], **more), facts or {}).values.get("x")
