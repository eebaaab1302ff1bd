"""The conditions and the money of a policy as staff fill them into a form, and the rule that follows from it.

    form     {"logic": "all", "rows": [row, …], "groups": [{"logic": "any", "rows": […]}]}
    row      {"fact": "staff.insured", "operator": "le", "value": 30}
             {"fact": "patents", "operator": "has", "where": {"field": "type", "operator": "eq", "value": "inv"}}
    money    {"kind": "fixed", "fen": 100000}                    {"kind": "rate", "of": fact, "percent": "60"}
             {"kind": "per_head", "of": fact, "fen": 100000}      of a list: its elements that fit `where`
             {"kind": "tier", "of": fact, "rows": [{"when": row, "percent": "30"}, …], "otherwise": "60"}
             {"kind": "other"}                                    a loan limit, a lower fee, a title: nothing is paid

A number that is no integer stands as text. What comes out is checked once more by the engine of rules.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from backend.errors import Unprocessable
from models.enterprise.firm_facts import FACTS, declared
from models.rules import grammar

AMOUNT = "amount_fen"
MONEY = {"fixed": "定额", "rate": "按比例", "per_head": "按人(件)数", "tier": "分档", "other": "不直接拨付资金"}
LOGIC = {"all": "同时满足", "any": "满足其一"}
COMPARING = ("eq", "ne", "lt", "le", "gt", "ge")
OPERATORS = (*COMPARING, "in", "prefix", "has")
MOST_ROWS, MOST_GROUPS, MOST_VALUES = 30, 10, 60
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", re.ASCII)
_ORDERED = {"lt", "le", "gt", "ge"}
_FEN = 100
_WHOLE = 10**12


class ConditionsWrong(Unprocessable):
    """422: the form cannot be turned into a rule; the fields say where."""

    code = "enterprise_conditions_wrong"
    zh = "政策条件填写有误,请按各处提示修改后再保存。"
    en = "The conditions do not fit together. Correct the places named and save again."

    def __init__(self, path: str, zh: str) -> None:
        super().__init__(fields={path: [zh]})


def tree(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition of a form.

    Raises:
        ConditionsWrong: a row does not fit its fact.
    """
    groups = form.get("groups") or []
    rows = [_row(one, f"conditions.rows.{number}") for number, one in enumerate(form.get("rows") or [])]
    for number, group in enumerate(groups):
        inner = [
            _row(one, f"conditions.groups.{number}.rows.{place}") for place, one in enumerate(group.get("rows") or [])
        ]
        if not inner:
            raise ConditionsWrong(f"conditions.groups.{number}", "每组至少填写一个条件。")
        rows.append({group["logic"]: inner})
    if not rows:
        raise ConditionsWrong("conditions.rows", "至少填写一个条件。")
    return {form["logic"]: rows}


