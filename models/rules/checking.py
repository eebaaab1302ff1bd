"""Which JSON trees are rules; whatever is wrong is told by its path.

The whole content of a version is checked before it is stored, so that evaluating never meets a tree it cannot read.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from models.rules import facts
from models.rules.checking_values import ValueChecker, among
from models.rules.grammar import COMPARING, CONDITIONS, NAME, ORDERED, VALUES, Declared, operator

MOST_FACTS = 60
MOST_OUTPUTS = 20
UNITS = {"fen": "分", "number": "数", "text": "文字", "date": "日期", "flag": "是否"}
"""What an output counts in; 分 needs a stated rounding."""
FIELD = r"[a-z][a-z0-9_]{0,31}"


class Checker(ValueChecker):
    """Reads conditions against the declared facts, the parameters and the rules there are."""

    def condition(self, node: Any, path: str, items: Mapping[str, str] | None = None, deep: int = 0) -> None:
        """Check a condition; `items` are the fields of the element inside a `where`."""
        if not self._open(node, path, deep):
            return
        name = operator(node, CONDITIONS)
        if not name:
            self.wrong(path, f"每个条件只能有一个运算,可用:{'、'.join(CONDITIONS)}。")
            return
        self._only(node, name, CONDITIONS[name] | {"zh"}, path)
        if "zh" in node:
            self._words(node["zh"], f"{path}.zh")
        getattr(self, f"_{_GROUP.get(name, name)}")(node, name, path, items, deep + 1)

    def _several(self, node: Any, name: str, path: str, items: Any, deep: int) -> None:
        for number, part in enumerate(self._parts(node[name], f"{path}.{name}", 0)):
            self.condition(part, f"{path}.{name}.{number}", items, deep)

    def _not(self, node: Any, name: str, path: str, items: Any, deep: int) -> None:
        self.condition(node[name], f"{path}.{name}", items, deep)

    def _rule(self, node: Any, name: str, path: str, items: Any, _deep: int) -> None:
        if items is not None:
            self.wrong(path, "清单的筛选条件里不能引用其他规则。")
        if not isinstance(node[name], str) or node[name] not in self.rules:
            self.wrong(f"{path}.{name}", "没有这个已启用的规则,请核对代码。")

    def _is_known(self, node: Any, name: str, path: str, _items: Any, _deep: int) -> None:
        self._fact(node[name], f"{path}.{name}")

    def _compare(self, node: Any, name: str, path: str, items: Any, deep: int) -> None:
        kinds = [
            self.value(part, f"{path}.{name}.{number}", items, deep)
            for number, part in enumerate(self._parts(node[name], f"{path}.{name}", 2, 2))
        ]
        if all(kinds) and len(set(kinds)) > 1:
            self.wrong(f"{path}.{name}", "两边的类型不同,不能比较。")
        for number, kind in enumerate(kinds):
            if name in {"before", "after"}:
                self._want(kind, "date", f"{path}.{name}.{number}")
            elif kind and name not in {"eq", "ne"} and kind not in ORDERED:
                self.wrong(f"{path}.{name}.{number}", "只有数值和日期能比较大小。")
            elif kind in {"list", "texts"}:
                self.wrong(f"{path}.{name}.{number}", "清单不能直接比较,请用 in、count 等。")

    def _between(self, node: Any, name: str, path: str, items: Any, deep: int) -> None:
        if not {"from", "to"} <= node.keys():
            self.wrong(path, "between 须写明 from 和 to。")
            return
        self._compare({"le": [node["from"], node[name]]}, "le", path, items, deep)
        self._compare({"le": [node[name], node["to"]]}, "le", path, items, deep)
        for option in ("from_included", "to_included"):
            if not isinstance(node.get(option, True), bool):
                self.wrong(f"{path}.{option}", "须为 true 或 false。")

    def _within(self, node: Any, name: str, path: str, items: Any, deep: int) -> None:
        kind = self.value(node[name], f"{path}.{name}", items, deep)
        given = node.get("of")
        if name == "prefix":
            self._want(kind, "text", f"{path}.{name}")
        if isinstance(given, dict):
            self._want(self.value(given, f"{path}.of", items, deep), "texts", f"{path}.of")
            return
        given = [given] if name == "prefix" and isinstance(given, str) else given
        for number, one in enumerate(self._parts(given, f"{path}.of", 1, 500)):
            if isinstance(one, dict) and operator(one, VALUES) not in {"date", "decimal"}:
                self.wrong(f"{path}.of.{number}", "这里只能写固定的值。")
            elif kind:
                self._want(self.value(one, f"{path}.of.{number}", items, deep), kind, f"{path}.of.{number}")

    def _listed(self, node: Any, name: str, path: str, _items: Any, deep: int) -> None:
        self._where(node, name, path, deep, required=True)


_GROUP = {
    **dict.fromkeys(("all", "any"), "several"),
    **dict.fromkeys(("before", "after", *COMPARING), "compare"),
    **dict.fromkeys(("in", "prefix"), "within"),
    **dict.fromkeys(("exists", "every"), "listed"),
}


def errors_in(content: Mapping[str, Any], parameters: Mapping[str, str], rules: frozenset[str]) -> dict[str, list[str]]:
    """Return what is wrong in a version's content, by path; `parameters` tells their kinds, `rules` which there are."""
    checker = Checker(_declared(content.get("facts")), parameters, rules)
    _check_facts(checker, content.get("facts"))
    _check_frame(checker, content)
    checker.condition(content.get("condition"), "condition")
    _check_outputs(checker, content.get("outputs"))
    return checker.errors


