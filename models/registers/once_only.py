"""Once only: a form asks for no fact that a register has.

A form names its fields by kind of fact. Those that a register answers are filled in, with source and date; the rest are
asked for, each with the reason. A form that would ask all the same is told so, at its making and at its use.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bson import ObjectId

from backend import clock
from backend.errors import Unprocessable
from models.registers import ask_many, fact, fact_views, fetch, settle
from models.registers.fact import Stated
from models.registers.fact_kind import KINDS
from models.registers.source import SOURCES, giving
from models.registers.subject import Subject

Reason = Literal["no_register", "no_record", "not_known", "disputed", "stale"]
REASON_ZH: dict[Reason, str] = {
    "no_register": "没有部门登记这一项,请填写。",
    "no_record": "登记部门没有您的这项记录,请填写。",
    "not_known": "登记部门的系统暂时没有响应,请填写,工作人员会核对。",
    "disputed": "您对这项登记信息提出了异议,核实前请填写您认为正确的内容。",
    "stale": "登记部门的系统中断较久,请填写,工作人员会核对。",
}
STALE_AFTER = 3
"""A value that is older than so many times its source's time of freshness does not spare the question any more."""


class AskedForKnown(Unprocessable):
    """422: the form asks for what a register has; the fields say which and where."""

    code = "asked_for_known_fact"
    zh = "表单要求填写登记部门已有的信息,按“一次告知、免填免交”的规定不得再要求填写。"
    en = "The form asks for what a register has. It must not ask again."


@dataclass(frozen=True)
class Prefilled:
    """A field that nobody fills in: `facts` are what a register says, `contradicted` when another says otherwise."""

    kind: str
    facts: tuple[Stated, ...] = field(repr=False)
    rule: str
    contradicted: bool

    @property
    def value(self) -> Any:
        """Return the value, for `many` kinds the list of them."""
        values = [dict(one.value) for one in self.facts]
        return values if KINDS[self.kind].many else values[0]


@dataclass(frozen=True)
class Ask:
    """A field that the person fills in, and why."""

    kind: str
    reason: Reason

    @property
    def reason_zh(self) -> str:
        """Return the reason for the person."""
        return REASON_ZH[self.reason]


def prefill(
    person_id: ObjectId, kinds: Sequence[str], *, seconds: float = fetch.SCREEN_SECONDS
) -> list[Prefilled | Ask]:
    """Return for each kind what a register says, or that the person is to be asked.

    Registers whose answer is not fresh are asked first, as far as the screen's `seconds` go; what they do not answer
    in that time is taken as known before, or asked for.
    """
    about = Subject(person=person_id)
    sources = list(dict.fromkeys(code for kind in kinds if kind in KINDS for code in giving(kind)))
    ask_many.several(sources, about, seconds=seconds)
    return known(about, kinds)


def known(about: Subject, kinds: Sequence[str]) -> list[Prefilled | Ask]:
    """Return the same from what is stored, asking nobody."""
    wanted = [kind for kind in kinds if kind in KINDS]
    held = fact.current(about, wanted, clock.today().isoformat())
    return [_field(kind, [one for one in held if one.kind == kind]) for kind in kinds]


def _field(kind: str, held: Sequence[Stated]) -> Prefilled | Ask:
    if kind not in KINDS or not giving(kind):
        return Ask(kind, "no_register")
    choice = settle.choose(kind, held)
    if not choice.chosen:
        return Ask(kind, "no_record" if choice.rule == "no_record" else "not_known")
    if any(one.disputed for one in choice.chosen):
        return Ask(kind, "disputed")
    if any(_too_old(one) for one in choice.chosen):
        return Ask(kind, "stale")
    return Prefilled(kind, choice.chosen, choice.rule, choice.contradicted)


def _too_old(one: Stated) -> bool:
    return bool(one.fetched_at + SOURCES[one.source].fresh * STALE_AFTER < clock.now())


def require_not_asked(person_id: ObjectId, asked: Iterable[str]) -> None:
    """Check that a form does not ask this person for what a register has.

    Raises:
        AskedForKnown: it does; each field names the register and the date.
    """
    found = known(Subject(person=person_id), list(asked))
    told = {one.kind: [_where(one)] for one in found if isinstance(one, Prefilled)}
    if told:
        raise AskedForKnown(fields=told)


def _where(one: Prefilled) -> str:
    stated = one.facts[0]
    source, day = SOURCES[stated.source], clock.civil(stated.fetched_at).date()
    return f"{KINDS[one.kind].zh}已由{source.unit_zh}{source.zh}提供({day.isoformat()}查询),不必填写。"


def require_askable(fields: Mapping[str, bool]) -> None:
    """Check the design of a form: kinds of facts by whether the field is asked for only where no register answers.

    Raises:
        AskedForKnown: a field always asks for what a register may have.
    """
    told = {}
    for kind, only_if_missing in fields.items():
        sources = giving(kind)
        if sources and not only_if_missing:
            told[kind] = [f"{SOURCES[sources[0]].zh}提供这一项,表单只能在登记部门没有记录时询问。"]
    if told:
        raise AskedForKnown(fields=told)


def shown(one: Prefilled | Ask, *, whole: bool = False) -> dict[str, Any]:
    """Return a field as a form shows it."""
    zh = KINDS[one.kind].zh if one.kind in KINDS else one.kind
    if isinstance(one, Ask):
        return {"kind": one.kind, "kind_zh": zh, "ask": True, "reason": one.reason, "reason_zh": one.reason_zh}
    facts = [fact_views.shown(stated, whole=whole) for stated in one.facts]
    return {"kind": one.kind, "kind_zh": zh, "ask": False, "facts": facts, "contradicted": one.contradicted}