def _row(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    meaning, name = FACTS[row["fact"]], row["operator"]
    if meaning.kind == "list":
        if name != "has":
            raise ConditionsWrong(f"{path}.operator", "清单类数据只能用“有”(has),并写明 where。")
        return {"exists": row["fact"], "where": _where(row, path)}
    if name == "has":
        raise ConditionsWrong(f"{path}.operator", "“有”(has)只用于清单类数据。")
    return _compared({"fact": row["fact"]}, meaning.kind, row, path)


def _where(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    where: Any = row.get("where")
    kinds = {item: kind for item, kind, _ in FACTS[row["fact"]].items}
    if not where or where["field"] not in kinds or where["operator"] == "has":
        raise ConditionsWrong(f"{path}.where", f"请写明筛选字段({'、'.join(kinds)})、运算和值。")
    return _compared({"item": where["field"]}, kinds[where["field"]], where, f"{path}.where")


def _compared(of: dict[str, str], kind: str, row: Mapping[str, Any], path: str) -> dict[str, Any]:
    name, value = row["operator"], row.get("value")
    if name in _ORDERED and kind not in grammar.ORDERED:
        raise ConditionsWrong(f"{path}.operator", "只有数值和日期能比较大小。")
    if name in {"in", "prefix"}:
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES or (name == "prefix" and kind != "text"):
            raise ConditionsWrong(f"{path}.value", f"请填写 1 至 {MOST_VALUES} 个值;开头相同(prefix)只用于文字。")
        return {name: of, "of": [_value(one, kind, f"{path}.value") for one in value]}
    return {name: [of, _value(value, kind, f"{path}.value")]}


def _value(told: Any, kind: str, path: str) -> Any:
    if kind == "flag" and isinstance(told, bool):
        return told
    if kind == "text" and isinstance(told, str) and 1 <= len(told) <= 100 and told.isprintable():  # noqa: PLR2004
        return told
    if kind == "number" and isinstance(told, int) and not isinstance(told, bool) and abs(told) < _WHOLE:
        return told
    if kind == "number" and isinstance(told, str) and DECIMAL.fullmatch(told):
        return {"decimal": told}
    if kind == "date" and isinstance(told, str) and _is_day(told):
        return {"date": told}
    raise ConditionsWrong(path, '值与数据的类型不符:数值写 12 或 "5.5",日期写 2026-01-31,是否写 true 或 false。')


def _is_day(told: str) -> bool:
    try:
        return date.fromisoformat(told).isoformat() == told
    except ValueError:
        return False


def outputs(money: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the rule computes: the amount in 分, rounded down; nothing where no money is paid.

    Raises:
        ConditionsWrong: the money does not say enough, or names what is no number.
    """
    kind = money["kind"]
    if kind == "other":
        return []
    value = {"fixed": _fixed, "rate": _rate, "per_head": _per_head, "tier": _tier}[kind](money)
    return [{"name": AMOUNT, "zh": "兑现金额", "unit": "fen", "value": value, "round": "down"}]


def _fixed(money: Mapping[str, Any]) -> Any:
    return _needed(money, "fen")


def _rate(money: Mapping[str, Any]) -> Any:
    return _share(_number_fact(money), _needed(money, "percent"), "money.percent")


def _share(of: str, percent: Any, path: str) -> dict[str, Any]:
    if not isinstance(percent, str) or not DECIMAL.fullmatch(percent) or percent.startswith("-"):
        raise ConditionsWrong(path, '比例写作文字形式的百分数,例如 "60"。')
    return {"divide": [{"multiply": [{"fact": of}, {"decimal": percent}]}, _FEN]}


def _per_head(money: Mapping[str, Any]) -> Any:
    of, fen = _needed(money, "of"), _needed(money, "fen")
    if of in FACTS and FACTS[of].kind == "list":
        counted = {"count": of} | ({"where": _where({"fact": of, **money}, "money")} if money.get("where") else {})
        return {"multiply": [counted, fen]}
    return {"multiply": [{"fact": _number_fact(money)}, fen]}


def _tier(money: Mapping[str, Any]) -> Any:
    of, rows = _number_fact(money), _needed(money, "rows")
    table = [
        {
            "when": _row(row["when"], f"money.rows.{number}.when"),
            "then": _share(of, row["percent"], f"money.rows.{number}.percent"),
        }
        for number, row in enumerate(rows)
    ]
    return {"table": table, "otherwise": _share(of, _needed(money, "otherwise"), "money.otherwise")}


def _number_fact(money: Mapping[str, Any]) -> str:
    of = _needed(money, "of")
    if of not in FACTS or FACTS[of].kind != "number":
        raise ConditionsWrong("money.of", "请选择一项数值类数据作为计算依据。")
    return str(of)


def _needed(money: Mapping[str, Any], name: str) -> Any:
    if money.get(name) in (None, "", []):
        raise ConditionsWrong(f"money.{name}", f"“{MONEY[money['kind']]}”须填写这一项。")
    return money[name]


def content(form: Mapping[str, Any], money: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version of a policy's rule says; `frame` holds zh, source, valid_from, valid_to and demo.

    Raises:
        ConditionsWrong: see `tree` and `outputs`.
    """
    condition, made = tree(form), outputs(money)
    read = grammar.reads([condition, made])
    return {**frame, "condition": condition, "outputs": made, "facts": declared(read)}


def money_zh(money: Mapping[str, Any], rows: Sequence[Any] = ()) -> str:
    """Return the money of a policy in words."""
    kind = money["kind"]
    if kind == "other":
        return str(money.get("zh") or MONEY["other"])
    if kind == "fixed":
        return f"{_yuan(money['fen'])}元"
    of = FACTS[money["of"]].zh
    if kind == "rate":
        return f"{of}的 {money['percent']}%"
    if kind == "per_head":
        return f"{of},每人(件){_yuan(money['fen'])}元"
    shares = "、".join(f"{row['percent']}%" for row in rows or money["rows"])
    return f"{of}按档次的 {shares},其他 {money['otherwise']}%"


def _yuan(fen: int) -> str:
    return f"{fen // _FEN}.{fen % _FEN:02d}" if fen % _FEN else str(fen // _FEN)
