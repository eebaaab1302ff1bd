"""A basis: the household, property or residence on which a family's district rests."""

from dataclasses import dataclass, field
from typing import Literal

from bson import ObjectId

from backend import runtime
from models.registers.fact import Stated
from models.school.evidence import Asked
from models.school.locate import Located, locate

Kind = Literal["household", "property", "residence"]
KIND_ZH: dict[str, str] = {"household": "户籍", "property": "不动产", "residence": "居住证"}


@dataclass(frozen=True)
class Basis:
    """`key` names the household, certificate or permit blindly, so that it can be stored to lock it; `number` is clear.

    What a family wrote by hand has no `fact_id`, and no key unless it told a number.
    """

    kind: Kind
    fact_id: ObjectId | None
    key: str
    address: str = field(repr=False)
    village: str
    located: Located
    number: str = field(default="", repr=False)


def blind_key(kind: Kind, number: str) -> str:
    """Return the blind text under which the thing of this number is locked; the same number gives the same text."""
    plain = "".join(number.split()).upper()
    return runtime.current().sealer.blind("school_bases.key", f"{kind}:{plain}").hex() if plain else ""


def home(stated: Stated) -> Asked:
    """Return what an entry of a register tells of where a home is."""
    value = stated.value
    return Asked(str(value.get("address") or value["location"]), str(value.get("village_code", "")))


def of_entry(kind: Kind, stated: Stated, number: str, located: Located) -> Basis:
    """Return the basis of an entry of a register whose home was located."""
    at = home(stated)
    return Basis(kind, stated.id, blind_key(kind, number), at.address, at.village, located, number)


def by_hand(round_code: str, kind: Kind, address: str, *, village: str = "", number: str = "") -> Basis:
    """Return the basis that a family wrote down; nothing of it counts until a person has checked it."""
    located = locate(round_code, address=address, village=village)
    return Basis(kind, None, blind_key(kind, number), address, village, located, number)
