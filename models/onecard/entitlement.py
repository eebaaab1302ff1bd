"""An entitlement (待遇资格): may this person have this concession on this day, how surely, and why.

    verified     the rule says yes by what registers and seen documents prove; nothing is looked at
    to_inspect   it may well be so, but somebody only stated it, or no register here can tell: show the document
    unknown      a register does not answer at present: show the document
    refused      the rule says no, the concession is not in force on that day, or does not apply at that place

Nothing is stored here. Whoever acts on an entitlement keeps its `record`, from which the same can be read again without
the registers and whatever rule holds by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from bson import ObjectId

from models.onecard import concession, facts_for
from models.onecard.concession import InForce
from models.onecard.facts_for import FACT_ZH, Gathered
from models.onecard.register_answers import REASON_ZH, UNANSWERED, Reason
from models.registers import fetch
from models.rules import evaluate
from models.rules.evaluate import Decision
from models.rules.facts import Known
from models.rules.rule_set import NotInForce

State = Literal["verified", "to_inspect", "refused", "unknown"]
STATE_ZH: dict[State, str] = {
    "verified": "已核实",
    "to_inspect": "待查验证件",
    "refused": "不符合",
    "unknown": "暂时无法核实",
}
GRANTED: frozenset[State] = frozenset({"verified", "to_inspect", "unknown"})


@dataclass(frozen=True)
class Entitlement:
    """What was found. `document` is the code of what to look at, "" where there is nothing to look at.

    `decision` is the record of the rules, {} where none was asked; `evidence` are ids of register facts.
    """

    state: State
    why_zh: str = field(repr=False)
    document: str = ""
    decision: dict[str, Any] = field(default_factory=dict, repr=False)
    evidence: tuple[str, ...] = ()
    concession: str = ""
    version: int = 0
    day: str = ""
    at: str = ""
    why: Mapping[str, Reason] = field(default_factory=dict)
    declared: tuple[str, ...] = ()

    @property
    def granted(self) -> bool:
        """Tell whether the concession is given, be it with a document to look at."""
        return self.state in GRANTED

    def record(self) -> dict[str, Any]:
        """Return all of it in a form that can be stored; it holds personal data and is to be sealed."""
        names = ("concession", "version", "day", "at", "state", "why_zh", "document", "decision")
        plain = {name: getattr(self, name) for name in names}
        return plain | {"why": dict(self.why), "declared": list(self.declared), "evidence": list(self.evidence)}


def entitled(
    person_id: ObjectId,
    code: str,
    *,
    day: date,
    at: str = "",
    sure: bool = True,
    seconds: float = fetch.SCREEN_SECONDS,
) -> Entitlement:
    """Tell whether a person may have a concession on a day, at a place where one is named.

    `sure` is False where somebody only says that this is the person: then no register is asked about them, and what
    comes of it is never `verified`. Registers are waited for at most `seconds`.

    Raises:
        ConcessionUnknown: there is no such concession.
        NotFound: no such person.
    """
    found = concession.on(code, day)
    if outside := _outside(found, day, at):
        return outside
    return judge(found, facts_for.gather(person_id, found.facts, day=day, sure=sure, seconds=seconds), day=day, at=at)


def _outside(found: InForce, day: date, at: str) -> Entitlement | None:
    """Return the refusal of a concession that does not count on this day or at this place."""
    why = ""
    if not found.holds:
        span = f"自 {found.valid_from} 起" + (f"至 {found.valid_to} 止" if found.valid_to else "施行")
        why = f"“{found.zh}”{span},{day.isoformat()} 不适用。"
    elif not found.applies_at(at):
        why = f"“{found.zh}”不适用于这个地点。"
    if not why:
        return None
    return Entitlement("refused", why, concession=found.code, version=found.version, day=day.isoformat(), at=at)


def judge(found: InForce, gathered: Gathered, *, day: date, at: str = "") -> Entitlement:
    """Return what the rule of a concession says of gathered facts; where no version of it counts, a clerk looks."""
    facts = {name: gathered.facts[name] for name in found.facts}
    try:
        decision = evaluate.decide(found.rule, facts, day=day)
    except NotInForce as lacking:
        return _without_rule(found, lacking, day, at)
    why = {name: gathered.why[name] for name in found.facts if name in gathered.why}
    declared = tuple(name for name in found.facts if name in gathered.declared)
    state = _state(decision, why, declared)
    return Entitlement(
        state,
        _why(found, state, decision, why, declared),
        found.document if state in {"to_inspect", "unknown"} else "",
        decision.record(),
        tuple(one for name in found.facts for one in gathered.ids.get(name, ())),
        concession=found.code,
        version=found.version,
        day=day.isoformat(),
        at=at,
        why=why,
        declared=declared,
    )


def _without_rule(found: InForce, lacking: NotInForce, day: date, at: str) -> Entitlement:
    why = f"{lacking.message()}使用时请出示{found.document_zh}。"
    day_text, version = day.isoformat(), found.version
    return Entitlement("unknown", why, found.document, concession=found.code, version=version, day=day_text, at=at)


def _state(decision: Decision, why: Mapping[str, Reason], declared: tuple[str, ...]) -> State:
    if decision.outcome == "no":
        return "refused"
    if decision.outcome == "yes":
        return "to_inspect" if declared else "verified"
    return "unknown" if any(why.get(name) in UNANSWERED for name in decision.missing) else "to_inspect"


def _why(found: InForce, state: State, decision: Decision, why: Mapping[str, Reason], declared: tuple[str, ...]) -> str:
    show = f"使用时请出示{found.document_zh}。"
    if state in {"verified", "refused"}:
        return decision.why_zh
    lacking = [f"{FACT_ZH[name]}:{REASON_ZH[why[name]]}" for name in decision.missing if name in why]
    stated = [f"{FACT_ZH[name]}按填报的证件计算,尚未核验" for name in declared]
    told = ";".join(dict.fromkeys(lacking or stated))
    return f"{told}。{show}" if told else show


def replay(record: Mapping[str, Any]) -> Entitlement:
    """Return the same entitlement from its record alone, the rule evaluated again as it was.

    Raises:
        ValueError: the record does not say what its own rule and facts say.
    """
    fields = {**record, "declared": tuple(record["declared"]), "evidence": tuple(record["evidence"])}
    kept = Entitlement(**fields)
    if record["decision"]:
        again = evaluate.replay(record["decision"])
        if _state(again, kept.why, kept.declared) != kept.state:
            raise ValueError(record["concession"])
    return kept


def facts_shown(gathered: Gathered, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return each fact with its source and date, or why it is missing; without its value."""
    return [_fact(name, gathered) for name in names]


def _fact(name: str, gathered: Gathered) -> dict[str, Any]:
    fact, told = gathered.facts[name], {"name": name, "name_zh": FACT_ZH[name]}
    if isinstance(fact, Known):
        return {**told, "known": True, "source_zh": fact.source, "as_of": fact.as_of}
    return {**told, "known": False, "source_zh": fact.whose, "missing_zh": fact.reason}
