"""Which tier and priorities a child gets whose appeal was won: by the rules of the round, on corrected facts.

value {}                                as the review had found, else by what is known today
value {"property.in_district": true}    by the rules, these facts counting first (`district`: the code of one)
value {"tier": 2}                       this tier; the priorities follow from it as in any decision
value {"tier": 2, "priorities": {…}}    as it is written
"""

from collections.abc import Mapping
from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import NotFound, Unprocessable
from models.rules import facts
from models.rules.rule_set import NotInForce
from models.school import application, judging, review, told_facts
from models.school.judging import Judging

MOST_TIER = 9
MOST_PRIORITY = 999_999
OWN = frozenset({"tier", "priorities"})


class AppealTierNeeded(Unprocessable):
    """422: without a tier and priorities nobody can be placed."""

    code = "school_appeal_tier"
    zh = (
        "按现有事实不能得出梯次。请在 value 中写明更正的事实(例如 property.in_district)或梯次 tier(1 至 9),"
        "各志愿学校的优先级按规则计算;也可直接写明 priorities(整数)。"
    )
    en = "State in `value` the facts that were wrong, or the tier (1 to 9). Priorities follow, or may be named."

    def __init__(self, why: str = "") -> None:
        super().__init__(fields={"value": [why or self.zh]})


def given(before: Mapping[str, Any], value: Mapping[str, Any], session: ClientSession) -> dict[str, Any]:
    """Return tier, reserve, priorities and, where the rules gave them, the record of how.

    Raises:
        AppealTierNeeded: neither the rules nor the decision give a tier and a priority for each choice.
        TellWrong: a fact that was corrected is none, or of another kind.
    """
    corrected = told_facts.corrected({name: one for name, one in value.items() if name not in OWN})
    as_found = {name: before[name] for name in OWN if before.get(name)}
    if "priorities" in value or (not corrected and not value and as_found.keys() == OWN):
        return _as_written(before, as_found | dict(value))
    if "tier" in value and not _is_tier(value["tier"]):
        raise AppealTierNeeded
    return _by_rules(before, corrected, value.get("tier"), session)


def _as_written(before: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    tier, priorities = told.get("tier"), told["priorities"]
    whole = isinstance(priorities, Mapping) and all(
        type(priorities.get(code)) is int and 0 <= priorities[code] <= MOST_PRIORITY for code in before["choices"]
    )
    if not _is_tier(tier) or not whole:
        raise AppealTierNeeded
    return {"tier": tier, "reserve": str(tier), "priorities": {code: priorities[code] for code in before["choices"]}}


def _is_tier(tier: Any) -> bool:
    return type(tier) is int and 1 <= tier <= MOST_TIER


def _by_rules(
    before: Mapping[str, Any], corrected: Mapping[str, Any], tier: int | None, session: ClientSession
) -> dict[str, Any]:
    told_facts.require_district(before["round"], corrected)
    held = review.find(before["_id"], session)
    known = {name: facts.decode(value) for name, value in corrected.items()}
    try:
        found = judging.judge(before, held, corrected=known, tier=tier)
    except (NotFound, NotInForce):  # a rule that there is not, or not any more
        raise AppealTierNeeded from None
    judged = found.judged
    if judged.tier is None or (tier is None and judged.eligible != "yes"):
        raise AppealTierNeeded(
            f"按规则仍未达到条件:{judged.why_zh}请补充更正的事实,或写明梯次 tier。" if corrected else ""
        )
    return {
        "tier": judged.tier,
        "reserve": str(judged.tier),
        "priorities": dict(found.priorities),
        "record": application.sealed(before["_id"], "record", _record(found)),
    }


def _record(found: Judging) -> dict[str, Any]:
    return {"decisions": found.judged.records(), "told": found.told_json, "points": found.points}
