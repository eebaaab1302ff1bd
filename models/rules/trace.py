"""Why a decision came out as it did: a tree with the outcome, the words, the facts and the parameters of each node.

The tree names values of facts; it belongs into the sealed record of the caller. The paragraph of `why` names none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.rules import facts, grammar, in_words
from models.rules.compile import Part
from models.rules.compile_values import Environment, Truth
from models.rules.facts import NOT_TOLD, WRONG_KIND, Fact, Facts, Known
from models.rules.parameters import words as parameter_words

OUTCOME = {True: "yes", False: "no", None: "unknown"}
MOST_REASONS = 12


@dataclass(frozen=True)
class Step:
    """A node of a trace as far as it is the same for everybody; without `below` it reads facts and parameters."""

    said: Mapping[str, Any]
    run: Truth
    below: "tuple[Step, ...]" = ()
    reads: tuple[Mapping[str, Any], ...] = ()

    def trace(self, given: Facts, env: Environment) -> dict[str, Any]:
        """Return the node for these facts, with those below it."""
        told = {"outcome": OUTCOME[self.run(given, env, None)], **self.said}
        if self.below:
            told["below"] = [one.trace(given, env) for one in self.below]
        return told | used(self.reads, given)


class Planner:
    """Prepares the traces of a rule on a day; `sets` tells content and compiled condition of all that take part."""

    def __init__(
        self,
        sets: Mapping[str, tuple[Mapping[str, Any], Part]],
        parameters: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.sets, self.parameters = sets, parameters
        self.names = {f"param:{code}": word for code, word in parameter_words(parameters.values()).items()}
        self.names |= {f"rule:{code}": one["zh"] for code, (one, _) in sets.items()}

    def words(self, code: str) -> in_words.Words:
        """Return how a rule calls what it names."""
        return in_words.words(self.sets[code][0]) | self.names

    def rule(self, code: str) -> Step:
        """Return the plan of a rule's condition."""
        content, part = self.sets[code]
        made = self._part(part, code, self.words(code))
        return replace(made, said={**made.said, "rule": code, "version": content["version"]})

    def _part(self, part: Part, code: str, known: in_words.Words) -> Step:
        said = {
            "zh": in_words.sentence(part.node, known),
            "operator": grammar.operator(part.node, grammar.CONDITIONS),
        }
        if "rule" in part.node:
            other = part.node["rule"]
            if other in self.sets:
                return Step(said, part.run, (self.rule(other),))
            return Step({**said, "lacking": [f"rule:{other}"]}, part.run)
        if part.below:
            return Step(said, part.run, tuple(self._part(one, code, known) for one in part.below))
        return Step({**said, **self.parameters_of(part.node)}, part.run, reads=self.facts_of(part.node, code))

    def facts_of(self, node: Any, code: str) -> tuple[Mapping[str, Any], ...]:
        """Return the declared facts that a node reads."""
        read = grammar.reads(node)
        declared = {one["name"]: one for one in self.sets[code][0]["facts"]}
        return tuple(declared[name] for name in sorted(read & declared.keys()))

    def parameters_of(self, node: Any) -> dict[str, Any]:
        """Return the parameters that a node reads, with the values that hold."""
        read = sorted(grammar.mentions(node, "param"))
        return {"parameters": [self._parameter(code) for code in read]} if read else {}

    def _parameter(self, code: str) -> dict[str, Any]:
        kept = self.parameters.get(code)
        if kept is None:
            return {"code": code, "missing": "该日没有参数值"}
        return {name: kept[name] for name in ("code", "zh", "value", "valid_from", "source")}


def used(reads: Sequence[Mapping[str, Any]], given: Facts) -> dict[str, Any]:
    """Return the facts of a node with value, source and day, or why they are missing."""
    return {"facts": [_told(one, given.get(one["name"], NOT_TOLD)) for one in reads]} if reads else {}


def _told(declared: Mapping[str, Any], fact: Fact) -> dict[str, Any]:
    told = {"name": declared["name"], "zh": declared["zh"], "personal": declared.get("personal", True)}
    if not isinstance(fact, Known):
        whose = fact.whose or declared.get("whose", "")
        return told | {"missing": fact.reason or NOT_TOLD.reason, "whose": whose}
    if facts.READERS[declared["kind"]](fact.value) is None:
        return told | {"missing": WRONG_KIND, "whose": fact.source or declared.get("whose", "")}
    value = {"items": len(fact.value)} if declared["kind"] == "list" else facts.encode(fact.value)
    return told | {"value": value, "source": fact.source, "as_of": fact.as_of}


def lacking(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the facts and parameters, by name, that leave a node unknown; nothing for one that is decided."""
    if node["outcome"] != "unknown":
        return []
    if "below" in node:
        return [one for below in node["below"] for one in lacking(below)]
    return _gaps(node)


def _gaps(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a value or a comparison lacks; where nothing is missing itself, a fact does not say enough."""
    gaps = [one for one in node.get("facts", ()) if "missing" in one]
    gaps += [
        {"name": f"param:{one['code']}", "zh": f"参数 {one['code']}", "whose": ""}
        for one in node.get("parameters", ())
        if "missing" in one
    ]
    gaps += [{"name": name, "zh": name, "whose": ""} for name in node.get("lacking", ())]
    unclear = [{**one, "whose": one.get("source", "")} for one in node.get("facts", ())]
    return gaps or unclear


def of_output(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what keeps an output from having a value."""
    return _gaps(told)


def why(title: str, tree: Mapping[str, Any], source: Mapping[str, Any], outputs_lack: list[dict[str, Any]]) -> str:
    """Return in one paragraph how a decision came out, without any value of a fact."""
    outcome = tree["outcome"]
    basis = f"依据:{source['title']}。" if source.get("title") else ""
    if outcome == "unknown":
        return f"暂不能判断是否符合“{title}”:还缺{_listed(lacking(tree))}。{basis}"
    reasons = list(dict.fromkeys(_reasons(tree)))
    told = ";".join(reasons[:MOST_REASONS]) + (f";等 {len(reasons)} 项" if len(reasons) > MOST_REASONS else "")
    open_ends = f"金额等结果还缺{_listed(outputs_lack)}。" if outputs_lack else ""
    return f"{'符合' if outcome == 'yes' else '不符合'}“{title}”:{told}。{open_ends}{basis}"


def _listed(gaps: list[dict[str, Any]]) -> str:
    told = [f"{one['zh']}({one['whose']})" if one.get("whose") else one["zh"] for one in gaps]
    return "、".join(dict.fromkeys(told)) or "必要的数据"


def _reasons(node: Mapping[str, Any]) -> list[str]:
    """Return what decided a node: all that hold for a yes of `all`, those that fail for its no, and so on."""
    outcome = node["outcome"]
    deciding = [below for below in node.get("below", ()) if _decides(node, below)]
    if deciding:
        return [reason for below in deciding for reason in _reasons(below)]
    return [f"{'满足' if outcome == 'yes' else '不满足'}“{node['zh']}”"]


def _decides(node: Mapping[str, Any], below: Mapping[str, Any]) -> bool:
    if node["operator"] == "not":
        return bool(below["outcome"] != "unknown")
    return bool(below["outcome"] == node["outcome"])