def _declared(told: Any) -> dict[str, Declared]:
    """Return what can be read of the declared facts; `_check_facts` tells what cannot."""
    found = {}
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and among(facts.KINDS, one.get("kind")):
            items = one.get("items")
            fields = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
            kinds = {item["name"]: item["kind"] for item in fields if _is_field(item)}
            found[one["name"]] = Declared(one["kind"], items=kinds)
    return found


def _is_field(item: Mapping[str, Any]) -> bool:
    kind = item.get("kind")
    if item.keys() != {"name", "kind", "zh"}:
        return False
    return _fits(FIELD, item.get("name")) and among(facts.KINDS, kind) and kind != "list" and _is_told(item.get("zh"))


def _fits(pattern: str, told: Any) -> bool:
    return isinstance(told, str) and re.fullmatch(pattern, told, re.ASCII) is not None


def _is_told(told: Any, longest: int = 60) -> bool:
    return isinstance(told, str) and 1 <= len(told.strip()) <= len(told) <= longest and told.isprintable()


def _check_facts(checker: Checker, told: Any) -> None:
    if not isinstance(told, list) or len(told) > MOST_FACTS:
        checker.wrong("facts", f"须为不超过 {MOST_FACTS} 项的清单。")
        return
    seen: set[Any] = set()
    for number, one in enumerate(told):
        path = f"facts.{number}"
        if not isinstance(one, dict) or not _fits(NAME, one.get("name")) or one["name"] in seen:
            checker.wrong(path, "每项数据须有不重复的 name,小写字母开头,例如 person.birth_date。")
            continue
        seen.add(one["name"])
        _check_fact(checker, one, path)


def _check_fact(checker: Checker, one: Mapping[str, Any], path: str) -> None:
    if not among(facts.KINDS, one.get("kind")):
        checker.wrong(f"{path}.kind", f"须为 {'、'.join(facts.KINDS)} 之一。")
    if not _is_told(one.get("zh")):
        checker.wrong(f"{path}.zh", "须写明中文名称,不超过 60 字。")
    if not isinstance(one.get("personal", True), bool):
        checker.wrong(f"{path}.personal", "须为 true 或 false。")
    if one.get("whose") and not _is_told(one["whose"]):
        checker.wrong(f"{path}.whose", "提供单位不超过 60 字。")
    items = one.get("items", [])
    listed = isinstance(items, list) and 1 <= len(items) <= MOST_FACTS
    fields = listed and all(isinstance(item, dict) and _is_field(item) for item in items)
    if one.get("kind") == "list" and not (fields and len({item["name"] for item in items}) == len(items)):
        checker.wrong(f"{path}.items", "清单须声明各字段:不重复的 name、kind(不能再是清单)和 zh。")
    for other in sorted(map(str, one.keys() - {"name", "kind", "zh", "personal", "whose", "items"})):
        checker.wrong(f"{path}.{other[:40]}", "没有这个选项。")


def _check_frame(checker: Checker, content: Mapping[str, Any]) -> None:
    if not _is_told(content.get("zh")):
        checker.wrong("zh", "须写明规则名称,不超过 60 字。")
    first, last = (_day(content.get(name)) for name in ("valid_from", "valid_to"))
    if first is None:
        checker.wrong("valid_from", "须写明生效日期,例如 2026-01-01。")
    elif content.get("valid_to") is not None and (last is None or last < first):
        checker.wrong("valid_to", "失效日期须不早于生效日期,例如 2026-12-31。")
    source = content.get("source")
    if not isinstance(source, dict) or not _is_told(source.get("title"), facts.LONGEST_TEXT):
        checker.wrong("source.title", "须写明依据的文件名称。")
    elif any(not isinstance(one, str) or len(one) > 500 for one in source.values()):  # noqa: PLR2004 - a long address
        checker.wrong("source", "依据的各项须为不超过 500 字的文字。")


def _day(told: Any) -> date | None:
    try:
        return date.fromisoformat(told) if _fits(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", told) else None
    except ValueError:
        return None


def _check_outputs(checker: Checker, told: Any) -> None:
    if not isinstance(told, list) or len(told) > MOST_OUTPUTS:
        checker.wrong("outputs", f"须为不超过 {MOST_OUTPUTS} 项的清单。")
        return
    seen: set[Any] = set()
    for number, one in enumerate(told):
        path = f"outputs.{number}"
        if not isinstance(one, dict) or not _fits(FIELD, one.get("name")) or one["name"] in seen:
            checker.wrong(path, "每项结果须有不重复的 name,例如 amount_fen。")
            continue
        seen.add(one["name"])
        _check_output(checker, one, path)


def _check_output(checker: Checker, one: Mapping[str, Any], path: str) -> None:
    for other in sorted(map(str, one.keys() - {"name", "zh", "unit", "value", "round", "to"})):
        checker.wrong(f"{path}.{other[:40]}", "没有这个选项。")
    if not _is_told(one.get("zh")):
        checker.wrong(f"{path}.zh", "须写明中文名称,不超过 60 字。")
    unit = one.get("unit")
    if not among(UNITS, unit):
        checker.wrong(f"{path}.unit", f"须为 {'、'.join(UNITS)} 之一。")
    elif unit == "fen" and "round" not in one:
        checker.wrong(f"{path}.round", "金额须写明取整方式。")
    if "round" in one:
        rounding = {"round": one.get("value"), "mode": one["round"], "to": one.get("to", 1)}
        kind = checker.value(rounding, path)
    else:
        kind = checker.value(one.get("value"), f"{path}.value")
    wanted = "number" if unit == "fen" else unit
    if kind and isinstance(unit, str) and unit in UNITS and kind != wanted:
        checker.wrong(f"{path}.value", f"结果须为{UNITS[unit]},实际是{facts.KIND_ZH[kind]}。")
