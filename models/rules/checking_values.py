"""Which JSON values a rule may hold, and of which kind each is; errors stand at their path."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from models.rules import facts
from models.rules.grammar import DEEPEST, MOST_NODES, ROUNDING, VALUES, Declared, operator


class ValueChecker:
    """Reads trees against the declared facts and parameters; `errors` tells by the path what is wrong."""

    def __init__(self, declared: Mapping[str, Declared], parameters: Mapping[str, str], rules: frozenset[str]) -> None:
        self.declared, self.parameters, self.rules = declared, parameters, rules
        self.errors: dict[str, list[str]] = {}
        self.nodes = 0
        self.in_list = False

    def wrong(self, path: str, zh: str) -> None:
        """Note what is wrong at a path."""
        self.errors.setdefault(path, []).append(zh)

    def condition(self, node: Any, path: str, items: Mapping[str, str] | None = None, deep: int = 0) -> None:
        """Check a condition; see `checking.Checker`."""
        raise NotImplementedError

    def value(self, node: Any, path: str, items: Mapping[str, str] | None = None, deep: int = 0) -> str:
        """Check a value and return its kind, "" when it has none."""
        literal = {bool: "flag", int: "number", str: "text"}.get(type(node), "")
        if literal:
            if not decodes(node):
                self.wrong(path, "数值过大或文字超过 200 字。")
            return literal
        if not self._open(node, path, deep):
            return ""
        name = operator(node, VALUES)
        if not name:
            self.wrong(path, f"每个取值只能有一个运算,可用:{'、'.join(VALUES)};小数写成 {{'decimal': '0.45'}}。")
            return ""
        self._only(node, name, VALUES[name], path)
        return str(getattr(self, f"_{_GROUP.get(name, name)}_value")(node, name, path, items, deep + 1))

    def number(self, node: Any, path: str, items: Mapping[str, str] | None = None, deep: int = 0) -> None:
        """Check a value that must be a number."""
        self._want(self.value(node, path, items, deep), "number", path)

    def _open(self, node: Any, path: str, deep: int) -> bool:
        self.nodes += 1
        if not isinstance(node, dict):
            self.wrong(path, "这里需要一个对象,例如 {'fact': 'person.age'}。")
        elif deep >= DEEPEST or self.nodes > MOST_NODES:
            self.wrong(path, f"规则不能超过 {DEEPEST} 层、{MOST_NODES} 个节点,请拆成几个规则引用。")
        else:
            return True
        return False

    def _only(self, node: Mapping[str, Any], name: str, options: frozenset[str], path: str) -> None:
        for other in sorted(map(str, node.keys() - options - {name})):
            self.wrong(f"{path}.{other[:40]}", f"{name} 没有这个选项。")

    def _want(self, kind: str, wanted: str, path: str) -> None:
        if kind and kind != wanted:
            self.wrong(path, f"这里需要{facts.KIND_ZH[wanted]},实际是{facts.KIND_ZH[kind]}。")

    def _words(self, text: Any, path: str) -> None:
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= facts.LONGEST_TEXT:
            self.wrong(path, "说明须为 1 至 200 字。")

    def _parts(self, node: Any, path: str, least: int, most: int = 50) -> list[Any]:
        if not isinstance(node, list) or not least <= len(node) <= most:
            self.wrong(
                path, f"这里需要 {least} 至 {most} 项的清单。" if least != most else f"这里正好需要 {least} 项。"
            )
            return []
        return node

    def _literal_value(self, node: Any, name: str, path: str, _items: Any, _deep: int) -> str:
        if not decodes(node):
            self.wrong(f"{path}.{name}", "日期写成 2026-01-01,小数写成 0.45 或 1/3。")
        return "date" if name == "date" else "number"

    def _day_value(self, node: Any, name: str, path: str, _items: Any, _deep: int) -> str:
        if node[name] is not True:
            self.wrong(f"{path}.{name}", "写成 {'day': true},指办理当日。")
        return "date"

    def _fact_value(self, node: Any, name: str, path: str, _items: Any, _deep: int) -> str:
        return self._fact(node[name], f"{path}.{name}")

    def _fact(self, name: Any, path: str) -> str:
        found = self.declared.get(name) if isinstance(name, str) else None
        if found is None:
            self.wrong(path, "没有声明这项数据,请先在 facts 中声明。")
            return ""
        return found.kind

    def _item_value(self, node: Any, name: str, path: str, items: Any, _deep: int) -> str:
        found = items.get(node[name]) if items is not None and isinstance(node[name], str) else None
        if found is None:
            self.wrong(f"{path}.{name}", "item 只能在清单的 where、of 里用,且须是清单声明过的字段。")
        return found or ""

    def _param_value(self, node: Any, name: str, path: str, _items: Any, _deep: int) -> str:
        found = self.parameters.get(node[name]) if isinstance(node[name], str) else None
        if found is None:
            self.wrong(f"{path}.{name}", "没有这个参数,请先建立参数。")
        return found or ""

    def _since_value(self, node: Any, name: str, path: str, items: Any, deep: int) -> str:
        for option in (name, "on"):
            if option in node:
                self._want(self.value(node[option], f"{path}.{option}", items, deep), "date", f"{path}.{option}")
        return "number"

    def _count_value(self, node: Any, name: str, path: str, _items: Any, deep: int) -> str:
        self._where(node, name, path, deep)
        return "number"

    def _folded_value(self, node: Any, name: str, path: str, _items: Any, deep: int) -> str:
        fields = self._where(node, name, path, deep)
        if "of" not in node:
            self.wrong(f"{path}.of", "须写明对清单的哪个字段计算。")
        elif fields is not None:
            with self._each():
                self.number(node["of"], f"{path}.of", fields, deep)
        return "number"

    def _where(self, node: Any, name: str, path: str, deep: int, *, required: bool = False) -> Mapping[str, str] | None:
        found = self.declared.get(node[name]) if isinstance(node[name], str) else None
        if found is None or found.kind != "list":
            self.wrong(f"{path}.{name}", "这里需要一项声明为清单的数据。")
            return None
        if self.in_list:  # each level would multiply the work by the length of its list
            self.wrong(path, "清单的筛选条件和计算里不能再统计清单,请拆成几个条件。")
            return None
        if "where" in node:
            with self._each():
                self.condition(node["where"], f"{path}.where", found.items, deep)
        elif required:
            self.wrong(f"{path}.where", "须写明清单各项的条件。")
        return found.items

    @contextmanager
    def _each(self) -> Iterator[None]:
        """Check what is asked of each element of a list."""
        self.in_list = True
        yield
        self.in_list = False

    def _arithmetic_value(self, node: Any, name: str, path: str, items: Any, deep: int) -> str:
        exactly = name in {"subtract", "divide"}
        for number, part in enumerate(
            self._parts(node[name], f"{path}.{name}", 2 if exactly else 1, 2 if exactly else 20)
        ):
            self.number(part, f"{path}.{name}.{number}", items, deep)
        return "number"

    def _round_value(self, node: Any, name: str, path: str, items: Any, deep: int) -> str:
        self.number(node[name], f"{path}.{name}", items, deep)
        if not among(ROUNDING, node.get("mode")):
            self.wrong(f"{path}.mode", f"须写明取整方式:{'、'.join(ROUNDING)}。")
        to = node.get("to", 1)
        if type(to) is not int or not 1 <= to <= 10**9:
            self.wrong(f"{path}.to", "取整到多少(整数),例如 1 为到分、10 为到角、100 为到元。")
        return "number"

    def _table_value(self, node: Any, name: str, path: str, items: Any, deep: int) -> str:
        kinds = []
        for number, row in enumerate(self._parts(node[name], f"{path}.{name}", 1)):
            where = f"{path}.{name}.{number}"
            if not isinstance(row, dict) or row.keys() != {"when", "then"}:
                self.wrong(where, "每行须有 when 和 then。")
                continue
            self.condition(row["when"], f"{where}.when", items, deep)
            kinds.append(self.value(row["then"], f"{where}.then", items, deep))
        if "otherwise" not in node:
            self.wrong(f"{path}.otherwise", "须写明都不符合时的值。")
        else:
            kinds.append(self.value(node["otherwise"], f"{path}.otherwise", items, deep))
        if len(set(kinds) - {""}) > 1:
            self.wrong(path, "表中各行的类型须相同。")
        return next((kind for kind in kinds if kind), "")

    def _brackets_value(self, node: Any, name: str, path: str, items: Any, deep: int) -> str:
        self.number(node[name], f"{path}.{name}", items, deep)
        rows = self._parts(node.get("rows"), f"{path}.rows", 1)
        before: Any = None
        wanted = "rate" if rows and isinstance(rows[0], dict) and "rate" in rows[0] else "then"
        for number, row in enumerate(rows):
            where, last = f"{path}.rows.{number}", number == len(rows) - 1
            if not isinstance(row, dict) or row.keys() != ({wanted} if last else {wanted, "up_to"}):
                self.wrong(where, f"每行须有 up_to 和 {wanted},最后一行只有 {wanted}。")
                continue
            self.number(row[wanted], f"{where}.{wanted}", items, deep)
            if not last:
                before = self._bound(row["up_to"], f"{where}.up_to", before)
        return "number"

    def _bound(self, told: Any, path: str, before: Any) -> Any:
        bound = facts.decode(told) if decodes(told) else None
        bound = facts.READERS["number"](bound)
        if bound is None:
            self.wrong(path, "级距的上限须为数值。")
        elif before is not None and bound <= before:
            self.wrong(path, "级距的上限须逐行增大。")
        elif before is None and bound < 0:
            self.wrong(path, "级距从 0 起,上限不能为负。")
        return bound if bound is not None else before


_GROUP = {
    **dict.fromkeys(("decimal", "date"), "literal"),
    **dict.fromkeys(("age", "years_since", "days_since"), "since"),
    **dict.fromkeys(("sum", "min", "max"), "folded"),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "least", "greatest"), "arithmetic"),
}


def among(known: Mapping[str, Any], told: Any) -> bool:
    """Tell whether what was sent is one of the known words."""
    return isinstance(told, str) and told in known


def decodes(told: Any) -> bool:
    """Tell whether a JSON value stands for a value of rules."""
    if not facts.readable(told):
        return False
    return re.search(r"[\x00-\x1f\x7f]", told) is None if isinstance(told, str) else True
