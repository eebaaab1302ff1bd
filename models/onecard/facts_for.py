"""What the rules may read of a person: each fact known with its source and day, or missing with the reason and whose.

A register is asked only under the consent that it needs, about a person who is surely the one meant, and only while its
answer is not fresh. That a register is silent proves nothing where people come from elsewhere: a veteran of another
county stands in that county's register. What is disputed, contradicted or out of date counts as missing, so that a
document decides and nobody is turned away by a doubtful entry.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock
from models.identity import levels, person
from models.identity.person import Known as Person
from models.onecard.register_answers import REASON_ZH, Reason, RegisterAnswers, keeper, looked_since, too_old
from models.registers import fetch, settle
from models.registers.fact import Stated
from models.registers.source import SOURCES
from models.rules.facts import Fact, Known, Missing

Value = Mapping[str, Any]


@dataclass(frozen=True)
class Meaning:
    """How a fact of the rules is read from one kind of register fact.

    `lapsed` is what an entry says that has run out, `silent` what follows from a register that has none: None for
    nothing.
    """

    kind: str
    read: Callable[[Value], Any]
    zh: str
    lapsed: Any = None
    silent: Any = None


MEANINGS = {
    "status.veteran": Meaning("status.veteran", lambda _: True, "退役军人优待证", lapsed=False),
    "status.disability": Meaning("status.disability", lambda _: True, "残疾人证", lapsed=False),
    "disability.grade": Meaning("status.disability", lambda v: v["grade"], "残疾等级"),
    "disability.kind": Meaning("status.disability", lambda v: v["kind"], "残疾类别"),
    "status.subsistence": Meaning("status.subsistence", lambda _: True, "低保、特困待遇", lapsed=False),
    "subsistence.kind": Meaning("status.subsistence", lambda v: v["kind"], "救助类别"),
    "status.student": Meaning("status.student", lambda _: True, "在校学籍", lapsed=False),
    "student.stage": Meaning("status.student", lambda v: v["stage"], "就读学段"),
    "status.serving_military": Meaning("status.serving_military", lambda v: v["serving"], "现役军人", lapsed=False),
    "household.division": Meaning("household.address", lambda v: v.get("village_code"), "户籍所在村", silent=""),
    "residence.permit": Meaning("residence.permit", lambda _: True, "居住证", lapsed=False, silent=False),
}
"""The registers of household and residence are the county's own and whole: whoever lives here stands in one of them."""
AGE, BIRTH = "person.age", "person.birth_date"
FACT_ZH = {AGE: "年龄", **{name: one.zh for name, one in MEANINGS.items()}}


@dataclass(frozen=True)
class Gathered:
    """The facts of a person on a day. `declared` were only stated by somebody; `ids` are the register's rows."""

    facts: dict[str, Fact] = field(default_factory=dict, repr=False)
    why: dict[str, Reason] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)


def gather(
    person_id: ObjectId,
    names: Iterable[str],
    *,
    day: date,
    sure: bool = True,
    seconds: float = fetch.SCREEN_SECONDS,
) -> Gathered:
    """Return the facts with these names, asking registers for at most `seconds`.

    Without `sure` the person is only said to be this one: no register is asked or believed about them.

    Raises:
        NotFound: no such person.
    """
    known, wanted = person.read(person_id), list(dict.fromkeys(names))
    sure = sure and levels.reaches(known.level, "matched")
    told = _Told(known, day, _registers(person_id, wanted, day, seconds) if sure else None)
    for name in wanted:
        told.take(name)
    return Gathered(told.facts, told.why, frozenset(told.declared), told.ids)


def _registers(person_id: ObjectId, names: list[str], day: date, seconds: float) -> RegisterAnswers:
    asked = [MEANINGS[name].kind for name in names if name in MEANINGS]
    return RegisterAnswers(person_id, asked, read=[BIRTH] if AGE in names else [], day=day, seconds=seconds)


@dataclass
class _Told:
    known: Person
    day: date
    registers: RegisterAnswers | None
    facts: dict[str, Fact] = field(default_factory=dict)
    why: dict[str, Reason] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, name: str) -> None:
        """Add one fact."""
        if name == AGE:
            self._age()
        elif self.registers is None:
            self._lacks(name, "not_asked")
        else:
            self._of_register(name, MEANINGS[name], self.registers)

    def _lacks(self, name: str, why: Reason) -> None:
        meaning = MEANINGS.get(name)
        unit = SOURCES[keeper(meaning.kind)].unit_zh if meaning else "本人"
        self.facts[name], self.why[name] = Missing(REASON_ZH[why], unit), why

    def _age(self) -> None:
        """Take the age from the document; a household register that says another birth date leaves it open."""
        age = self.known.age(self.day)
        if age is None:
            self._lacks(AGE, "no_birth")
            return
        if self.registers is None:
            self.declared.add(AGE)
        else:
            choice = self.registers.choice(BIRTH)
            if choice.chosen and choice.chosen[0].disputed:
                self._lacks(AGE, "disputed")
                return
            if choice.chosen and _says_another(choice.chosen[0], self.known):
                self._lacks(AGE, "contradicted")
                return
            self.ids[AGE] = tuple(str(one.id) for one in choice.chosen)
        method = levels.LEVEL_ZH[self.known.level if self.registers else "declared"]
        self.facts[AGE] = Known(age, f"身份证件({method})", clock.today().isoformat())

    def _of_register(self, name: str, meaning: Meaning, registers: RegisterAnswers) -> None:
        if barred := registers.barred(meaning.kind):
            self._lacks(name, barred)
            return
        choice = registers.choice(meaning.kind)
        stated = choice.chosen[0] if choice.chosen else registers.lapsed(meaning.kind)
        if stated is None:
            self._silent(name, meaning, registers, choice)
        elif stated.disputed:
            self._lacks(name, "disputed")
        elif too_old(stated):
            self._lacks(name, "stale")
        elif choice.contradicted and choice.rule != "more_trusted":
            self._lacks(name, "contradicted")
        elif choice.chosen:
            self._knows(name, meaning.read(stated.value), stated)
        elif meaning.lapsed is None or not looked_since(stated):
            self._lacks(name, "not_renewed")
        else:
            self._knows(name, meaning.lapsed, stated)

    def _silent(self, name: str, meaning: Meaning, registers: RegisterAnswers, choice: settle.Settled) -> None:
        why = registers.silence(meaning.kind)
        if choice.rule == "no_record" and meaning.silent is not None and why == "no_record":
            self._knows(name, meaning.silent, choice.others[0])
        else:
            self._lacks(name, why)

    def _knows(self, name: str, value: Any, stated: Stated) -> None:
        source, day = SOURCES[stated.source], clock.civil(stated.fetched_at).date()
        self.facts[name] = Known(value, f"{source.unit_zh}{source.zh}", day.isoformat())
        self.ids[name] = (str(stated.id),)


def _says_another(stated: Stated, known: Person) -> bool:
    if stated.trust != "authoritative" or known.birth is None:
        return False
    return bool(stated.value["birth"] != known.birth.isoformat())
