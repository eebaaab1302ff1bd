"""What the registers say of one person for the rules: asked as far as one consents and waits, then read once."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from bson import ObjectId

from backend import clock
from models.identity import consent
from models.registers import ask_many, fact, forget, inquiry, settle, timeline
from models.registers.fact import Stated
from models.registers.source import SOURCES, giving
from models.registers.subject import Subject

Reason = Literal[
    "no_answer",
    "asking",
    "not_connected",
    "stale",
    "not_asked",
    "no_consent",
    "no_record",
    "not_renewed",
    "disputed",
    "contradicted",
    "not_matched",
    "not_askable",
    "no_birth",
]
REASON_ZH: dict[Reason, str] = {
    "no_answer": "登记部门的系统暂时没有响应",
    "asking": "正在向登记部门查询",
    "not_connected": "登记部门的系统尚未接入",
    "stale": "登记部门的系统中断较久,上次查询的结果已过期",
    "not_asked": "身份尚未核验,没有向登记部门查询",
    "no_consent": "本人尚未同意向登记部门核对优待资格",
    "no_record": "本县登记中没有记录",
    "not_renewed": "登记的有效期在这一天之前届满,尚未更新",
    "disputed": "本人对这项登记提出了异议,正在核实",
    "contradicted": "不同部门的登记不一致",
    "not_matched": "登记的姓名或出生日期与本人不一致",
    "not_askable": "该证件种类不能查询这项登记",
    "no_birth": "证件上没有出生日期",
}
UNANSWERED: frozenset[Reason] = frozenset({"no_answer", "asking", "not_connected", "stale"})
"""The register may know it and has not said it."""
STALE_AFTER = 3
"""An answer that is older than so many times its register's time of freshness proves nothing any more."""
_OF_RESULT: dict[str, Reason] = {
    "asking": "asking",
    "away": "no_answer",
    "not_connected": "not_connected",
    "not_askable": "not_askable",
    "not_matched": "not_matched",
}


class RegisterAnswers:
    """What the registers say of one person: those that keep `asked` kinds are asked, then these and `read` are read.

    Where a law makes asking a duty (`statutory`), no consent is looked for.
    """

    def __init__(
        self,
        person_id: ObjectId,
        asked: Iterable[str],
        *,
        read: Iterable[str] = (),
        day: date,
        seconds: float,
        statutory: bool = False,
    ) -> None:
        about, self.day, wanted = Subject(person=person_id), day, list(dict.fromkeys(asked))
        sources = list(dict.fromkeys(keeper(kind) for kind in wanted))
        self.refused = set() if statutory else _refused(person_id, sources)
        askable = [code for code in sources if code not in self.refused]
        held, now = inquiry.of(about), clock.now()
        stale = [code for code in askable if not inquiry.is_fresh(held.get(code), now)]
        told = ask_many.several(stale, about, seconds=seconds) if stale else []
        self.results = {one.source: one.result for one in told}
        self.refused |= set() if statutory else _taken_back(person_id, askable)
        kinds = list(dict.fromkeys([*wanted, *read]))
        self.rows = [fact.opened(row) for row in fact.rows_of(about, kinds)] if kinds else []
        held = inquiry.of(about) if stale else held
        self.outcomes = {code: one.get("outcome") for code, one in held.items()}

    def choice(self, kind: str) -> settle.Settled:
        """Return what counts of a kind on the day, by the named rule of `settle`."""
        rows = [one.row for one in self.rows if one.kind == kind]
        held = {row["_id"] for row in timeline.holding(rows, self.day.isoformat())}
        return settle.choose(kind, [one for one in self.rows if one.id in held])

    def lapsed(self, kind: str) -> Stated | None:
        """Return the last entry of a kind that ran out before the day and that nothing has followed."""
        gone = [one for one in self.rows if one.kind == kind and one.row.get("open") and not one.absent]
        return next((one for one in reversed(gone) if one.valid_to and one.valid_to < self.day.isoformat()), None)

    def silence(self, kind: str) -> Reason:
        """Return why nothing is known of a kind."""
        return _OF_RESULT.get(self.results.get(keeper(kind), ""), "no_record")

    def barred(self, kind: str) -> Reason | None:
        """Return why what is stored of a kind does not count: no consent, or the register means somebody else."""
        source = keeper(kind)
        if source in self.refused:
            return "no_consent"
        return "not_matched" if self.outcomes.get(source) == "not_matched" else None


def _refused(person_id: ObjectId, sources: list[str]) -> set[str]:
    may = {one: consent.holds(person_id, one) for one in {SOURCES[code].consent for code in sources}}
    return {code for code in sources if not may[SOURCES[code].consent]}


def _taken_back(person_id: ObjectId, asked: list[str]) -> set[str]:
    """Return what was asked while its consent was withdrawn, and forget it: the forgetting may have come before it."""
    late = _refused(person_id, asked)
    for purpose in {SOURCES[code].consent for code in late}:
        forget.forget(person_id, purpose)
    return late


def keeper(kind: str) -> str:
    """Return the register that keeps a kind of fact by law."""
    return giving(kind)[0]


def too_old(stated: Stated) -> bool:
    """Tell whether a register's word proves nothing any more."""
    return bool(stated.fetched_at + SOURCES[stated.source].fresh * STALE_AFTER < clock.now())


def looked_since(stated: Stated) -> bool:
    """Tell whether the register still said the same after the entry had run out, so that it was not renewed."""
    return bool(stated.valid_to and clock.civil(stated.fetched_at).date().isoformat() > stated.valid_to)
