"""What an item's rule may read of a line: what the town claimed, and what the registers said that is in the store.

claim.area_mu  claim.months  claim.quantity  claim.amount_fen     from the sheet
person.age  person.birth_date                                     from the ID number
household.division, status.disability … (`facts_for.MEANINGS`)    from the registers
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from backend import clock
from backend.identity_documents import IdentityDocument, age_on
from models.onecard.facts_for import MEANINGS
from models.registers.fact import Stated
from models.registers.source import SOURCES, giving
from models.rules.facts import Fact, Known, Missing

NAMES = ("claim.area_mu", "claim.months", "claim.quantity", "claim.amount_fen", "person.age", "person.birth_date")
CLAIMED = "乡镇填报"
DOCUMENT = "身份证号码"


def register_kinds(names: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of register facts that facts with these names are read from."""
    return tuple(sorted({MEANINGS[name].kind for name in names if name in MEANINGS}))


def told(
    names: Iterable[str],
    row: Mapping[str, Any],
    document: IdentityDocument | None,
    stated: Mapping[str, Sequence[Stated]],
    day: date,
) -> dict[str, Fact]:
    """Return the facts with these names about one line, each known or missing with the reason and whose it is."""
    return {name: _one(name, row, document, stated, day) for name in names}


def _one(
    name: str,
    row: Mapping[str, Any],
    document: IdentityDocument | None,
    stated: Mapping[str, Sequence[Stated]],
    day: date,
) -> Fact:
    if name.startswith("claim."):
        return _claimed(name.removeprefix("claim."), row)
    if name.startswith("person."):
        return _of_document(name, document, day)
    return _of_register(name, stated)


def _claimed(name: str, row: Mapping[str, Any]) -> Fact:
    if name == "amount_fen":
        return Known(row["amount_fen"], CLAIMED)
    value = row.get("facts", {}).get(name)
    return Missing("名单中没有填写", "乡镇") if value is None else Known(Fraction(value), CLAIMED)


def _of_document(name: str, document: IdentityDocument | None, day: date) -> Fact:
    birth = document.birth_date if document else None
    if birth is None or birth > day:
        return Missing("证件上没有出生日期", "乡镇")
    return Known(age_on(birth, day), DOCUMENT) if name == "person.age" else Known(birth, DOCUMENT)


def _of_register(name: str, stated: Mapping[str, Sequence[Stated]]) -> Fact:
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Missing("没有这项信息的来源", "主管部门")
    sources = giving(meaning.kind)
    unit = SOURCES[sources[0]].unit_zh if sources else "登记部门"
    found = [one for one in stated.get(meaning.kind, ()) if one.trust == "authoritative"]
    if not found:
        return Missing("尚未向登记部门核对", unit)
    one = found[0]
    if one.disputed:
        return Missing("本人对这项登记提出了异议,正在核实", unit)
    if one.absent:
        return Missing("登记中没有记录", unit) if meaning.silent is None else Known(meaning.silent, unit, _day(one))
    return Known(meaning.read(one.value), f"{unit}{SOURCES[one.source].zh}", _day(one))


def _day(one: Stated) -> str:
    return clock.civil(one.fetched_at).date().isoformat()
