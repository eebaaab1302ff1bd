"""Rules in plain Chinese."""

from collections.abc import Mapping
from typing import Any

from models.rules import grammar

Words = Mapping[str, str]
"""How things are called: facts and list fields by name (`household.members/income`), `param:code`, `rule:code`."""
NOTHING: Words = {}
_ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "×", "divide": "÷"}


def words(content: Mapping[str, Any], parameters: Words = NOTHING, rules: Words = NOTHING) -> dict[str, str]:
    """Return how a rule set calls what it names."""
    found = {f"param:{code}": zh for code, zh in parameters.items()} | {
        f"rule:{code}": zh for code, zh in rules.items()
    }
    for fact in content["facts"]:
        found[fact["name"]] = fact["zh"]
        found |= {f"{fact['name']}/{item['name']}": item["zh"] for item in fact.get("items", ())}
    return found


def sentence(condition: Mapping[str, Any], known: Words = NOTHING, *, of_list: str = "") -> str:
    """Return a condition in words; inside the condition on a list's elements, `of_list` names the list."""
    if "zh" in condition:
        return str(condition["zh"])
    name = grammar.operator(condition, grammar.CONDITIONS)
    told = condition[name]
    if name in {"all", "any"}:
        return _several(told, name, known, of_list)
    if name == "not":
        return f"不属于“{sentence(told, known, of_list=of_list)}”"
    if name in {"exists", "every"}:
        which = "至少有一项" if name == "exists" else "每一项都"
        return f"{known.get(told, told)}中{which}符合“{sentence(condition['where'], known, of_list=told)}”"
    if name == "rule":
        return f"符合规则“{known.get(f'rule:{told}', told)}”"
    return f"已取得{known.get(told, told)}" if name == "is_known" else _compared(condition, name, known, of_list)


def _several(parts: list[Any], name: str, known: Words, of_list: str) -> str:
    if not parts:
        return "不设条件" if name == "all" else "一律不符合"
    told = [sentence(one, known, of_list=of_list) for one in parts]
    if len(told) == 1:
        return told[0]
    nested = [
        f"({one})" if grammar.operator(part, {"all": frozenset(), "any": frozenset()}) and "zh" not in part else one
        for one, part in zip(told, parts, strict=True)
    ]
    return (",且" if name == "all" else ",或").join(nested)


def _compared(condition: Mapping[str, Any], name: str, known: Words, of_list: str) -> str:
    def said(node: Any) -> str:
        return value(node, known, of_list=of_list)

    told = condition[name]
    if name in {"before", "after"}:
        return f"{said(told[0])}{'早于' if name == 'before' else '晚于'}{said(told[1])}"
    if name in grammar.COMPARING:
        return _two(told, name, said)
    if name == "between":
        first = "含" if condition.get("from_included", True) else "不含"
        last = "含" if condition.get("to_included", True) else "不含"
        return f"{said(told)}在{said(condition['from'])}({first})至{said(condition['to'])}({last})之间"
    given = condition["of"]
    among = "、".join(map(said, given)) if isinstance(given, list) else said(given)
    return f"{said(told)}以{among}开头" if name == "prefix" else f"{said(told)}为{among}之一"


def _two(told: list[Any], name: str, said: Any) -> str:
    left, right = told
    if isinstance(left, dict) and "age" in left and name == "ge" and not isinstance(right, bool):
        return f"{said(left['age'])}至{said(left['on']) if 'on' in left else '当日'}满{said(right)}周岁"
    if isinstance(right, bool):
        yes = right if name == "eq" else not right
        return f"{said(left)}为“{'是' if yes else '否'}”"
    return f"{said(left)}{grammar.COMPARING[name]}{said(right)}"


def output(one: Mapping[str, Any], known: Words) -> str:
    """Return in words how an output is computed."""
    unit = f"(到 {one['to']} 的倍数)" if one.get("to", 1) != 1 else ""
    rounding = f",{grammar.ROUNDING[one['round']]}{unit}" if "round" in one else ""
    return f"{value(one['value'], known).strip()}{rounding}"


def value(node: Any, known: Words = NOTHING, *, of_list: str = "") -> str:
    """Return a value in words."""
    if isinstance(node, bool):
        return "是" if node else "否"
    if not isinstance(node, dict):
        return f" {node} " if isinstance(node, int) else f"“{node}”"
    name = grammar.operator(node, grammar.VALUES)
    told = node[name]
    if name in {"decimal", "date"}:
        return f" {told} "
    if name in {"fact", "param", "item"}:
        spelled = {"fact": told, "param": f"param:{told}", "item": f"{of_list}/{told}"}[name]
        return known.get(spelled, told)
    return "当日" if name == "day" else _computed(node, name, known, of_list)


def _computed(node: Mapping[str, Any], name: str, known: Words, of_list: str) -> str:
    def said(part: Any) -> str:
        return value(part, known, of_list=of_list).strip()

    told = node[name]
    if name in {"age", "years_since", "days_since"}:
        until = said(node["on"]) if "on" in node else "当日"
        what = {"age": "的周岁年龄", "years_since": "的整年数", "days_since": "的天数"}[name]
        return f"自{said(told)}至{until}{what}"
    if name in {"count", "sum", "min", "max"}:
        return _aggregate(node, name, known)
    if name in _ARITHMETIC:
        return f"({f' {_ARITHMETIC[name]} '.join(map(said, told))})"
    if name in {"least", "greatest"}:
        return f"{'、'.join(map(said, told))}中{'较小' if name == 'least' else '较大'}者"
    if name == "round":
        unit = f"到 {node['to']} 的倍数" if node.get("to", 1) != 1 else ""
        return f"{said(told)}{grammar.ROUNDING[node['mode']]}{unit}"
    return _rows(node, name, known, of_list)


def _aggregate(node: Mapping[str, Any], name: str, known: Words) -> str:
    of_list = node[name]
    zh = known.get(of_list, of_list)
    chosen = f"{zh}中符合“{sentence(node['where'], known, of_list=of_list)}”的各项" if "where" in node else f"{zh}各项"
    if name == "count":
        return f"{chosen}的数量"
    what = {"sum": "合计", "min": "最小值", "max": "最大值"}[name]
    return f"{chosen}{value(node['of'], known, of_list=of_list).strip()}的{what}"


def _rows(node: Mapping[str, Any], name: str, known: Words, of_list: str) -> str:
    def said(part: Any) -> str:
        return value(part, known, of_list=of_list).strip()

    if name == "table":
        rows = [f"{sentence(row['when'], known, of_list=of_list)}的为{said(row['then'])}" for row in node["table"]]
        return f"依次:{';'.join(rows)};其余为{said(node['otherwise'])}"
    rows, above = [], ""
    for row in node["rows"]:
        band = f"{above}不超过{said(row['up_to'])}的" if "up_to" in row else f"{above}部分" if above else "全部"
        rows.append(f"{band}为{said(row['then'])}" if "then" in row else f"{band}按{said(row['rate'])}")
        above = f"超过{said(row['up_to'])}、" if "up_to" in row else above
    return f"按{said(node['brackets'])}分级{'累进' if 'rate' in node['rows'][0] else ''}:{';'.join(rows)}"
