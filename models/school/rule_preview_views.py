"""Previews of rules as the bureau and the editors of rules read them: plain dicts.

Whoever reads all applications of a round sees every number, the schools, and which applications change; an editor of
rules sees numbers alone, without groups of fewer than five. Numbers are told once all applications were looked at, so
that nobody watches them grow by a few.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import small_numbers
from backend.errors import NotFound
from backend.store import paging
from models.audit import access_line
from models.identity.actors import Staff
from models.rules.decision import Decision
from models.rules.difference import Difference
from models.school import application_office_views, eligibility, rule_preview, school, seats
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.round_views import wire
from models.school.rule_preview import OPERATION, RulePreview
from models.school.rule_replay import OTHERWISE, UNKNOWN, WITHOUT_RECORD, Replay
from models.school.rule_tally import CHANGES, PRIORITY_ZH, STANDING_ZH, Key, Tally, change, standing_zh

FIELDS = ("school.application",)
KIND_ZH = {"eligible": "入学资格", "tier": "梯次", "priority": "优先级"}
STATE_ZH = {"running": "试算中", "done": "已完成"}
APART_ZH = {
    WITHOUT_RECORD: "没有可重算的判断记录",
    OTHERWISE: "决定不由规则作出(如监护关系、申诉改变)",
}
WHY_ZH = {"not_kept": "当时的规则没有用到,没有留存", "missing": "当时也没有取得"}
NOTE_ZH = f"少于 {small_numbers.SMALL} 人的数字不予显示(以空值表示);为防止推算,个别相邻数字一并隐去。"
HEADERS = ("类别", "对象", "原结果", "试算结果", "人数", "计划数")
SMALL_ZH = f"不足 {small_numbers.SMALL} 或已隐去"
Shown = dict[str, Any]


def listed(actor: Staff, round_code: str, *, cursor: str | None, limit: int) -> tuple[list[Shown], str | None]:
    """Return a page of the previews of a round, the latest first, without their numbers.

    Raises:
        NotAllowed: no role of the actor tries rules.
        NotFound: no such round.
    """
    actor.require(OPERATION)
    rounds.read(round_code)
    without = {"rule": 0, "changed": 0}
    found, following = paging.page(
        RulePreview._get_collection(), {"round": round_code}, sort=("_id", -1), cursor=cursor, limit=limit,
        projection=without,
    )  # fmt: skip
    return [brief(one) for one in found], following


def brief(found: Mapping[str, Any]) -> Shown:
    """Return a preview without its numbers."""
    times = {name: wire(found[name]) for name in ("started_at", "finished_at", "until") if found.get(name)}
    return {
        "id": str(found["_id"]),
        **{name: found[name] for name in ("round", "source", "rule_set", "kinds", "total", "state")},
        "kinds_zh": [KIND_ZH[kind] for kind in found["kinds"]],
        "state_zh": STATE_ZH[found["state"]],
        "looked_at": Tally(found["tally"]).looked,
        **times,
    }


def shown(actor: Staff, round_code: str, preview_id: ObjectId) -> Shown:
    """Return a preview with its numbers as far as the actor may see them; it names nobody.

    Raises:
        NotAllowed: no role of the actor tries rules.
        NotFound: no such preview of the round.
    """
    actor.require(OPERATION)
    found = rule_preview.read(round_code, preview_id)
    told = brief(found)
    if found["state"] != "done":
        return told
    tally = Tally(found["tally"])
    words = Difference(rule_preview.replay_of(found).bound).words()
    if actor.covers(application_office_views.OPERATION, unit="", area=""):
        told |= {"schools": _schools(found["source"], tally), "listed": len(found["changed"])}
        priorities = {change: count for (change,), count in tally.counted["priorities"].items()}
        return told | _numbers(_all(tally), priorities) | {"open_facts": _open(tally, words, lambda count: count)}
    return told | _public(tally, words) | {"note_zh": NOTE_ZH}


def _all(tally: Tally) -> dict[Key, int]:
    """Return the numbers that add up to all applications: who is compared, and who is not and why."""
    return dict(tally.counted["cells"]) | dict(tally.counted["apart"])


def _public(tally: Tally, words: Mapping[str, str]) -> Shown:
    """Return the numbers without small ones; where one is hidden, so are those that it could be counted back from."""
    cells = small_numbers.hidden(_all(tally))
    clear = None not in cells.values()
    counted = small_numbers.hidden({change: count for (change,), count in tally.counted["priorities"].items()})
    priorities = {change: count if clear else None for change, count in counted.items()}
    open_facts = _open(tally, words, lambda count: small_numbers.one(count) if clear else None)
    return _numbers(cells, priorities) | {"open_facts": open_facts}


def _numbers(cells: Mapping[Key, int | None], priorities: Mapping[str, int | None]) -> Shown:
    compared = {(key[0], key[1]): count for key, count in cells.items() if len(key) > 1}
    return {
        "changes": _changes(compared),
        "tiers": [_cell(before, after, count) for (before, after), count in sorted(compared.items())],
        "apart": [{"why": why, "why_zh": APART_ZH[why], "count": cells[why,]} for why in APART_ZH if (why,) in cells],
        "priorities": [
            {"change": one, "change_zh": zh, "count": priorities[one]}
            for one, zh in PRIORITY_ZH.items()
            if one in priorities
        ],
    }


def _open(tally: Tally, words: Mapping[str, str], seen: Callable[[int], int | None]) -> list[Shown]:
    return [
        {"fact": name, "zh": words.get(name, name), "why": why, "why_zh": WHY_ZH[why], "count": seen(count)}
        for (name, why), count in sorted(tally.counted["open"].items())
    ]


def _changes(compared: Mapping[tuple[str, str], int | None]) -> list[Shown]:
    told: dict[str, int | None] = {}
    for (before, after), count in compared.items():
        name = change(before, after)
        so_far = told.get(name, 0)
        told[name] = None if count is None or so_far is None else so_far + count
    return [{"change": name, "change_zh": CHANGES[name], "count": told.get(name, 0)} for name in CHANGES]


def _cell(before: str, after: str, count: int | None) -> Shown:
    sides = {"before": before, "before_zh": standing_zh(before), "after": after, "after_zh": standing_zh(after)}
    return sides | {"count": count}


def _schools(source: str, tally: Tally) -> list[Shown]:
    """Return how many qualified applications wish for each school first, by tier, beside its places then."""
    counted, plans = tally.counted["schools"], seats.of_round(source)
    codes = sorted({*plans, *(code for code, _, _ in counted if code)})
    names = school.names(codes)
    rows = []
    for code in codes:
        tiers = sorted({standing for one, standing, _ in counted if one == code and standing not in STANDING_ZH})
        by_tier = [
            {"tier": int(tier), **{side: counted[code, tier, side] for side in ("before", "after")}} for tier in tiers
        ]
        rows.append(
            {
                "school": code,
                "school_zh": names[code],
                "places": plans[code]["places"] if code in plans else 0,
                **{side: sum(one[side] for one in by_tier) for side in ("before", "after")},
                "unclear": counted[code, UNKNOWN, "after"],
                "tiers": by_tier,
            }
        )
    return rows


def changed(
    actor: Staff, round_code: str, preview_id: ObjectId, *, cursor: str | None, limit: int
) -> tuple[list[Shown], str | None]:
    """Return a page of the applications that change, with the reasons then and under the version, after an access line.

    They are the first `MOST_LISTED` at most, those alone that the actor reads, and nobody is named.

    Raises:
        NotAllowed: no role of the actor tries rules and plans rounds.
        NotFound: no such preview of the round, or it has not looked at all of them.
    """
    actor.require(OPERATION)
    actor.require("school.plan")
    found = rule_preview.read(round_code, preview_id)
    if found["state"] != "done":
        raise NotFound
    kept = {one["application"]: one for one in found["changed"]}
    query: Shown = {"_id": {"$in": sorted(kept)}}
    if (reached := application_office_views.schools_of(actor)) is not None:
        query["choices"] = {"$in": reached}
    some, following = paging.page(
        SchoolApplication._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit,
        projection={"child": 1, "receipt": 1, "choices": 1, "record": 1, "decided_at": 1},
    )  # fmt: skip
    subjects = [one["child"] for one in some]
    access_line.record(actor, purpose=application_office_views.PURPOSE, subjects=subjects, fields=FIELDS)
    replay, names = rule_preview.replay_of(found), school.names({one["choices"][0] for one in some if one["choices"]})
    return [_line(one, kept[one["_id"]], replay, names) for one in some], following


def _line(found: Mapping[str, Any], kept: Mapping[str, Any], replay: Replay, names: Mapping[str, str]) -> Shown:
    same = found.get("decided_at") == kept["decided_at"]
    before, after = replay.words(found) if same else ([], [])
    return {
        "id": str(found["_id"]),
        "receipt": found.get("receipt", ""),
        "school_zh": names[found["choices"][0]] if found["choices"] else "",
        "before": _side(kept["before"], before),
        "after": _side(kept["after"], after),
        "decided_since": not same,
    }


def _side(standing: str, decisions: Sequence[Decision]) -> Shown:
    numbers = dict.fromkeys(number for one in decisions for number in eligibility.articles(one))
    return {
        "standing": standing,
        "standing_zh": standing_zh(standing),
        "rule_numbers": list(numbers),
        "why_zh": " ".join(one.why_zh for one in decisions),
    }


def sheet(actor: Staff, round_code: str, preview_id: ObjectId) -> list[list[Any]]:
    """Return the numbers of a preview as lines of a workbook, as far as the actor may see them; it names nobody.

    Raises:
        NotAllowed: no role of the actor tries rules.
        NotFound: no such preview of the round, or it has not looked at all applications.
    """
    told = shown(actor, round_code, preview_id)
    if told["state"] != "done":
        raise NotFound
    rows = [["梯次", "", one["before_zh"], one["after_zh"], _number(one["count"]), ""] for one in told["tiers"]]
    rows += [["汇总", one["change_zh"], "", "", _number(one["count"]), ""] for one in told["changes"]]
    rows += [["优先级", one["change_zh"], "", "", _number(one["count"]), ""] for one in told["priorities"]]
    rows += [["未参加比较", one["why_zh"], "", "", _number(one["count"]), ""] for one in told["apart"]]
    rows += [["缺少数据", one["zh"], "", one["why_zh"], _number(one["count"]), ""] for one in told["open_facts"]]
    for one in told.get("schools", ()):
        rows.append(["第一志愿合计", one["school_zh"], one["before"], one["after"], "", one["places"]])
        rows += [
            [f"第一志愿第 {tier['tier']} 梯次", one["school_zh"], tier["before"], tier["after"], "", ""]
            for tier in one["tiers"]
        ]
    return rows


def _number(count: int | None) -> int | str:
    return SMALL_ZH if count is None else count
