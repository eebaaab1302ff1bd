"""The county's policies for firms: real clauses as rules, without budgets; what the offices changed is left alone."""

from pathlib import Path

import orjson

from models.enterprise import policy, policy_rule
from models.rules import rule_set

FOLDER = Path(__file__).parent / "county"
NONE: dict[str, str] = {}


def policies() -> int:
    """Put the policies and their conditions where they are not there yet; return how many there are."""
    told = orjson.loads((FOLDER / "policies.json").read_bytes())["policies"]
    for one in told:
        made = policy.record(one["code"], one, unit_code=one["unit"])
        content = policy_rule.content(made, one["conditions"], NONE)
        rule_set.seed({"code": policy.rule_code(one["code"]), **content})
        policy.seed(one["code"], one, unit_code=one["unit"])
    return len(told)
