"""Deciding an application whose points are all settled: by the rules, with the article's number and a sealed record.

    every point settled ──the rules say yes, with a tier──▶ qualified, with a priority for each school
                        └──no, or still not shown─────────▶ refused, in writing, with the number of the rule

What a person confirmed counts over the registers. These are asked again only where what they said is too old to count;
what was read goes into the record from which the decision can be made again. Deciding again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.rules import evaluate
from models.school import application, judging, points, property_lock, review
from models.school.judging import Judging

SYSTEM = "system:school"
TRIES = 5
APPEAL_ZH = "如不服本决定,可在公示期内通过“入学申请—申诉”向县教科体局提出申诉,也可依法申请行政复议或提起行政诉讼。"
NEXT_ZH = {
    "qualified": "审核通过,等待派位结果;在名单封存前仍可撤回。",
    "refused": "请查看不通过的依据;可在规定期限内申诉,或持材料到县教科体局窗口咨询。",
}
_GUARDIAN_RULE = "义务教育法第十一条"


@dataclass(frozen=True)
class _Decided:
    what: str
    told: dict[str, Any]


def decide(application_id: ObjectId) -> dict[str, Any]:
    """Decide an application if all its points are settled; return it as it is then.

    Raises:
        NotFound: no such application.
        ApplicationMoved: it moved again and again meanwhile.
    """
    for _ in range(TRIES):
        found = application.read(application_id)
        if found["state"] != "submitted" or points.open_ones(found["points"]):
            return found
        held = review.find(application_id)
        if held is None or held["run"] != review.run(found):
            return found
        judged = judging.judge(found, held)
        if _lacking(found, judged):  # what was asked at submission may be too old to count after a week
            judged = judging.judge(found, held, ask=True)
        if asking := _more(found, judged):
            return asking
        if moved := _moved(found, _decided(found, judged, refused_guardian=_guardian_refused(found))):
            review.over(application_id)
            return moved
    raise application.ApplicationMoved(application.read(application_id))


def _more(found: Mapping[str, Any], judged: Judging) -> dict[str, Any] | None:
    """Let persons check what the rules miss and nobody was asked for, so that no silence of a register refuses."""
    lacking = _lacking(found, judged)
    if not lacking:
        return None
    more = [points.new(code, "unknown", facts=names) for code, names in lacking.items()]
    guard, follow = {"state": "submitted", "seq": found["seq"]}, [review.begin_entry(found["_id"])]
    return application.change(found["_id"], guard, {"points": [*found["points"], *more]}, follow=follow)


def _lacking(found: Mapping[str, Any], judged: Judging) -> dict[str, list[str]]:
    """Return the facts that the rules miss, by the points that would tell them and that nobody was asked for."""
    if judged.judged.eligible == "no":
        return {}
    asked = {one["code"] for one in found["points"]}
    lacking: dict[str, list[str]] = {}
    for name in judged.judged.missing:
        code = points.of_fact(name)
        if name not in judged.told_json and code not in asked:
            lacking.setdefault(code, []).append(name)
    return {code: lacking[code] for code in points.UNITS if code in lacking}


def _guardian_refused(found: Mapping[str, Any]) -> bool:
    return any(one["code"] == "guardianship" and one["state"] == "refused" for one in found["points"])


def _decided(found: Mapping[str, Any], judged: Judging, *, refused_guardian: bool) -> _Decided:
    told = judged.judged
    yes = told.eligible == "yes" and told.tier is not None and not refused_guardian
    decision = {
        "outcome": "qualified" if yes else "refused",
        "rule": judged.rule,
        "rule_number": _GUARDIAN_RULE if refused_guardian else judged.number,
        "version": judged.version,
        "text_zh": _text(judged, yes=yes, refused_guardian=refused_guardian),
        "next_zh": NEXT_ZH["qualified" if yes else "refused"],
        "at": clock.now(),
    }
    record = {"decisions": told.records(), "told": judged.told_json, "points": judged.points}
    given: dict[str, Any] = {
        "decision": decision,
        "decided_at": decision["at"],
        "record": application.sealed(found["_id"], "record", record),
    }
    if yes:
        given |= {"tier": told.tier, "priorities": judged.priorities, "reserve": str(told.tier)}
    return _Decided("qualify" if yes else "refuse", given)


def _text(judged: Judging, *, yes: bool, refused_guardian: bool) -> str:
    if yes:
        return f"经审核,符合入学条件({judged.number}),列入第 {judged.judged.tier} 梯次。{judged.judged.why_zh}"
    if refused_guardian:
        return f"经审核,未能证明申请人是该儿童的监护人(依据:{_GUARDIAN_RULE})。{APPEAL_ZH}"
    lacking = "仍有材料未能证明" if judged.judged.eligible != "no" else "不符合入学条件"
    return f"经审核,{lacking}(依据:{judged.number})。{judged.judged.why_zh}{APPEAL_ZH}"


def _moved(found: Mapping[str, Any], decided: _Decided) -> dict[str, Any] | None:
    """Carry a decision out if nothing changed since it was made; a refusal frees the property."""
    application_id, to = found["_id"], decided.told["decision"]["outcome"]
    follow = tell_entries(found, f"school_{to}")
    line = {"rule": decided.told["decision"]["rule"], "version": decided.told["decision"]["version"]}

    def change(session: ClientSession) -> dict[str, Any]:
        moved = application.move(
            application_id,
            decided.what,
            by=SYSTEM,
            seq=found["seq"],
            told=decided.told,
            unset=() if to == "qualified" else ("tier", "priorities", "reserve"),
            follow=follow,
            line=line,
            session=session,
        )
        if to == "refused":
            property_lock.free(application_id, session)
        return moved

    try:
        moved = transactions.run(change)
    except application.ApplicationMoved:
        return None
    outbox.wake("notify")
    return moved


def tell_entries(found: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the outbox entry that tells the family; who has no account is told at the counter."""
    if not found.get("account"):
        return []
    return [outbox.entry("notify", "school.tell", application=str(found["_id"]), kind=kind, seq=found["seq"])]


def replay(found: Mapping[str, Any]) -> bool:
    """Tell whether an application's decision comes out of its sealed record again, whatever became of the rules."""
    record = application.opened(found, "record")
    return bool(record) and all(evaluate.confirmed(one) for one in record["decisions"])
