"""What the rules of a round say of a child: whether it may apply, its 梯次, its priority, and by which article.

The rules are those that count on the round's rule day. What a reviewer confirmed by hand counts over the registers. A
priority is given on what is proven alone: a fact that nobody knows leaves the lower place and is named as missing.
The records hold facts of persons: who keeps them seals them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend import clock
from models.rules import evaluate
from models.rules.decision import Decision, Light, Outcome
from models.rules.facts import NOT_TOLD, Fact, Known, Missing, NotKept
from models.school import round as rounds
from models.school.basis import Basis
from models.school.child_facts import Gathered

BY_HAND, UNPROVEN = "人工核验", "没有证明"
LAST = 99
"""The priority of whom no row of the rule names."""
NUMBER = re.compile(r"第[一二三四五六七八九十百零〇0-9]{1,6}条(?:第[一二三四五六七八九十0-9]{1,3}[款项])*")


@dataclass(frozen=True)
class Judged:
    """`missing` names the facts that keep something unknown; `rule_numbers` are the articles that decided."""

    eligible: Outcome
    tier: int | None
    priority: int
    decisions: tuple[Decision, ...] = field(repr=False)
    missing: tuple[str, ...]
    rule_numbers: tuple[str, ...]
    why_zh: str

    def records(self) -> list[dict[str, Any]]:
        """Return from what each decision can be made again; the caller seals it."""
        return [one.record() for one in self.decisions]

    @property
    def versions(self) -> tuple[str, ...]:
        """Return which versions of which rules decided."""
        return tuple(f"{one.rule}:{one.version}" for one in self.decisions)


def judge(
    round: Mapping[str, Any],  # noqa: A002 - the domain's word
    gathered: Gathered,
    basis: Basis | None,
    *,
    told: Mapping[str, Any] | None = None,
) -> Judged:
    """Return what the rules say of a child whose district rests on a basis.

    Raises:
        NotInForce: a rule of the round has no version on its rule day.
    """
    day, rules = rounds.rule_day(round), round["rules"]
    given = {**gathered.for_basis(basis), **by_hand(told or {})}
    eligible = evaluate.decide(rules["eligible"], given, day=day)
    tiered = evaluate.decide(rules["tier"], given, day=day)
    decisions = [eligible, tiered]
    priority = LAST
    if code := rules.get("priority"):
        ranking = evaluate.many(code, day)
        decisions.append(ranked := ranking.explain(proven(ranking, given)))
        priority = whole(ranked, "priority") or LAST
    tier = whole(tiered, "tier")
    missing = dict.fromkeys(name for one in (eligible, tiered) for name in one.missing)
    return Judged(
        eligible.outcome,
        tier,
        priority,
        tuple(decisions),
        tuple(missing),
        _numbers(decisions),
        " ".join(one.why_zh for one in decisions[:2]),
    )


def by_hand(told: Mapping[str, Any]) -> dict[str, Fact]:
    """Return facts that a reviewer confirmed."""
    return {name: Known(value, BY_HAND, clock.today().isoformat()) for name, value in told.items()}


def proven(ranking: evaluate.Many, given: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Return the facts with those flags that nobody knew as not proven, where they would leave the priority open."""
    first = ranking(given)
    if first.outcome == "yes" and "priority" in first.values:
        return given
    flags = {name for one in ranking.bound.sets.values() for name in _flags(one)}
    facts = {name: given.get(name, NOT_TOLD) for name in flags}
    unknown = [name for name, fact in facts.items() if isinstance(fact, Missing) and not isinstance(fact, NotKept)]
    return {**given, **dict.fromkeys(unknown, Known(value=False, source=UNPROVEN))}


def _flags(content: Mapping[str, Any]) -> list[str]:
    return [one["name"] for one in content["facts"] if one["kind"] == "flag"]


def whole(decision: Decision | Light, name: str) -> int | None:
    """Return an output that is a whole number, None for any other."""
    found = decision.values.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _numbers(decisions: list[Decision]) -> tuple[str, ...]:
    """Return the articles that decided: of who may not apply, those alone that say so."""
    deciding = decisions if decisions[0].outcome == "yes" else decisions[:1]
    return tuple(dict.fromkeys(number for one in deciding for number in articles(one)))


def articles(decision: Decision) -> list[str]:
    """Return the articles that a rule names: in its outputs, in the row that gave them, else in its reasons."""
    outputs = [value for value in decision.values.values() if isinstance(value, str)]
    for said in (outputs, _rows(decision), list(_deciding(decision.trace))):
        if found := [number for text in said for number in NUMBER.findall(text)]:
            return found
    return []


def _deciding(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words of the nodes that made a decision come out as it did; not those made of their parts'."""
    parts, words = node.get("below", ()), str(node.get("zh", ""))
    if not any(one["zh"] in words for one in parts):
        yield words
    for below in parts:
        if below["outcome"] == node["outcome"] or (node["operator"] == "not" and below["outcome"] != "unknown"):
            yield from _deciding(below)


def _rows(decision: Decision) -> list[str]:
    """Return the words of the rows whose value came out: a table gives each outcome in rows of its own."""
    content = next(one for one in decision.kept["sets"] if one["code"] == decision.rule)
    tables = [(one["name"], one["value"]["table"]) for one in content["outputs"] if "table" in one["value"]]
    return [
        str(row["when"].get("zh", ""))
        for name, rows in tables
        for row in rows
        if name in decision.values and row["then"] == decision.values[name]
    ]
