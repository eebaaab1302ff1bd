"""What a policy says of a firm: eligible, lacking data, not eligible, or no matter for the policy's time is over.

The period of the policy comes first: what ran out answers `expired` whatever its conditions say.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from backend.errors import NotFound, Unprocessable
from models.enterprise import firm_facts, policy
from models.enterprise.conditions import AMOUNT
from models.enterprise.firm_facts import FACTS, Held
from models.rules import evaluate, rule_set
from models.rules.evaluate import Bound
from models.rules.facts import Fact, Missing
from models.rules.lean import Lean, lean

Verdict = Literal["eligible", "lacking", "not_eligible", "not_yet", "expired", "closed"]
VERDICTS: dict[str, str] = {
    "eligible": "符合条件",
    "lacking": "缺少数据,暂不能判断",
    "not_eligible": "不符合条件",
    "not_yet": "政策尚未生效",
    "expired": "政策已过有效期",
    "closed": "政策已停止受理",
}
JUDGED = ("eligible", "lacking", "not_eligible")


class PolicyVersionUnknown(Unprocessable):
    """422: the policy has no such version of its conditions."""

    code = "enterprise_policy_version_unknown"
    zh = "该政策没有这个版本的条件,请在政策的版本列表中选择。"
    en = "This policy has no such version of its conditions. Choose one from its list."


class Judged(NamedTuple):
    """`amount_fen` is what an eligible firm gets, 0 of a policy that pays nothing; `lacks` names what is not there."""

    verdict: Verdict
    amount_fen: int = 0
    lacks: tuple[dict[str, str], ...] = ()
    light: Lean | None = None


def out_of_time(found: Mapping[str, Any], day: date) -> Verdict | None:
    """Return why a policy decides nothing on a day, None where it does."""
    told = day.isoformat()
    if told < found["valid_from"]:
        return "not_yet"
    if found.get("valid_to") and told > found["valid_to"]:
        return "expired"
    return "closed" if found["state"] == "closed" else None


def bound(found: Mapping[str, Any], day: date, version: str = "") -> Bound:
    """Return the conditions of a policy on a day: those in force, or the version that is named, active or not.

    Raises:
        NotInForce: no version counts on that day.
        PolicyVersionUnknown: no such version of the policy.
    """
    rule = policy.rule_code(found["_id"])
    if version:
        if not version.startswith(f"{rule}:"):
            raise PolicyVersionUnknown
        try:
            return evaluate.bind(rule_set.read(version), day)
        except NotFound:
            raise PolicyVersionUnknown from None
    return evaluate.bind(rule_set.require_in_force(rule, day), day)


def judge(found: Mapping[str, Any], rule: Bound, given: Mapping[str, Fact]) -> Judged:
    """Return what the conditions say of a firm's facts, in the policy's time; pure and without a trace."""
    answer = lean(rule, given)
    if answer.outcome == "no":
        return Judged("not_eligible", 0, (), answer)
    if answer.missing or answer.outcome == "unknown":
        return Judged("lacking", lacks=tuple(lacking(one, given) for one in answer.missing), light=answer)
    fen = amount(found, answer.values)
    poor = fen <= 0 and policy.pays(found)
    return Judged("not_eligible", 0, (), answer) if poor else Judged("eligible", max(fen, 0), (), answer)


def amount(found: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Return what a firm gets: what the rule computes, at most the policy's ceiling."""
    fen = int(values.get(AMOUNT, 0))
    return min(fen, found["ceiling_fen"]) if found["ceiling_fen"] else fen


def lacking(name: str, given: Mapping[str, Fact]) -> dict[str, str]:
    """Return a fact that is not there: its words, whose it is, and why it is missing."""
    fact, meaning = given.get(name), FACTS.get(name)
    told = {"name": name, "zh": meaning.zh if meaning else name, "whose_zh": meaning.whose if meaning else ""}
    return told | {"why_zh": fact.reason if isinstance(fact, Missing) else firm_facts.WHY_ZH["not_asked"]}


def names(rule: Bound) -> tuple[str, ...]:
    """Return the facts that a rule reads."""
    return tuple(sorted(rule.plan.kinds))


def given(code: str, stated: Held, rule: Bound) -> dict[str, Fact]:
    """Return the facts of a firm that a rule reads."""
    return firm_facts.given(code, stated, names(rule))
