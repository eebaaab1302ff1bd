"""Asking rules.

    decide(code, facts, day=...)   one decision with trace, reasons and record
    many(code, day)                a callable for many: outcome and outputs without a trace; `.explain(facts)` with one
    replay(record)                 the same decision from its record alone, whatever became of the rules since
    confirmed(record)              whether its outcome and outputs are what comes out of it
    matches_store(record)          whether the versions named in a record still say what it says

Reading the versions in force costs a few queries a call; `many` pays them once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

import orjson

from backend.errors import BadInput, Unprocessable
from backend.store import read_once
from models.rules import compile as compiling
from models.rules import decision, facts, grammar, in_words, parameters, rule_set, trace
from models.rules.compile import Compiled
from models.rules.compile_values import Environment
from models.rules.decision import Decision, Light
from models.rules.facts import NOT_TOLD, WRONG_KIND, Facts, Known, Missing
from models.rules.recent import Recent
from models.rules.rule_set import RuleCircle

MOST_KEPT = 128
_NUMBERS = (int, Fraction)
MOST_CHAINED = 12
"""How many rules may refer to each other in a row; they are evaluated by calls within calls."""


class RecordBroken(BadInput):
    """400: the record was changed, or is of a form that nobody reads."""

    code = "decision_record_broken"
    zh = "判断记录不完整或被改动,不能重算,请联系系统管理员核查。"
    en = "This decision record was changed or is incomplete, so it cannot be replayed."


class RuleChainTooLong(Unprocessable):
    """422: too many rules refer to each other in a row."""

    code = "rule_chain_too_long"
    zh = "规则逐层引用超过 {most} 层,请减少引用层次,把条件直接写进规则。"
    en = "More than {most} rules refer to each other in a row. Write the conditions into the rule instead."


@dataclass(frozen=True)
class Bound:
    """A rule on a day: the contents and parameters that take part, compiled."""

    code: str
    sets: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]]
    compiled: Mapping[str, Compiled]
    environment: Environment

    @cached_property
    def plan(self) -> "Plan":
        """Return what the reasons of every decision have in common, made when the first is asked for."""
        return _plan(self)


@dataclass(frozen=True)
class Plan:
    """The trace, the outputs with the facts that they read, and the kinds of all facts that the record keeps."""

    steps: trace.Step
    outputs: tuple[tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]], ...]
    kinds: Mapping[str, frozenset[str]]


_lately: Recent[Bound] = Recent(MOST_KEPT)


class Many:
    """One rule on one day for many subjects."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound

    def __call__(self, given: Facts) -> Light:
        """Return outcome and outputs, without reasons."""
        return light(self.bound, given)

    def explain(self, given: Facts) -> Decision:
        """Return the decision with its reasons."""
        return decided(self.bound, given)


def decide(code: str, given: Facts, *, day: date, version: int | None = None) -> Decision:
    """Return whether a rule holds for these facts on a day, by the version in force or the one named, and why.

    Raises:
        NotInForce: no version counts on that day.
    """
    return decided(_in_force(code, day, version), given)


def many(code: str, day: date, version: int | None = None) -> Many:
    """Return a callable that decides one rule on one day, by the version in force or the one named, for many subjects.

    Raises:
        NotInForce: no version counts on that day.
    """
    return Many(_in_force(code, day, version))


@read_once.within_span
def _in_force(code: str, day: date, version: int | None) -> Bound:
    return bind(rule_set.require_in_force(code, day, version), day)


def bind(document: Mapping[str, Any], day: date, *, taken_on: date | None = None) -> Bound:
    """Return a version, active or not, with the rules and parameters that it reads on a day.

    With `taken_on` the rules and parameters are those of that day, while ages and spans still count on `day`.

    Raises:
        RuleCircle, RuleChainTooLong: it reaches itself, or too far.
    """
    since = taken_on or day
    sets = {document["code"]: _kept(document)}
    coming = _named(document, "rule")
    while coming := coming - sets.keys():
        found = rule_set.in_force(sorted(coming), since)
        sets |= {code: _kept(one) for code, one in found.items()}
        coming = set().union(*(_named(one, "rule") for one in found.values()))
    named = set().union(*(_named(one, "param") for one in sets.values()))
    return _recent(document["code"], day, sets, parameters.in_force(named, since))


