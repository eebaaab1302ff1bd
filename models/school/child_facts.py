"""What is known of a child who comes to school, and of its guardians: from the registers, each with source and date.

    gather(round, child, guardians, …)  →  Gathered
        bases    where the family lives or owns: household, properties, residence permits, each located in the districts
        facts    what the rules read, as it stands if no basis is chosen; `for_basis` as it stands for one
        shown    the rows that a parent sees: names masked, numbers and addresses in part

A fact that is not known is `Missing` with the reason and whose it is, never a "no" (`why_missing`). The registers of
this county are whole for household, residence, property, business and insurance here: that they have none is a "no".
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from models.identity import person
from models.identity.person import Known as Person
from models.onecard.register_answers import keeper
from models.registers import ask_many, fetch
from models.rules.facts import Fact
from models.school import candidate, fact_rows, fact_rules, family
from models.school import round as rounds
from models.school.basis import Basis
from models.school.fact_rules import Told
from models.school.register_words import Words

CHILD = ("household.number", "household.address", "household.members", "person.birth_date", "property.certificate")
STATUS_OF_CHILD = ("status.disability",)
GUARDIAN = (
    "property.certificate",
    "residence.permit",
    "residence.address",
    "social_insurance.pension",
    "social_insurance.medical",
    "business.licence",
    "status.veteran",
    "status.serving_military",
)
GRANDPARENT = ("property.certificate",)


@dataclass(frozen=True)
class Gathered:
    """`told` is what the registers said, by whom it is about; `ids` are the rows of the registers that were used."""

    facts: Mapping[str, Fact] = field(repr=False)
    bases: tuple[Basis, ...] = field(repr=False)
    shown: tuple[Mapping[str, Any], ...] = field(repr=False)
    ids: tuple[ObjectId, ...]
    why_missing: Mapping[str, str]
    told: Told = field(repr=False)

    def for_basis(self, basis: Basis | None) -> Mapping[str, Fact]:
        """Return the facts as they stand when the district rests on this basis."""
        return self.facts if basis is None else fact_rules.facts(self.told, basis)[0]

    def rows_for(self, viewer: ObjectId | None, *, whole: bool = False) -> list[dict[str, Any]]:
        """Return the rows for one of the guardians: whole, where allowed, about themselves and the child alone."""
        return fact_rows.rows(self.told, viewer=viewer, whole=whole)


def ask_ahead(
    families: Sequence[tuple[ObjectId, Sequence[ObjectId]]], *, seconds: float, kinds: Collection[str] | None = None
) -> None:
    """Ask the registers about several children and their guardians together, for at most `seconds` in all.

    Who gathers the facts of each of them afterwards finds fresh answers; what did not come is asked then.
    """
    wanted: dict[ObjectId, list[str]] = {}
    for child, guardians in families:
        for who, asked in ((child, (*CHILD, *STATUS_OF_CHILD)), *((one, GUARDIAN) for one in guardians)):
            wanted.setdefault(who, []).extend(keeper(kind) for kind in asked if kinds is None or kind in kinds)
    ask_many.many(wanted, seconds=seconds)


def gather(
    round: Mapping[str, Any],  # noqa: A002 - the domain's word
    child_id: ObjectId,
    guardian_ids: Sequence[ObjectId],
    *,
    seconds: float = fetch.SCREEN_SECONDS,
    ask: bool = True,
    kinds: Collection[str] | None = None,
) -> Gathered:
    """Return what is known of a child and its guardians, asking the registers for at most `seconds` in all.

    With `ask` False only what is stored counts; `kinds` keeps it to some kinds of entries of the registers.

    Raises:
        NotFound: the child or a guardian is not known.
    """
    asking = _Asking(time.monotonic() + seconds, ask, kinds)
    ids = list(dict.fromkeys(guardian_ids))
    known = person.several([child_id, *ids])
    if len(known) < len({child_id, *ids}):
        raise NotFound
    told = _told(round, known[child_id], [known[one] for one in ids], asking)
    facts, why = fact_rules.facts(told, None)
    rows = tuple(fact_rows.rows(told, viewer=None))
    used = dict.fromkeys(stated.id for _, stated in fact_rows.entries(told))
    return Gathered(facts, told.bases, rows, tuple(used), why, told)


@dataclass(frozen=True)
class _Asking:
    until: float
    ask: bool
    only: Collection[str] | None

    def words(self, person_id: ObjectId, kinds: Sequence[str]) -> Words:
        wanted = [kind for kind in kinds if self.only is None or kind in self.only]
        left = max(self.until - time.monotonic(), 0.0)
        return Words(person_id, wanted, day=clock.today(), seconds=left, ask=self.ask)


def _told(found: Mapping[str, Any], child: Person, guardians: Sequence[Person], asking: _Asking) -> Told:
    of_child = asking.words(child.id, (*CHILD, *STATUS_OF_CHILD))
    members = of_child.of("household.members").one
    home = family.home(child, guardians, members.value["members"] if members else ())
    of_guardians = [asking.words(one.id, GUARDIAN) for one in guardians]
    above = [one for member in home.grandparents if (one := family.known(member))]
    return Told(
        day=rounds.rule_day(found),
        child=child,
        guardians=tuple(guardians),
        home=home,
        of_child=of_child,
        of_guardians=tuple(of_guardians),
        of_grandparents=tuple(asking.words(one, GRANDPARENT) for one in above),
        round=found["_id"],
        two_households=candidate.is_double(found["_id"], child.id),
    )
