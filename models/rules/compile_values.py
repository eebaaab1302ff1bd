"""Values of rules as closures: called with facts, environment and list element, they answer a value or None.

None is a value that is not there: a missing fact, one of a wrong kind, a division by zero, a day before the other.
"""

import operator as python
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from backend.identity_documents import age_on
from models.rules import facts, grammar
from models.rules.facts import Facts, Known

Value = Callable[[Facts, "Environment", Any], Any]
Truth = Callable[[Facts, "Environment", Any], bool | None]
MakeTruth = Callable[[Any], Truth]


@dataclass(frozen=True)
class Environment:
    """What a tree is evaluated under: the day, the parameters' values of it, the rules that it refers to."""

    day: date
    parameters: Mapping[str, Any]
    rules: Mapping[str, Truth]


class ValueCompiler:
    """Turns the values of one rule set into closures; `condition` turns its conditions into them."""

    def __init__(self, declared: Mapping[str, grammar.Declared], condition: MakeTruth) -> None:
        self.declared, self.condition = declared, condition
        self.items: Mapping[str, str] = {}

    def constant(self, node: Any) -> Any:
        """Return what a node always is, None for one that depends on something."""
        if not isinstance(node, dict):
            return facts.decode(node)
        return facts.decode(node) if grammar.operator(node, grammar.VALUES) in {"decimal", "date"} else None

    def value(self, node: Any) -> Value:
        """Return the closure of a value."""
        fixed = self.constant(node)
        if fixed is not None:
            return lambda _facts, _env, _item: fixed
        name = grammar.operator(node, grammar.VALUES)
        made: Value = getattr(self, f"_{_MAKERS.get(name, name)}")(node, name)
        return made

    def plain(self, node: Any) -> tuple[str, Callable[[Any], Any]] | None:
        """Return name and reader of a value that is a fact and nothing else, None for any other."""
        if not isinstance(node, dict) or grammar.operator(node, grammar.VALUES) != "fact":
            return None
        return node["fact"], facts.READERS[self.declared[node["fact"]].kind]

    def list_of(self, name: str) -> Value:
        """Return the closure of a declared list."""
        return _fact(name, facts.READERS["list"])

    def where(self, name: str, node: Any) -> Truth | None:
        """Return the closure of a condition on the elements of a list."""
        if node is None:
            return None
        outer, self.items = self.items, self.declared[name].items
        made = self.condition(node)
        self.items = outer
        return made

    def _fact(self, node: Any, _name: str) -> Value:
        return _fact(node["fact"], facts.READERS[self.declared[node["fact"]].kind])

    def _item(self, node: Any, _name: str) -> Value:
        name, take = node["item"], facts.READERS[self.items[node["item"]]]
        return lambda _facts, _env, item: take(item.get(name))

    def _param(self, node: Any, _name: str) -> Value:
        code = node["param"]
        return lambda _facts, env, _item: env.parameters.get(code)

    def _day(self, _node: Any, _name: str) -> Value:
        return lambda _facts, env, _item: env.day

    def _since(self, node: Any, name: str) -> Value:
        start = self.value(node[name])
        until = self.value(node.get("on", {"day": True}))
        count = _days if name == "days_since" else _years

        def run(given: Facts, env: Environment, item: Any) -> int | None:
            first, last = start(given, env, item), until(given, env, item)
            return None if first is None or last is None else count(first, last)

        return run

    def _count(self, node: Any, name: str) -> Value:
        chosen = self._chosen(node, name)

        def run(given: Facts, env: Environment, _item: Any) -> int | None:
            found = chosen(given, env)
            return None if found is None else len(found)

        return run

    def _folded(self, node: Any, name: str) -> Value:
        chosen, fold = self._chosen(node, name), {"sum": sum, "min": min, "max": max}[name]
        outer, self.items = self.items, self.declared[node[name]].items
        of = self.value(node["of"])
        self.items = outer

        def run(given: Facts, env: Environment, _item: Any) -> Any:
            found = chosen(given, env)
            if found is None or (not found and name != "sum"):
                return None
            numbers = [of(given, env, one) for one in found]
            return None if None in numbers else fold(numbers)  # type: ignore[operator]

        return run

    def _chosen(self, node: Any, name: str) -> Callable[[Facts, Environment], list[Any] | None]:
        every, where = self.list_of(node[name]), self.where(node[name], node.get("where"))

        def run(given: Facts, env: Environment) -> list[Any] | None:
            found = every(given, env, None)
            if found is None or where is None:
                return found
            truths = [where(given, env, one) for one in found]
            return None if None in truths else [one for one, fits in zip(found, truths, strict=True) if fits]

        return run

    def _arithmetic(self, node: Any, name: str) -> Value:
        parts, fold = [self.value(one) for one in node[name]], _ARITHMETIC[name]

        def run(given: Facts, env: Environment, item: Any) -> Any:
            result = None
            for number, part in enumerate(parts):
                one = part(given, env, item)
                if one is None:
                    return None
                result = fold(result, one) if number else one
                if result is None:
                    return None
            return result

        return run

    def _round(self, node: Any, name: str) -> Value:
        of, mode, to = self.value(node[name]), node["mode"], node.get("to", 1)

        def run(given: Facts, env: Environment, item: Any) -> int | None:
            found = of(given, env, item)
            return None if found is None else rounded(found, mode, to)

        return run

    def _table(self, node: Any, name: str) -> Value:
        rows = [(self.condition(row["when"]), self.value(row["then"])) for row in node[name]]
        otherwise = self.value(node["otherwise"])

        def run(given: Facts, env: Environment, item: Any) -> Any:
            for when, then in rows:
                fits = when(given, env, item)
                if fits is not False:
                    return then(given, env, item) if fits else None
            return otherwise(given, env, item)

        return run

    def _brackets(self, node: Any, name: str) -> Value:
        of = self.value(node[name])
        column = "rate" if "rate" in node["rows"][0] else "then"
        rows = [
            (facts.decode(row["up_to"]) if "up_to" in row else None, self.value(row[column])) for row in node["rows"]
        ]

        def run(given: Facts, env: Environment, item: Any) -> Any:
            found = of(given, env, item)
            if found is None:
                return None
            if column == "rate":
                return _band_by_band(found, [(bound, rate(given, env, item)) for bound, rate in rows])
            return next(then for bound, then in rows if bound is None or found <= bound)(given, env, item)

        return run


