"""Why did I get it, why not: a line in words, or what keeps a person without a line from one.

What is said is about the person who asks; who else stands in a list is never told.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from bson import ObjectId

from backend import runtime
from backend.errors import CityError
from backend.identity_documents import BadDocument, parse
from models.benefits import batch, claim_facts, finding, item, line, scope
from models.benefits.batch import BenefitBatch
from models.benefits.line import BenefitLine
from models.identity import person
from models.registers import fact, timeline
from models.registers.subject import Subject
from models.rules import evaluate

MOST_BATCHES = 50
_WHERE_ZH = {
    "collecting": "乡镇正在采集名单,可向村(社区)、乡镇申报",
    "checking": "名单正在核验,暂不能补报,可在公示期间提出异议",
    "checked": "名单已核验,即将公示,可在公示期间提出异议",
    "in_publicity": "名单正在公示,如认为应当享受,可在公示期内提出异议",
    "publicity_done": "公示期已满,本批次不再增加人员,可申请列入下一批次",
    "proposed": "本批次正在财政审批,不再增加人员,可申请列入下一批次",
    "approved": "本批次已批准发放,不再增加人员,可申请列入下一批次",
    "paying": "本批次正在发放,不再增加人员,可申请列入下一批次",
    "paid": "本批次已发放,可申请列入下一批次",
    "closed": "本批次已办结,可申请列入下一批次",
    "returned": "名单退回乡镇修改中,可向村(社区)、乡镇申报",
    "cancelled": "本批次已取消发放",
}
_STATE_ZH = {
    "collected": "乡镇已申报,正在等待核验。",
    "ok": "核验通过,将按程序公示、审批后发放。",
    "to_confirm": "暂未通过核验,需要核实以下情况。",
    "blocked": "本批次暂不发放,原因如下。",
    "approved": "已批准发放,即将送银行。",
    "sent": "已送银行,正在发放。",
    "paid": "已发放到您的账户。",
    "failed": "银行未能入账,请按提示更正账户信息。",
    "repaired": "账户信息已更正,等待重新发放。",
    "resent": "已重新送银行,正在发放。",
    "lapsed": "未能入账且在期限内没有更正账户,已退回资金专户。如仍应享受,请到乡镇便民服务中心申请列入下一批次。",
    "withdrawn": "乡镇已从名单中撤销此条。",
}


def of_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return in words how a line stands: state, amount, what was found, and what the rule said."""
    reasons = [_reason(one) for one in row["findings"] if "cleared_by" not in one]
    told = {
        "state": row["state"],
        "state_zh": line.STATES[row["state"]],
        "amount_fen": row["amount_fen"],
        "sentence_zh": "".join([_STATE_ZH[row["state"]], *(f"{one['zh']};{one['todo_zh']}。" for one in reasons)]),
        "reasons": reasons,
        "rule_zh": rule_in_words(row),
    }
    return told | ({"decided_fen": row["decided_fen"]} if "decided_fen" in row else {})


def _reason(one: Mapping[str, Any]) -> dict[str, Any]:
    kind = finding.KINDS[one["code"]]
    return {"code": one["code"], "zh": kind.because, "todo_zh": kind.todo, "whose_zh": finding.shown(one)["whose_zh"]}


def rule_in_words(row: Mapping[str, Any]) -> str:
    """Return why the item's rule said what it said of a line, made again from the record that was kept then."""
    if not row.get("decision"):
        return ""
    return evaluate.replay(record_of(row)).why_zh


def record_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole record of the rule's decision on a line, from which `evaluate.replay` makes it again."""
    text = runtime.current().sealer.open("benefit_lines.decision", row["_id"], row["decision"])
    return {**orjson.loads(batch.read(row["batch"])["rules"][row["rule"]]), **orjson.loads(text)}


def lines_of(person_id: ObjectId, code: str, period: str) -> list[dict[str, Any]]:
    """Return a person's lines of an item and period, the newest first; also those that no check has seen yet."""
    known = person.read(person_id)
    query = {"number_index": {"$in": _blinds(known.number)}, "item": code, "period": period}
    return list(BenefitLine._get_collection().find(query, {"outbox": 0}).sort("_id", -1).limit(MOST_BATCHES))


def _blinds(number: str) -> list[bytes]:
    return runtime.current().sealer.blinds(line.NUMBER, number)


def why(person_id: ObjectId, code: str, period: str) -> dict[str, Any]:
    """Return why a person gets, got or does not get an item in a period.

    Raises:
        NotFound: no such item.
        PeriodWrong: it is not a period of the item.
    """
    told = item.newest(code)
    item.require_period(told, period)
    rows = lines_of(person_id, code, period)
    if rows:
        shown = [{"line": str(row["_id"]), **of_line(row)} for row in rows]
        return {"in_list": True, "sentence_zh": shown[0]["sentence_zh"], "lines": shown, "rule_zh": shown[0]["rule_zh"]}
    rule = _rule_for(person_id, told, period)
    where = _where(person_id, code, period)
    return {"in_list": False, "sentence_zh": f"本期名单中没有您。{where}", "lines": [], "rule_zh": rule}


def _rule_for(person_id: ObjectId, told: Mapping[str, Any], period: str) -> str:
    """Return what the item's rule says of a person by what is in the store; nothing is asked for it."""
    day = scope.day_of(told, period)
    try:
        rule = scope.rule_of(told, day)
    except CityError as refused:
        return refused.message()
    if rule is None:
        return ""
    kinds = claim_facts.register_kinds(rule.names)
    rows = timeline.holding(fact.rows_of(Subject(person=person_id), kinds), day.isoformat()) if kinds else []
    stated: dict[str, list[fact.Stated]] = {}
    for row in rows:
        stated.setdefault(row["kind"], []).append(fact.opened(dict(row)))
    known = person.read(person_id)
    try:
        document = parse(known.kind, known.number)
    except BadDocument:
        document = None
    given = claim_facts.told([one for one in rule.names if one != "claim.amount_fen"], {}, document, stated, day)
    return rule.ask.explain(given).why_zh


def _where(person_id: ObjectId, code: str, period: str) -> str:
    """Return how far the person's town is with its list, or that nobody began one."""
    query = {"item": code, "period": period}
    shown = {"state": 1, "area": 1, "unit_zh": 1}
    found = list(BenefitBatch._get_collection().find(query, shown).sort("_id", -1).limit(MOST_BATCHES))
    live = [one for one in found if one["state"] != "cancelled"]
    if not live:
        return "各乡镇还没有建立本期的发放批次,可向村(社区)、乡镇申报。"
    town = _town(person_id)
    own = [one for one in live if town and (one.get("area") or "") == town]
    if own:
        return f"{own[0]['unit_zh']}:{_WHERE_ZH[own[0]['state']]}。"
    if town and len(live) < MOST_BATCHES:
        return "您户籍所在的乡镇还没有建立本期的发放批次,可向村(社区)、乡镇申报。"
    return f"本期{batch.STATES[live[0]['state']]};请向户籍所在的村(社区)、乡镇了解名单采集情况。"


def _town(person_id: ObjectId) -> str:
    rows = fact.rows_of(Subject(person=person_id), ["household.address"])
    for row in reversed(rows):
        if row.get("open") and not row.get("absent"):
            told = fact.opened(row).value
            return str(told.get("town_code") or (told.get("village_code") or "")[:9])
    return ""
