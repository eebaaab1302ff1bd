"""The elder of a row: which columns name one, and finding those of a whole sheet with a few queries.

A fact that came by a sheet has a key of elder, unit and what it is about, so that the same sheet again changes nothing.
Who is not in the unit's care is told like who is not known at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend import identity_documents
from backend.errors import Conflict
from backend.identity_documents import BadDocument
from backend.sheets.columns import Column
from backend.sheets.values import CellWrong
from models.eldercare import enter, source, subject, view
from models.eldercare.reader import Reader
from models.identity import person
from models.identity.actors import Staff

AT_A_TIME = 500
NOT_YOURS = "本单位没有照护这位老人,或姓名与证件不符;请核对,或先建立健康档案。"
WITHDRAWN = "这条内容此前已录入并被撤回,不会重新写入;确需恢复的请单条录入。"
DIFFERS = "本单位已录入同一事项且内容不同,请在原记录上更正。"


class FactStands(Conflict):
    """409: the unit told the same thing before, in other words."""

    code = "health_fact_stands"
    zh = DIFFERS
    en = "Your unit told this before, with another content. Correct that instead."


def _number(text: str) -> str:
    try:
        return identity_documents.parse("resident_id", text).number
    except BadDocument as wrong:
        raise CellWrong(wrong.message()) from None


NUMBER = Column(
    "number", "身份证号码", "code", required=True, aliases=("证件号码", "身份证号"), read=_number, personal=True,
    example="360731194803120025",
)  # fmt: skip
NAME = Column("name", "姓名", required=True, aliases=("老人姓名",), most=40, personal=True, example="张桂英")
SOURCE = Column(
    "source", "来源", "choice", help="不填为本单位自己的来源。", example="村卫生室",
    choices={source.zh(kind): kind for kind in sorted({one for told in enter.TELLS.values() for one in told})},
)  # fmt: skip


def readers(actor: Staff, rows: Sequence[Mapping[str, Any]]) -> Iterator[Reader | None]:
    """Return for each row the actor as the reader of its elder; None where no unit of theirs cares for such a one."""
    for start in range(0, len(rows), AT_A_TIME):
        yield from _some(actor, rows[start : start + AT_A_TIME])


def _some(actor: Staff, rows: Sequence[Mapping[str, Any]]) -> list[Reader | None]:
    papers = [identity_documents.parse("resident_id", one["number"]) for one in rows]
    persons = person.ids_of(set(papers))
    known, subjects = person.several(list(persons.values())), subject.by_person(persons.values())
    reached = actor.units_for(enter.OPERATION)
    told: list[Reader | None] = []
    for row, paper in zip(rows, papers, strict=True):
        person_id = persons.get(paper)
        found = subjects.get(person_id) if person_id else None
        mine = found and (reached is None or {one["unit"] for one in found["units"]} & reached)
        same = mine and person_id and person.same_name(known[person_id].name, row["name"])
        told.append(view.caring(actor, found, enter.OPERATION) if found and same else None)
    return told