def _recent(code: str, day: date, sets: Mapping[str, Any], told: Mapping[str, Any]) -> Bound:
    versions = tuple((one["code"], one["version"], one["hash"]) for one in sets.values())
    key = (code, versions, day, orjson.dumps(told, default=str))
    return _lately.get(key, lambda: _bound(code, day, sets, told))


def frozen(bound: Bound) -> dict[str, Any]:
    """Return a rule on a day as JSON without any fact; `thawed` makes it again whatever became of the rules since."""
    return {
        "rule": bound.code,
        "day": bound.environment.day.isoformat(),
        "sets": [dict(one) for _, one in sorted(bound.sets.items())],
        "parameters": [dict(one) for _, one in sorted(bound.parameters.items())],
    }


def thawed(told: Mapping[str, Any]) -> Bound:
    """Return the rule that `frozen` wrote down.

    Raises:
        RecordBroken: its trees and their hashes do not belong together.
    """
    sets = {one["code"]: one for one in told["sets"]}
    if any(one["hash"] != rule_set.content_hash(one["code"], one) for one in sets.values()):
        raise RecordBroken
    values = {one["code"]: one for one in told["parameters"]}
    return _recent(told["rule"], date.fromisoformat(told["day"]), sets, values)


def _named(content: Mapping[str, Any], what: str) -> set[str]:
    return grammar.mentions([content["condition"], content["outputs"]], what)


def _kept(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("code", "version", "hash")} | rule_set.content_of(document)


