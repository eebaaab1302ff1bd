"""The language of conditions: which JSON trees are rules, and of which kind each value is.

A condition (true, false or unknown):
    {"all": [...]}  {"any": [...]}  {"not": ...}  {"rule": "code"}  {"is_known": "fact.name"}
    {"eq": [a, b]}  ne lt le gt ge          {"before": [day, day]}  {"after": [day, day]}
    {"between": a, "from": b, "to": c, "from_included": true, "to_included": true}
    {"in": a, "of": ["x", "y"]}             {"prefix": a, "of": ["360731", "3607"]}
    {"exists": "list.fact", "where": ...}   {"every": "list.fact", "where": ...}
each may carry "zh", its words. A value:
    65  "text"  true  {"decimal": "0.45"}  {"date": "2026-01-01"}  {"day": true}
    {"fact": "person.age"}  {"item": "income"} (of the list's element)  {"param": "code"}
    {"age": day, "on": day}  {"years_since": day}  {"days_since": day, "on": day}
    {"count": "list", "where": ...}  {"sum"|"min"|"max": "list", "of": value, "where": ...}
    {"add": [...]}  {"subtract": [a, b]}  {"multiply": [...]}  {"divide": [a, b]}  {"least": [...]}  {"greatest": [...]}
    {"round": a, "mode": "half_up", "to": 100}
    {"table": [{"when": ..., "then": a}], "otherwise": b}   the first row that is true
    {"brackets": a, "rows": [{"up_to": 100, "then": x}, {"then": y}]}   or "rate" in all rows, band by band
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 12
MOST_NODES = 400
NAME = r"[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){0,3}"
CODE = r"[a-z][a-z0-9_]{1,63}"
ROUNDING = {"half_up": "四舍五入", "half_even": "四舍六入五成双", "down": "向下取整", "up": "向上取整"}
COMPARING = {"eq": "等于", "ne": "不等于", "lt": "小于", "le": "不超过", "gt": "大于", "ge": "不低于"}
ORDERED = frozenset({"number", "date"})

CONDITIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("all", "any", "not", "rule", "is_known", "before", "after", *COMPARING), frozenset()),
    "between": frozenset({"from", "to", "from_included", "to_included"}),
    "in": frozenset({"of"}),
    "prefix": frozenset({"of"}),
    "exists": frozenset({"where"}),
    "every": frozenset({"where"}),
}
VALUES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("decimal", "date", "day", "fact", "item", "param", "years_since"), frozenset()),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "least", "greatest"), frozenset()),
    **dict.fromkeys(("age", "days_since"), frozenset({"on"})),
    "count": frozenset({"where"}),
    **dict.fromkeys(("sum", "min", "max"), frozenset({"of", "where"})),
    "round": frozenset({"mode", "to"}),
    "table": frozenset({"otherwise"}),
    "brackets": frozenset({"rows"}),
}


@dataclass(frozen=True)
class Declared:
    """A fact that a rule set reads; `items` are the fields of a list's elements with their kinds."""

    kind: str
    zh: str = ""
    personal: bool = False
    whose: str = ""
    items: Mapping[str, str] = field(default_factory=dict)


def operator(node: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> str:
    """Return what a node does, "" when it is none of the known things or several."""
    found = [name for name in node if name in known]
    return found[0] if len(found) == 1 else ""


def mentions(tree: Any, name: str) -> set[str]:
    """Return the names that a tree, of any depth, mentions under an operator: its `fact`, `param` or `rule`."""
    found, coming = set(), [tree]
    while coming:
        node = coming.pop()
        if isinstance(node, dict):
            if isinstance(node.get(name), str):
                found.add(node[name])
            coming.extend(node.values())
        elif isinstance(node, list):
            coming.extend(node)
    return found


def reads(tree: Any) -> set[str]:
    """Return the facts that a tree reads."""
    lists = ("fact", "is_known", "exists", "every", "count", "sum", "min", "max")
    return set().union(*(mentions(tree, name) for name in lists))
