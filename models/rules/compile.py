"""Rule sets as closures. Conditions answer True, False or None for unknown, as Kleene's logic has it.

    all: one False decides, else one unknown leaves it unknown     any: one True decides, else one unknown …
    not: unknown stays unknown                                     a comparison with a missing side is unknown

So a fact that becomes known turns an unknown into yes or no, and never a yes into a no or back. `is_known` is the one
exception: it asks whether a fact is there, and is unknown only of one of which an old record does not speak.
"""

import operator as python
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.rules import grammar
from models.rules.compile_values import Environment, Truth, Value, ValueCompiler
from models.rules.facts import Facts, Known, NotKept
from models.rules.recent import Recent

MOST_KEPT = 512


@dataclass(frozen=True)
class Part:
    """A condition of a tree: its closure and those below it. `items` says whether it is asked of list elements."""

    node: Mapping[str, Any]
    run: Truth
    below: tuple["Part", ...] = ()


@dataclass(frozen=True)
class Compiled:
    """A rule set ready to be asked."""

    condition: Part
    outputs: tuple[tuple[str, Value], ...]


class _Compiler:
    def __init__(self, declared: Mapping[str, grammar.Declared]) -> None:
        self.values = ValueCompiler(declared, lambda node: self.part(node).run)

    def part(self, node: Mapping[str, Any]) -> Part:
        name = grammar.operator(node, grammar.CONDITIONS)
        if name in {"all", "any"}:
            below = tuple(self.part(one) for one in node[name])
            return Part(node, _several(tuple(one.run for one in below), decides=name == "any"), below)
        if name == "not":
            one = self.part(node[name])
            return Part(node, _not(one.run), (one,))
        made: Truth = getattr(self, f"_{_MAKERS.get(name, name)}")(node, name)
        return Part(node, made)

    def _rule(self, node: Any, name: str) -> Truth:
        code = node[name]

        def run(given: Facts, env: Environment, _item: Any) -> bool | None:
            referred = env.rules.get(code)
            return None if referred is None else referred(given, env, None)

        return run

    def _is_known(self, node: Any, name: str) -> Truth:
        fact, known = node[name], self.values.value({"fact": node[name]})

        def run(given: Facts, env: Environment, item: Any) -> bool | None:
            if given.get(fact).__class__ is NotKept:
                return None
            return known(given, env, item) is not None

        return run

    def _compare(self, node: Any, name: str) -> Truth:
        left, right = node[name]
        return self._two(left, right, _COMPARISONS[name])

    def _two(self, left: Any, right: Any, compare: Callable[[Any, Any], bool]) -> Truth:
        fixed = self.values.constant(right)
        if fixed is not None:
            return self._with_constant(left, fixed, compare)
        first, second = self.values.value(left), self.values.value(right)

        def run(given: Facts, env: Environment, item: Any) -> bool | None:
            one = first(given, env, item)
            if one is None:
                return None
            other = second(given, env, item)
            return None if other is None else compare(one, other)

        return run

    def _between(self, node: Any, name: str) -> Truth:
        above = python.ge if node.get("from_included", True) else python.gt
        below = python.le if node.get("to_included", True) else python.lt
        both = (self._two(node[name], node["from"], above), self._two(node[name], node["to"], below))
        return _several(both, decides=False)

    def _within(self, node: Any, name: str) -> Truth:
        of = node[name]
        if isinstance(node["of"], dict):
            return _within_parameter(self.values.value(of), node["of"]["param"], prefix=name == "prefix")
        given = [node["of"]] if isinstance(node["of"], str) else node["of"]
        fixed = [self.values.constant(one) for one in given]
        if name == "prefix":
            return self._with_constant(of, tuple(fixed), str.startswith)
        return self._with_constant(of, frozenset(fixed), lambda one, known: one in known)

    def _with_constant(self, of: Any, fixed: Any, compare: Callable[[Any, Any], bool]) -> Truth:
        """Compare a value with a constant; a plain fact, which is the usual case, is read without a call between."""
        plain = self.values.plain(of)
        return _fact_with(*plain, fixed, compare) if plain else _with_constant(self.values.value(of), fixed, compare)

    def _listed(self, node: Any, name: str) -> Truth:
        every, where = self.values.list_of(node[name]), self.values.where(node[name], node["where"])
        assert where is not None
        decisive = name == "exists"

        def run(given: Facts, env: Environment, _item: Any) -> bool | None:
            found = every(given, env, None)
            if found is None:
                return None
            truths = {where(given, env, one) for one in found}
            return decisive if decisive in truths else None if None in truths else not decisive

        return run


def _several(parts: tuple[Truth, ...], *, decides: bool) -> Truth:
    def run(given: Facts, env: Environment, item: Any) -> bool | None:
        result: bool | None = not decides
        for part in parts:
            one = part(given, env, item)
            if one is decides:
                return one
            if one is None:
                result = None
        return result

    return run


def _not(part: Truth) -> Truth:
    def run(given: Facts, env: Environment, item: Any) -> bool | None:
        one = part(given, env, item)
        return None if one is None else not one

    return run


def _with_constant(first: Value, fixed: Any, compare: Callable[[Any, Any], bool]) -> Truth:
    def run(given: Facts, env: Environment, item: Any) -> bool | None:
        one = first(given, env, item)
        return None if one is None else compare(one, fixed)

    return run


def _fact_with(name: str, take: Callable[[Any], Any], fixed: Any, compare: Callable[[Any, Any], bool]) -> Truth:
    def run(given: Facts, _env: Environment, _item: Any) -> bool | None:
        found = given.get(name)
        if found.__class__ is not Known:
            return None
        one = take(found.value)
        return None if one is None else compare(one, fixed)

    return run


def _within_parameter(of: Value, code: str, *, prefix: bool) -> Truth:
    def run(given: Facts, env: Environment, item: Any) -> bool | None:
        one, known = of(given, env, item), env.parameters.get(code)
        if one is None or known is None:
            return None
        return bool(one.startswith(tuple(known))) if prefix else one in known

    return run


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    **{name: getattr(python, name) for name in grammar.COMPARING},
    "before": python.lt,
    "after": python.gt,
}
_MAKERS = {
    **dict.fromkeys(_COMPARISONS, "compare"),
    **dict.fromkeys(("in", "prefix"), "within"),
    **dict.fromkeys(("exists", "every"), "listed"),
}
_kept: Recent[Compiled] = Recent(MOST_KEPT)


def compiled(content_hash: str, content: Mapping[str, Any]) -> Compiled:
    """Return a checked rule set as closures, made once for each content."""
    return _kept.get(content_hash, lambda: _made(content))


def _made(content: Mapping[str, Any]) -> Compiled:
    compiler = _Compiler(declared(content))
    outputs = []
    for one in content["outputs"]:
        told = {"round": one["value"], "mode": one["round"], "to": one.get("to", 1)} if "round" in one else one["value"]
        outputs.append((one["name"], compiler.values.value(told)))
    return Compiled(compiler.part(content["condition"]), tuple(outputs))


def declared(content: Mapping[str, Any]) -> dict[str, grammar.Declared]:
    """Return the facts that a rule set declares, by name."""
    return {
        one["name"]: grammar.Declared(
            one["kind"],
            one["zh"],
            one.get("personal", True),
            one.get("whose", ""),
            {item["name"]: item["kind"] for item in one.get("items", ())},
        )
        for one in content["facts"]
    }
