"""Asking a rule of very many subjects: outcome, outputs and the names of what is missing, without a trace.

What is named as missing is what `evaluate.decided` names, in the same order; it is looked for only where something is
open, so a subject that is decided costs no more than its outcome and outputs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from models.rules import evaluate, facts
from models.rules.compile_values import Environment
from models.rules.decision import Outcome
from models.rules.evaluate import Bound
from models.rules.facts import NOT_TOLD, Facts, Known
from models.rules.trace import Step


class Lean(NamedTuple):
    """A decision without reasons; `missing` names what leaves the outcome or an output open."""

    outcome: Outcome
    values: Mapping[str, Any]
    missing: tuple[str, ...] = ()


_NO = Lean("no", {})


def lean(bound: Bound, given: Facts) -> Lean:
    """Return how a rule comes out for these facts."""
    outcome = evaluate.outcome(bound, given)
    if outcome == "no":
        return _NO
    if outcome == "unknown":
        return Lean("unknown", {}, tuple(dict.fromkeys(_lacking(bound.plan.steps, given, bound.environment))))
    values, outputs = evaluate.outputs(bound, given), bound.plan.outputs
    if len(values) == len(outputs):
        return Lean("yes", values)
    gaps = (
        name
        for said, reads in outputs
        if said["name"] not in values
        for name in _gaps(reads, said.get("parameters", ()), (), given)
    )
    return Lean("yes", values, tuple(dict.fromkeys(gaps)))


def _lacking(step: Step, given: Facts, env: Environment) -> Iterator[str]:
    if step.run(given, env, None) is not None:
        return
    for below in step.below:
        yield from _lacking(below, given, env)
    if not step.below:
        said = step.said
        yield from _gaps(step.reads, said.get("parameters", ()), said.get("lacking", ()), given)


def _gaps(reads: Any, parameters: Any, lacking: Any, given: Facts) -> list[str]:
    found = [one["name"] for one in reads if not _there(one, given)]
    found += [f"param:{one['code']}" for one in parameters if "missing" in one]
    found += lacking
    return found or [one["name"] for one in reads]


def _there(declared: Mapping[str, Any], given: Facts) -> bool:
    fact = given.get(declared["name"], NOT_TOLD)
    return isinstance(fact, Known) and facts.READERS[declared["kind"]](fact.value) is not None
