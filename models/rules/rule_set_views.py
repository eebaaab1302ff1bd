"""Rule sets as the office sees them: with their words, tried out, and compared version by version."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from backend import clock
from backend.errors import BadInput
from backend.store import paging
from models.identity.actors import Staff
from models.rules import difference, evaluate, facts, grammar, in_words, parameters, rule_set
from models.rules.compile import declared
from models.rules.facts import Fact, Known, Missing

MOST_ROWS = 1000


class FactsWrong(BadInput):
    """400: the facts that were sent do not fit what the rule declares."""

    code = "facts_wrong"
    zh = "填写的数据与规则声明不符,请按各处提示修改。"
    en = "The facts do not fit what the rule declares. Correct the places named."


def listed(
    actor: Staff, *, code: str | None, state: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of versions by code and number, those of one code newest first."""
    actor.require("rule.read")
    wanted: dict[str, Any] = {"code": code} if code else {}
    wanted |= {"state": state} if state else {}
    sort = ("version", -1) if code else ("_id", 1)
    query = wanted or {"_id": {"$gte": ""}}
    found, following = paging.page(rule_set.RuleSet._get_collection(), query, sort=sort, cursor=cursor, limit=limit)
    return [brief(one) for one in found], following


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version without its tree."""
    told = {name: found[name] for name in ("code", "version", "zh", "state", "valid_from", "source", "hash")}
    told |= {"id": found["_id"], "state_zh": rule_set.STATE_ZH[found["state"]], "demo": bool(found.get("demo"))}
    told |= {"valid_to": found["valid_to"]} if found.get("valid_to") else {}
    told |= {"approval_id": str(found["approval"])} if found.get("approval") else {}
    if found.get("active_at"):
        told["active_at"] = clock.civil(found["active_at"]).isoformat(timespec="seconds")
    return told


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version with its tree and its words."""
    known = _words(found)
    outputs = [{**one, "how_zh": in_words.output(one, known)} for one in found["outputs"]]
    tree = {"condition": found["condition"], "facts": found["facts"], "outputs": outputs}
    return brief(found) | tree | {"sentence": in_words.sentence(found["condition"], known)}


def _words(found: Mapping[str, Any]) -> dict[str, str]:
    trees = [found["condition"], found["outputs"]]
    rules = rule_set.in_force(sorted(grammar.mentions(trees, "rule")), clock.today())
    names = parameters.names(grammar.mentions(trees, "param"))
    return in_words.words(found, names, {code: one["zh"] for code, one in rules.items()})


def tried(found: Mapping[str, Any], told: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return how a version, active or not, decides on these facts; nothing is stored.

    Raises:
        FactsWrong: the facts do not fit what it declares.
    """
    bound = evaluate.bind(found, day)
    made = evaluate.decided(bound, given(told, *bound.sets.values()))
    values = facts.encode(dict(made.values))
    return {**made.summary(), "why_zh": made.why_zh, "trace": made.trace, "values": values}


def given(told: Mapping[str, Any], *contents: Mapping[str, Any], path: str = "facts") -> dict[str, Fact]:
    """Return facts as they were sent: a value each, or `{"missing": reason, "whose": …}`.

    Raises:
        FactsWrong: one is not declared or of another kind.
    """
    known: dict[str, grammar.Declared] = {}
    for content in contents:
        known |= declared(content)
    made: dict[str, Fact] = {}
    errors: dict[str, list[str]] = {}
    for name, one in told.items():
        fact = _fact(known.get(name), one)
        if fact is None:
            zh = f"须为{facts.KINDS[known[name].kind]}。" if name in known else "规则没有声明这项数据。"
            errors[f"{path}.{name[:80]}"] = [zh]
        else:
            made[name] = fact
    if errors:
        raise FactsWrong(fields=dict(sorted(errors.items())[:20]))
    return made


def _fact(known: grammar.Declared | None, told: Any) -> Fact | None:
    if known is None:
        return None
    if isinstance(told, dict) and "missing" in told:
        reason, whose = told["missing"], told.get("whose", "")
        fits = isinstance(reason, str) and isinstance(whose, str) and len(reason + whose) <= facts.LONGEST_TEXT
        return Missing(reason, whose) if fits else None
    try:
        value = facts.decode(told)
    except ValueError:
        return None
    return Known(value, "试算") if facts.READERS[known.kind](value) is not None else None


def compared(
    before: Mapping[str, Any], after: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], day: date
) -> dict[str, Any]:
    """Return who gains and who loses between two versions, by the number of the row; nothing is stored.

    Raises:
        FactsWrong: a row does not fit what the versions declare.
    """
    old, new = evaluate.bind(before, day), evaluate.bind(after, day)
    contents = [*old.sets.values(), *new.sets.values()]
    subjects = ((number, given(row, *contents, path=f"rows.{number}"), None) for number, row in enumerate(rows))
    changes: list[dict[str, Any]] = []
    counts: dict[str, int] = dict.fromkeys((difference.SAME, *difference.CHANGES), 0)
    for number, pair in difference.Difference(new, old).over(subjects):
        counts[pair.change] += 1
        if pair.change != difference.SAME:
            told = {"row": number, "change": pair.change, "change_zh": difference.CHANGES[pair.change]}
            changes.append(told | {"before": _side(pair.before), "after": _side(pair.after)})
    return {"before": before["_id"], "after": after["_id"], "counts": counts, "changes": changes}


def _side(one: Any) -> dict[str, Any]:
    return {"outcome": one.outcome, "values": facts.encode(dict(one.values))}


def parameter(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter with its history."""
    told = {"code": found["_id"], "zh": found["zh"], "kind": found["kind"], "values": found["values"]}
    told["kind_zh"] = parameters.KINDS[found["kind"]]
    if found.get("proposed"):
        told["proposed"] = {**found["proposed"], "approval": str(found["proposed"]["approval"])}
    return told