def _bound(code: str, day: date, sets: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> Bound:
    if _height(code, sets, {}) > MOST_CHAINED:
        raise RuleChainTooLong(most=MOST_CHAINED)
    compiled = {name: compiling.compiled(one["hash"], one) for name, one in sets.items()}
    values = {name: _parameter(one["value"]) for name, one in told.items()}
    environment = Environment(day, values, {name: one.condition.run for name, one in compiled.items()})
    return Bound(code, sets, told, compiled, environment)


def _height(code: str, sets: Mapping[str, Mapping[str, Any]], seen: dict[str, int]) -> int:
    """Return how many rules stand in a row from this one down; `seen` keeps those known, 0 while one is looked at."""
    if code in seen:
        if not seen[code]:
            raise RuleCircle
        return seen[code]
    seen[code] = 0
    below = _named(sets[code], "rule") & sets.keys()
    seen[code] = 1 + max((_height(one, sets, seen) for one in below), default=0)
    return seen[code]


def _parameter(told: Any) -> Any:
    found = facts.decode(told)
    return tuple(found) if isinstance(found, list) else found


def outcome(bound: Bound, given: Facts) -> decision.Outcome:
    """Return yes, no or unknown, and nothing else: the fast path."""
    return trace.OUTCOME[bound.compiled[bound.code].condition.run(given, bound.environment, None)]  # type: ignore[return-value]


def light(bound: Bound, given: Facts) -> Light:
    """Return outcome and outputs without reasons."""
    found = outcome(bound, given)
    return Light(found, outputs(bound, given) if found == "yes" else {})


def outputs(bound: Bound, given: Facts) -> dict[str, Any]:
    """Return the outputs that have a value; a number beyond what stores hold has none."""
    made = {}
    for name, run in bound.compiled[bound.code].outputs:
        found = run(given, bound.environment, None)
        beyond = isinstance(found, _NUMBERS) and not -facts.MOST < found < facts.MOST
        if found is not None and not beyond:
            made[name] = found
    return made


def decided(bound: Bound, given: Facts) -> Decision:
    """Return the decision with trace, reasons and what its record keeps."""
    content = bound.sets[bound.code]
    tree = bound.plan.steps.trace(given, bound.environment)
    values = outputs(bound, given) if tree["outcome"] == "yes" else {}
    gaps, told = [], []
    for said, reads in bound.plan.outputs if tree["outcome"] == "yes" else ():
        node, name = {**said, **trace.used(reads, given)}, said["name"]
        told.append(node | ({"value": facts.encode(values[name])} if name in values else {}))
        gaps += [] if name in values else trace.of_output(node)
    tree |= {"outputs": told} if told else {}
    names = dict.fromkeys(one["name"] for one in [*trace.lacking(tree), *gaps])
    return Decision(
        tree["outcome"],
        bound.code,
        content["version"],
        bound.environment.day,
        tree,
        tuple(names),
        values,
        trace.why(content["zh"], tree, content["source"], gaps),
        _record(bound, given),
    )


def _plan(bound: Bound) -> Plan:
    sets = {code: (one, bound.compiled[code].condition) for code, one in bound.sets.items()}
    planner = trace.Planner(sets, bound.parameters)
    known, outputs = planner.words(bound.code), []
    for one in bound.sets[bound.code]["outputs"]:
        said = {"name": one["name"], "zh": one["zh"], "how_zh": in_words.output(one, known)}
        said |= planner.parameters_of(one["value"])
        outputs.append((said, planner.facts_of(one["value"], bound.code)))
    kinds: dict[str, frozenset[str]] = {}
    for content in bound.sets.values():
        read = grammar.reads([content["condition"], content["outputs"]])
        for one in content["facts"]:
            if one["name"] in read:
                kinds[one["name"]] = kinds.get(one["name"], frozenset()) | {one["kind"]}
    return Plan(planner.rule(bound.code), tuple(outputs), kinds)


def _record(bound: Bound, given: Facts) -> dict[str, Any]:
    """Return the trees, the parameters and those facts that the trees read, no others."""
    kinds = bound.plan.kinds
    told = frozen(bound)
    return {
        "sets": told["sets"],
        "parameters": told["parameters"],
        "facts": [{"name": name, **_told(given.get(name, NOT_TOLD), kinds[name])} for name in sorted(kinds)],
    }


def _told(fact: facts.Fact, kinds: frozenset[str]) -> dict[str, Any]:
    """Return a fact for the record; one that fits none of the declared kinds is as missing there as it was here."""
    if isinstance(fact, Known) and all(facts.READERS[kind](fact.value) is None for kind in kinds):
        return facts.told(Missing(WRONG_KIND, fact.source))
    return facts.told(fact)


def replay(record: Mapping[str, Any]) -> Decision:
    """Return the decision that a record holds, made again from the record alone.

    Raises:
        RecordBroken: its trees, parameters or hash do not belong together.
    """
    try:
        if record["form"] != decision.FORM or record["hash"] != decision.digest(record):
            raise RecordBroken
        return decided(thawed(record), {one["name"]: facts.retold(one) for one in record["facts"]})
    except (KeyError, TypeError, ValueError, AttributeError, RuleCircle, RuleChainTooLong):
        raise RecordBroken from None


def confirmed(record: Mapping[str, Any]) -> bool:
    """Tell whether a record, made again, says the same: outcome, outputs and what was missing.

    Raises:
        RecordBroken: see `replay`.
    """
    return replay(record).record() == record


def matches_store(record: Mapping[str, Any]) -> bool:
    """Tell whether every version that a record names is stored and says the same."""
    for one in record["sets"]:
        found = rule_set.RuleSet._get_collection().find_one({"_id": f"{one['code']}:{one['version']}"})
        if found is None or not found["hash"] == one["hash"] == rule_set.content_hash(one["code"], found):
            return False
    return True
