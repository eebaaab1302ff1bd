"""Which value counts where sources say different things: all are kept, one is chosen by a rule that is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from backend import clock
from models.registers import fact
from models.registers.catalogue import EVERY_KIND, EVERY_SOURCE
from models.registers.fact import Stated
from models.registers.source import TRUST_ORDER
from models.registers.subject import Subject

Rule = Literal["unknown", "no_record", "only_source", "agreed", "more_trusted", "stated_later", "source_order", "all"]
RULE_ZH: dict[Rule, str] = {
    "unknown": "尚未查询登记部门",
    "no_record": "登记部门没有记录",
    "only_source": "只有一个部门登记",
    "agreed": "各部门登记一致",
    "more_trusted": "以权威登记为准",
    "stated_later": "以登记日期较晚的为准",
    "source_order": "同等效力,按部门顺序取用",
    "all": "全部登记",
}
_ORDER = list(EVERY_SOURCE)


@dataclass(frozen=True)
class Settled:
    """What counts of a kind of fact: one value, or for `many` kinds all of them. `others` were not chosen."""

    kind: str
    chosen: tuple[Stated, ...]
    rule: Rule
    others: tuple[Stated, ...] = ()
    contradicted: bool = False

    @property
    def value(self) -> Mapping[str, Any] | None:
        """Return the value of a kind that has one, None where nothing is known."""
        return self.chosen[0].value if self.chosen else None


def settled(subject: Subject, kind: str, *, day: str = "", known_at: datetime | None = None) -> Settled:
    """Return what counts of a kind on a day (today when none is given), as it was known at a moment."""
    return choose(kind, fact.as_of(subject, kind, day or clock.today().isoformat(), known_at=known_at))


def choose(kind: str, stated: Sequence[Stated]) -> Settled:
    """Choose among what holds of one kind."""
    present = [one for one in stated if not one.absent]
    if not present:
        return Settled(kind, (), "no_record" if stated else "unknown", tuple(stated))
    if EVERY_KIND[kind].many:
        return Settled(kind, tuple(present), "all")
    first, *others = sorted(present, key=_rank)
    absent = tuple(one for one in stated if one.absent)
    if not others:
        return Settled(kind, (first,), "only_source", absent)
    differing = [one for one in others if not alike(first.value, one.value)]
    rule = _rule(first, differing[0]) if differing else "agreed"
    return Settled(kind, (first,), rule, (*others, *absent), bool(differing))


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two values agree in all that both of them state."""
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _rank(one: Stated) -> tuple[int, int, int]:
    """Sort by trust, then the later statement, then the order of the sources; days compare as numbers."""
    day = int((one.stated_on or "0").replace("-", ""))
    return TRUST_ORDER.index(one.trust), -day, _ORDER.index(one.source)


def _rule(first: Stated, other: Stated) -> Rule:
    if first.trust != other.trust:
        return "more_trusted"
    return "stated_later" if first.stated_on != other.stated_on else "source_order"
