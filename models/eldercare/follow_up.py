"""A follow-up visit (随访): what was measured and asked, what the rule makes of it, and when the next visit is due.

    continue        target reached: next visit after some months
    adjust          not reached, or a side effect: change the treatment, see again in two weeks
    refer           not reached twice in a row, or a new complication: refer, ask within two weeks
    refer_at_once   a danger sign: refer now, ask within two weeks

Measurements, record, the programme's next day and what somebody has to act on are one transaction. Source:
国家基本公共卫生服务规范(第三版); its figures are rules and parameters.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.eldercare import codes, enter, finding, observation, programme, record, subject, view
from models.eldercare.finding import Found
from models.eldercare.observation import Measured
from models.eldercare.source import Source
from models.identity.actors import Staff
from models.rules import evaluate, parameters
from models.rules.decision import Decision
from models.rules.facts import Fact, Known

OPERATION = "health.work"
DECISION_ZH = {
    "continue": "控制满意,继续目前的治疗",
    "adjust": "控制不满意或有不良反应,请调整治疗",
    "refer": "连续未达标或有新的并发症,请转诊",
    "refer_at_once": "有危险情况,请立即转诊",
}
SEVERITY = {"refer": "attention", "refer_at_once": "urgent"}
SIGNS = {"danger": "有危险症状", "complication": "有新的并发症或加重", "side_effects": "有药物不良反应"}
LONGEST_GAP = timedelta(days=30)


class VisitIncomplete(Unprocessable):
    """422: the rule cannot say how the visit went; `fields` names what is missing."""

    code = "health_visit_incomplete"
    zh = "还缺{missing_zh},请补充后再登记随访。"
    en = "What the rule needs is missing. Measure it and enter the visit again."


class VisitTooOld(Unprocessable):
    """422: the visit lies too far back, or before the one that was entered last."""

    code = "health_visit_too_old"
    zh = "随访时间早于上次随访或已超过三十天,请核对时间。"
    en = "The visit lies before the last one, or more than thirty days back. Check its time."


@dataclass(frozen=True)
class Visit:
    """What a visit found: `values` in the quantities' own units; `signs` of `SIGNS`; `text` is the doctor's note."""

    disease: str
    at: datetime
    values: Mapping[str, float] = field(repr=False)
    signs: frozenset[str] = frozenset()
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """What the rule made of a visit, and the day of the next."""

    decision: Decision
    kind: str
    reached: bool
    next_visit: date
    sentence_zh: str


def visit(actor: Staff, subject_id: ObjectId, told: Visit) -> tuple[dict[str, Any], Outcome]:
    """Store a visit to an elder who is managed; return its record and outcome.

    Raises:
        NotFound: no such elder in the actor's reach, or not in this programme.
        ProgrammeMoved: it is only suspected, or another visit was entered at this moment.
        VisitIncomplete, VisitTooOld, MeasuredInFuture, SourceNotYours: see there.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    found = programme.live(subject_id, told.disease)
    if found["state"] != "managed":
        raise programme.ProgrammeMoved(state=found["state"], state_zh=programme.STATE_ZH[found["state"]])
    _check_time(found, told.at)
    outcome = outcome_of(reader.subject, told, unreached=found["unreached"])
    source = enter.source_of(actor, reader)
    document = _record(subject_id, told, outcome, source)
    measured = [observation.made(subject_id, one, source) for one in _measured(told)]
    change = _change(found, document, outcome, actor)
    about = f"{programme.COLLECTION}:{found['_id']}"
    line = entry.line(actor.key, "health.visit", about, unit=actor.unit, decision=outcome.kind)

    def store(session: ClientSession) -> None:
        programme.move(found, change, session)
        record.keep(document, session)
        for one in measured:
            observation.put(one, session)
        _find(document, outcome, session)
        subject.touched(subject_id, document["recorded_at"], session)
        entry.write(line, session)

    transactions.run(store)
    outbox.wake(observation.QUEUE)
    return document, outcome


def _check_time(found: Mapping[str, Any], at: datetime) -> None:
    enter.check_times(at, None)
    last = found.get("last", {}).get("at")
    if at < clock.now() - LONGEST_GAP or (last is not None and at < last):
        raise VisitTooOld


