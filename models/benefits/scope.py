"""What a run of the checks is about: the batch, its item's version, the day and the rule that hold for it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock
from models.benefits import claim_facts, evidence, item
from models.benefits.checks import Rule
from models.benefits.evidence import Scope
from models.rules import evaluate

_OF_ONE = ("facts", "outcome", "missing", "values")
"""What the record of a decision says of one person; the rest is the same for all."""


def prepared(found: Mapping[str, Any]) -> tuple[Scope, Rule | None]:
    """Return what the checks of a batch are about, and the rule of its item, None where it has none.

    Raises:
        NotInForce: the item's rule has no version on the day.
    """
    told = item.read(found["item_id"])
    day = day_of(told, found["period"])
    rule = rule_of(told, day)
    periods = evidence.periods_touching(told["period_kind"], found["period"])
    kinds = claim_facts.register_kinds(rule.names) if rule else ()
    return Scope(found, told, day, item.exclusive_of(told), periods, kinds), rule


def day_of(told: Mapping[str, Any], period: str) -> date:
    """Return the day on which the conditions are looked at: today, or the nearest day of the period."""
    first, following = item.days(told["period_kind"], period)
    return max(first, min(following - timedelta(days=1), clock.today()))


def rule_of(told: Mapping[str, Any], day: date) -> Rule | None:
    """Return the rule of an item on a day, None where nobody wrote one.

    Raises:
        NotInForce: it has no version on the day.
    """
    code = told.get("rule_set")
    if not code:
        return None
    ask = evaluate.many(code, day)
    record = ask.explain({}).record()
    head = {name: value for name, value in record.items() if name not in _OF_ONE}
    return Rule(tuple(one["name"] for one in record["facts"]), ask, head)
