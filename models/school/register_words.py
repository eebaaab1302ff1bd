"""What the registers say of one person of a family that enrols a child: entries, a sure "none", or why nobody knows.

The registers are asked as a duty of the law on compulsory education (purpose `school_enrolment`), so no consent is
looked for here; a screen that a parent opened asks for theirs first. What is disputed, contradicted, run out or too old
counts as not known, so that nobody is turned away by a doubtful entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bson import ObjectId

from models.onecard.register_answers import REASON_ZH, RegisterAnswers, keeper, looked_since, too_old
from models.registers.fact import Stated
from models.registers.fact_kind import KINDS
from models.registers.source import SOURCES
from models.rules.facts import Missing

WHY_ZH: dict[str, str] = {
    **{str(why): zh for why, zh in REASON_ZH.items()},
    "not_asked": "尚未向登记部门查询",
    "disputed": "家长对这项登记提出了异议,正在核实",
    "no_register": "没有部门登记这一项,请家长说明并由工作人员核实",
    "no_guardian": "尚不知道该儿童的监护人",
    "near_border": "该地址无法自动确定学区,须工作人员核实",
    "by_hand": "该地址由家长填写,须工作人员核实",
    "two_households": "户籍登记中该儿童同时在两户,须公安机关核实",
}
LOCAL = ("household.", "residence.", "property.", "business.", "social_insurance.")
"""What counts only in this county, and whose register is whole: that it has none is an answer."""


@dataclass(frozen=True)
class Word:
    """What is said of one kind: entries that count, those that are in doubt, and why more is not known."""

    stated: tuple[Stated, ...] = ()
    doubtful: tuple[Stated, ...] = ()
    why: str = ""
    lapsed: bool = False

    @property
    def one(self) -> Stated | None:
        """Return the entry of a kind that has one."""
        return self.stated[0] if self.stated else None


class Words:
    """The words of all registers on one person; those that keep `kinds` are asked, for at most `seconds`."""

    def __init__(
        self, person_id: ObjectId, kinds: Sequence[str], *, day: date, seconds: float, ask: bool = True
    ) -> None:
        self.person_id, self.kinds = person_id, tuple(dict.fromkeys(kinds))
        asked, read = (self.kinds, ()) if ask else ((), self.kinds)
        self._answers = RegisterAnswers(person_id, asked, read=read, day=day, seconds=seconds, statutory=True)
        self._ask = ask

    def of(self, kind: str) -> Word:
        """Return what is said of a kind."""
        if kind not in self.kinds:
            return Word(why="not_asked")
        if barred := self._answers.barred(kind):
            return Word(why=barred)
        choice = self._answers.choice(kind)
        if not choice.chosen:
            return self._none(kind, sure=choice.rule == "no_record", absent=choice.others)
        if choice.contradicted and choice.rule != "more_trusted":
            return Word(doubtful=choice.chosen, why="contradicted")
        good = tuple(one for one in choice.chosen if not one.disputed and not too_old(one))
        doubtful = tuple(one for one in choice.chosen if one not in good)
        why = "" if not doubtful else "disputed" if any(one.disputed for one in doubtful) else "stale"
        return Word(good, doubtful, why)

    def _none(self, kind: str, *, sure: bool, absent: Sequence[Stated]) -> Word:
        if gone := self._answers.lapsed(kind):
            renewed_unknown = not looked_since(gone)
            return Word(doubtful=(gone,), why="not_renewed" if renewed_unknown else "", lapsed=not renewed_unknown)
        if sure and kind.startswith(LOCAL):
            return Word(why="stale" if any(map(too_old, absent)) else "")
        if sure:
            return Word(why="no_record")
        silence = self._answers.silence(kind)
        return Word(why="not_asked" if silence == "no_record" else silence)


def missing(kind: str, why: str) -> Missing:
    """Return why a fact that is read from a kind is not known, and whose it is."""
    return Missing(WHY_ZH[why], SOURCES[keeper(kind)].unit_zh if kind in KINDS else "家长")
