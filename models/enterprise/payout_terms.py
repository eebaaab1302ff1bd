"""The terms on which a policy pays: publicity, the fund, the working days promised (即申即享), what a firm promises.

They are set by who approves policies and count for what is confirmed or published from then on; what was confirmed
before keeps the terms of its day.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.errors import NotFound
from models.affairs.kind import Limit
from models.audit import entry
from models.enterprise import policy
from models.enterprise.policy import Policy
from models.enterprise.policy_errors import PolicyWrong
from models.identity import moving
from models.identity.actors import Staff
from models.payments import ledger_account
from models.rules import parameters, rule_set

PUBLICITY_DAYS = "enterprise_publicity_days"
COUNTED_ZH = {"working": "个工作日", "calendar": "日"}
DEFAULT_FUND = "fund:enterprise"
_MONTHS = 12


def promise_code(code: str) -> str:
    """Return the code of the rule set of what a firm promises."""
    return f"promise_{code}"


def set_(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Set the terms of a policy that pays and return the policy.

    `told` holds publicity (days, counted) or None for the county's usual time, skip_publicity, pay_within or None,
    fund, and promise (months, or until) or None.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyWrong: it pays nothing, the fund is none, or no promise was agreed on that could count.
        PolicyStateWrong: it is closed.
    """
    found = policy.within(actor, "policy.approve", code)
    fund = told.get("fund") or DEFAULT_FUND
    if not policy.pays(found):
        raise PolicyWrong("fund")
    if not fund.startswith("fund:") or ledger_account.kind_of(fund) != "fund":
        raise PolicyWrong("fund")
    _require_promise(code, told.get("promise"))
    line = entry.line(actor.key, "enterprise_policy.payout_terms", f"policy:{code}", unit=actor.unit)
    change = {"$set": {"payout": {**told, "fund": fund}}, "$inc": {"moves": 1}}
    moved = moving.move(Policy, {"_id": code, "state": {"$ne": "closed"}}, change, line, actor)
    if moved is None:
        raise policy.refused(code)
    ledger_account.open_account(fund)
    return moved


def _require_promise(code: str, told: Mapping[str, Any] | None) -> None:
    if not told:
        return
    rule = promise_code(code)
    if bool(told.get("months")) == bool(told.get("until")) or not rule_set.in_force([rule], clock.today()):
        raise PolicyWrong("promise")


def of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms of a policy, those that nobody set as they count without."""
    told = dict(found.get("payout") or {})
    return {
        "publicity": told.get("publicity"),
        "skip_publicity": bool(told.get("skip_publicity")),
        "pay_within": told.get("pay_within"),
        "fund": told.get("fund") or DEFAULT_FUND,
        "promise": told.get("promise"),
    }


def publicity(found: Mapping[str, Any], day: date) -> Limit:
    """Return how long a list of a policy is public: its own time, or the county's usual working days on a day.

    Raises:
        PolicyWrong: neither the policy nor the county says so.
    """
    told = of(found)["publicity"]
    if told:
        return Limit(told["days"], told["counted"])
    try:
        return Limit(int(parameters.value(PUBLICITY_DAYS, day)))
    except NotFound:
        raise PolicyWrong("publicity") from None


def pay_by(found: Mapping[str, Any]) -> Limit | None:
    """Return the working days from the confirmation within which a policy promises to pay, None where it does not."""
    days = of(found)["pay_within"]
    return Limit(days) if days else None


def promise_due(found: Mapping[str, Any], day: date) -> date | None:
    """Return the last day of what a firm promises that confirms on a day, None where it promises nothing."""
    told = of(found)["promise"]
    if not told:
        return None
    return date.fromisoformat(told["until"]) if told.get("until") else _months_after(day, told["months"])


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    following = date(year + month // _MONTHS, month % _MONTHS + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms in numbers and words."""
    told, limit = of(found), publicity(found, clock.today())
    made = {name: value for name, value in told.items() if value is not None}
    made["publicity"] = {"days": limit.days, "counted": limit.counted}
    return made | {"publicity_zh": f"{limit.days}{COUNTED_ZH[limit.counted]}", "own_publicity": bool(told["publicity"])}
