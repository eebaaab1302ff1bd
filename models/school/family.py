"""The family of a child as the household register shows it: who lives in it, and who they are to the child."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from backend import identity_documents
from backend.identity_documents import BadDocument
from models.identity import person
from models.identity.person import Known

ABOVE = {"child": ("parent",), "grandchild": ("head", "spouse")}
"""Who the grandparents are, by what the child is to the head of the household."""


@dataclass(frozen=True)
class Home:
    """`relation` is what the child is to the head; `grandparents` are members, as the register names them."""

    relation: str = ""
    with_guardian: bool = False
    grandparents: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


def home(child: Known, guardians: Sequence[Known], members: Sequence[Mapping[str, Any]]) -> Home:
    """Return the child's place in a household."""
    mine = next((one for one in members if one["number"] == child.number), None)
    if mine is None:
        return Home()
    theirs = {one.number for one in guardians}
    above = [
        one for one in members if one["relation"] in ABOVE.get(mine["relation"], ()) and one["number"] not in theirs
    ]
    return Home(mine["relation"], any(one["number"] in theirs for one in members), tuple(above))


def known(member: Mapping[str, Any]) -> ObjectId | None:
    """Return the person whom a register names, None for a number that is none."""
    try:
        document = identity_documents.parse("resident_id", member["number"])
    except BadDocument:
        return None
    return person.find_or_declare(document, member["name"])
