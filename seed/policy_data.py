"""The county's policies for firms: real clauses as rules, without budgets; what the offices changed is left alone."""

from pathlib import Path

import orjson

from models.enterprise import payout_terms, policy, policy_rule
from models.rules import parameters, rule_set

FOLDER = Path(__file__).parent / "county"
NONE: dict[str, str] = {}
PUBLICITY = {
    "code": payout_terms.PUBLICITY_DAYS,
    "zh": "惠企资金公示工作日数",
    "kind": "number",
    "values": [
        {
            "value": 5,
            "valid_from": "2020-01-01",
            "source": {"title": "约定,须由县政策主管部门核定", "edition": "", "clause": "", "url": ""},
        }
    ],
}
"""No document that we have gives a term; the office enters the one that it follows."""


def policies() -> int:
    """Put the policies and their conditions where they are not there yet; return how many there are."""
    told = orjson.loads((FOLDER / "policies.json").read_bytes())["policies"]
    parameters.seed(PUBLICITY)
    for one in told:
        made = policy.record(one["code"], one, unit_code=one["unit"])
        content = policy_rule.content(made, one["conditions"], NONE)
        rule_set.seed({"code": policy.rule_code(one["code"]), **content})
        policy.seed(one["code"], one, unit_code=one["unit"])
    return len(told)