def _fact(name: str, take: Callable[[Any], Any]) -> Value:
    def run(given: Facts, _env: Environment, _item: Any) -> Any:
        found = given.get(name)
        return take(found.value) if found.__class__ is Known else None

    return run


def _years(first: date, last: date) -> int | None:
    return None if last < first else age_on(first, last)


def _days(first: date, last: date) -> int:
    return (last - first).days


def _divided(above: Any, below: Any) -> Any:
    if not below:
        return None
    if above.__class__ is int and below.__class__ is int:
        whole, rest = divmod(above, below)
        return Fraction(above, below) if rest else whole
    return Fraction(above) / below


def _band_by_band(amount: Any, rows: list[tuple[Any, Any]]) -> Any:
    """Return the sum over all bands of what lies within the band times its rate; up_to belongs to the band."""
    total: Any = 0
    below: Any = 0
    for bound, rate in rows:
        if rate is None:
            return None
        top = amount if bound is None else min(amount, bound)
        total += max(top - below, 0) * rate
        below = bound
    return total


def rounded(value: int | Fraction, mode: str, to: int = 1) -> int:
    """Return the value as a whole multiple of `to`; halves go away from zero, `up` and `down` by size."""
    if to == 1 and value.denominator == 1:
        return int(value)
    part = value if to == 1 else Fraction(value) / to
    if mode == "half_even":
        return round(part) * to
    sign, below = (-1 if part < 0 else 1), part.denominator
    whole, rest = divmod(abs(part.numerator), below)
    more = rest > 0 if mode == "up" else 2 * rest >= below and mode == "half_up"
    return sign * (whole + more) * to


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": python.add,
    "subtract": python.sub,
    "multiply": python.mul,
    "divide": _divided,
    "least": min,
    "greatest": max,
}
_MAKERS = {
    **dict.fromkeys(("age", "years_since", "days_since"), "since"),
    **dict.fromkeys(("sum", "min", "max"), "folded"),
    **dict.fromkeys(_ARITHMETIC, "arithmetic"),
}
