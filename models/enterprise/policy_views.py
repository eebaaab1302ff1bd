"""Policies as offices and firms see them, and one tried on a firm. Plain dicts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend import clock
from models.enterprise import conditions, firm, firm_facts, judge, policy, policy_rule
from models.identity.actors import Staff
from models.rules import evaluate, in_words, rule_set
from models.rules.rule_set import STATE_ZH


def brief(found: Mapping[str, Any], day: date | None = None) -> dict[str, Any]:
    """Return what everybody may know of a policy."""
    over = judge.out_of_time(found, day or clock.today())
    same = ("title", "category", "unit", "source", "valid_from", "state", "ceiling_fen")
    told = {"code": found["_id"], **{name: found[name] for name in same}}
    told |= {"state_zh": policy.STATES[found["state"]], "pays": policy.pays(found)}
    told |= {"money_kind": found["money"]["kind"], "money_kind_zh": conditions.MONEY[found["money"]["kind"]]}
    told |= {"money_zh": conditions.money_zh(found["money"]), "unverified": bool(found.get("unverified"))}
    told |= {name: found[name] for name in ("valid_to", "note") if found.get(name)}
    reason = found.get("closed_for")
    told |= {"closed_for": reason, "closed_for_zh": policy.CLOSED_ZH[reason]} if reason else {}
    return told | ({"over": over, "over_zh": judge.VERDICTS[over]} if over else {})


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy as its office sees it: with money, budget and the versions of its conditions in words."""
    told = brief(found) | {"money": found["money"], "budget_fen": found["budget_fen"], "left_fen": found["left_fen"]}
    return told | {"versions": [version(one) for one in policy_rule.versions(found["_id"])]}


def version(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version of a policy's conditions with its Chinese sentence."""
    known = in_words.words(found)
    told = {"id": found["_id"], "version": found["version"], "state": found["state"]}
    told |= {"state_zh": STATE_ZH[found["state"]], "valid_from": found["valid_from"], "hash": found["hash"]}
    told |= {"sentence": in_words.sentence(found["condition"], known)}
    told |= {"amount_zh": "".join(in_words.output(one, known) for one in found["outputs"])}
    told |= {"valid_to": found["valid_to"]} if found.get("valid_to") else {}
    return told | ({"approval_id": str(found["approval"])} if found.get("approval") else {})


def for_firms(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy as firms see it: with the conditions in force in words."""
    rule = policy.rule_code(found["_id"])
    held = rule_set.in_force([rule], clock.today()).get(rule)
    return brief(found) | ({"sentence": in_words.sentence(held["condition"], in_words.words(held))} if held else {})


def tried(actor: Staff, code: str, firm_code: str, *, day: date, version_id: str = "") -> dict[str, Any]:
    """Return how a policy, by the version in force or the one named, comes out for a firm; nothing is stored.

    Raises:
        NotFound: no such policy of the actor's unit, or no such firm.
        PolicyVersionUnknown: no such version of the policy.
        NotInForce: no version counts on that day.
    """
    found = policy.within(actor, "policy.try", code)
    firm.read(firm_code)
    over = judge.out_of_time(found, day)
    if over and not version_id:
        return {"verdict": over, "verdict_zh": judge.VERDICTS[over], "lacks": []}
    rule = judge.bound(found, day, version_id)
    stated = firm_facts.held([firm_code], day.isoformat())[firm_code]
    given = judge.given(firm_code, stated, rule)
    made, whole = judge.judge(found, rule, given), evaluate.decided(rule, given)
    told = {"verdict": made.verdict, "verdict_zh": judge.VERDICTS[made.verdict], "amount_fen": made.amount_fen}
    told |= {"lacks": list(made.lacks), "why_zh": whole.why_zh, "trace": whole.trace}
    return told | {"rule_set": f"{whole.rule}:{whole.version}", "day": day.isoformat()}
