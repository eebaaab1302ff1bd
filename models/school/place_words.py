"""Why a district, as somebody may read it: a reason that names street and house stands only beside the address itself.

An address of the registers is whole for the person whom it is about (and for their child's) from `verified` on; an
address that a family wrote down is whole for who reads its form. Nobody else is told the house, and nothing stores it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bson import ObjectId

from models.identity import levels
from models.identity.actors import Resident
from models.school import fact_rows
from models.school.basis import Basis
from models.school.child_facts import Gathered
from models.school.locate import Located

NAMES_HOUSE = {
    "house_number": "按该地址的门牌划定学区,门牌不完整显示。",
    "none": "该地址没有找到对应的学区,须由工作人员核实后确定。",
}
"""What stands for a reason that names street and house, by how the district was found."""


def readable(known: Gathered, resident: Resident | None) -> frozenset[ObjectId]:
    """Return the entries of registers whose address a guardian reads whole; on a clerk's screen there are none."""
    if resident is None or not levels.reaches(resident.document["level"], "verified"):
        return frozenset()
    near = (known.told.child.id, resident.person_id)
    return frozenset(stated.id for _, stated in fact_rows.entries(known.told) if stated.subject.person in near)


def for_reader(one: Basis, clear: Collection[ObjectId]) -> Located:
    """Return where a basis lies, with the reason as it stands for who reads the addresses of `clear` whole."""
    if one.fact_id is None or one.fact_id in clear:
        return one.located
    return replace(one.located, why_zh=masked(one.located.how, one.located.why_zh))


def masked(how: str, why_zh: str) -> str:
    """Return a reason without street and house."""
    return NAMES_HOUSE.get(how, why_zh)


def stored(basis: Mapping[str, Any]) -> str:
    """Return the reason that an application keeps of its district."""
    return masked(basis.get("how", ""), basis.get("why_zh", ""))