def outcome_of(elder: Mapping[str, Any], told: Visit, *, unreached: int) -> Outcome:
    """Return what the rule in force on the day of a visit makes of it; nothing is stored.

    Raises:
        VisitIncomplete: something that it needs was not told.
    """
    day = clock.civil(told.at).date()
    facts: dict[str, Fact] = {f"vital.{name}": Known(Decimal(str(value))) for name, value in told.values.items()}
    facts |= {f"visit.{name}": Known(name in told.signs) for name in SIGNS}
    facts["visit.unreached_before"] = Known(unreached)
    if "birth_year" in elder:
        facts["person.age"] = Known(day.year - elder["birth_year"])
    decision = evaluate.decide(f"health_{told.disease}_visit", facts, day=day)
    if "decision" not in decision.values:
        names = [one.removeprefix("vital.") for one in decision.missing]
        zh = "、".join(codes.zh(one) if one in codes.QUANTITIES else one for one in names) or "测量值"
        raise VisitIncomplete(missing_zh=zh, fields={"values": [f"还缺{zh}。"]})
    reached = evaluate.decide(f"health_{told.disease}_reached", facts, day=day).outcome == "yes"
    kind = str(decision.values["decision"])
    next_visit = _next(kind, day)
    zh = programme.DISEASES[told.disease]
    told_zh = "、".join(value_zh(name, value) for name, value in told.values.items())
    sentence = f"{zh}随访{told_zh},{DECISION_ZH[kind]},下次随访不晚于{next_visit.month}月{next_visit.day}日。"
    return Outcome(decision, kind, reached, next_visit, sentence)


def value_zh(name: str, value: float) -> str:
    """Return a measured value with its name and unit."""
    return f"{codes.QUANTITIES[name].zh}{value:g}{codes.QUANTITIES[name].unit_zh}"


def _next(kind: str, day: date) -> date:
    if kind == "continue":
        return months_later(day, int(parameters.value("health_visit_months", day)))
    code = "health_revisit_days" if kind == "adjust" else "health_refer_days"
    return day + timedelta(days=int(parameters.value(code, day)))


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, the last of its month where that one has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _record(subject_id: ObjectId, told: Visit, outcome: Outcome, source: Source) -> dict[str, Any]:
    content: dict[str, Any] = {
        "title_zh": f"{programme.DISEASES[told.disease]}随访",
        "value_zh": DECISION_ZH[outcome.kind],
        "sentence_zh": outcome.sentence_zh,
        "values": dict(told.values),
        "signs": sorted(told.signs),
        "next_visit": outcome.next_visit.isoformat(),
        "inputs": finding.inputs_of(outcome.decision),
    }
    content |= {"text": told.text} if told.text else {}
    made = record.made(subject_id, "visit", content, source, at=told.at)
    result = {"rule": outcome.decision.rule, "rule_version": outcome.decision.version, "decision": outcome.kind}
    return made | {"result": result}


def _measured(told: Visit) -> list[Measured]:
    panels = {name: code for code, (_, _, parts) in codes.PANELS.items() for name in parts}
    grouped: dict[str, dict[str, tuple[float, str]]] = {}
    for name, value in told.values.items():
        grouped.setdefault(panels.get(name, name), {})[name] = (value, codes.QUANTITIES[name].unit)
    return [Measured(code, values, told.at) for code, values in grouped.items()]


def _change(found: Mapping[str, Any], document: Mapping[str, Any], outcome: Outcome, actor: Staff) -> dict[str, Any]:
    last = {"record": document["_id"], "at": document["at"], "decision": outcome.kind, "by": actor.key}
    last["reached"] = outcome.reached
    unreached = 0 if outcome.reached else found["unreached"] + 1
    told = {"next_visit": outcome.next_visit.isoformat(), "unreached": unreached, "last": last}
    return {"$set": told}


def _find(document: Mapping[str, Any], outcome: Outcome, session: ClientSession) -> None:
    """Have somebody see to a referral, in the write that asks for it."""
    if outcome.kind not in SEVERITY:
        return
    rule, version = outcome.decision.rule, outcome.decision.version
    inputs = finding.inputs_of(outcome.decision)
    severity = SEVERITY[outcome.kind]
    found = Found(rule, version, severity, outcome.sentence_zh, inputs, words=["visit"])
    key = f"{rule}:{document['_id']}"
    finding.keep(document["subject"], found, about=[document["_id"]], at=document["at"], key=key, session=session)
