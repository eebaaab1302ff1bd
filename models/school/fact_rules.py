"""How each fact that the rules of enrolment read follows from what the registers said. Nothing is asked here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from backend import clock
from backend.kept import kept
from models.identity.person import Known as Person
from models.registers.fact import Stated
from models.registers.source import SOURCES
from models.rules.facts import Fact, Known, Missing
from models.school import basis as bases
from models.school import locate
from models.school.basis import Basis, Kind
from models.school.evidence import Asked
from models.school.family import Home
from models.school.locate import Located
from models.school.register_words import WHY_ZH, Word, Words, missing

HOUSEHOLDS = ("household.in_county", "household.in_district", "household.with_guardian", "household.head_relation")
UNREGISTERED = {
    "child.looked_after": "县民政局",
    "child.martyr_family": "县退役军人事务局",
    "sibling.enrolled": "家长",
}
"""What no register tells: the family says it, and a person checks it."""
INSURANCES = ("social_insurance.pension", "social_insurance.medical")
DOCUMENT = "身份证件"


@dataclass(frozen=True)
class Told:
    """What the registers said of a family, read once. `two_households`: the register lists the child in two."""

    day: date
    child: Person = field(repr=False)
    guardians: tuple[Person, ...] = field(repr=False)
    home: Home = field(repr=False)
    of_child: Words = field(repr=False)
    of_guardians: tuple[Words, ...] = field(repr=False)
    of_grandparents: tuple[Words, ...] = field(repr=False)
    round: str
    two_households: bool = False

    @kept
    def bases(self) -> tuple[Basis, ...]:
        """Return the bases that the registers show and nobody doubts, each once."""
        found = [*self._household(), *self.properties.values(), *self._residences()]
        return tuple({(one.kind, one.number): one for one in found}.values())

    def _household(self) -> list[Basis]:
        address, number = self.of_child.of("household.address").one, self.of_child.of("household.number").one
        if address is None or self.two_households:
            return []
        return [self._basis("household", address, number.value["number"] if number else "")]

    def _basis(self, kind: Kind, stated: Stated, number: str) -> Basis:
        return bases.of_entry(kind, stated, number, self._located[bases.home(stated)])

    @kept
    def _located(self) -> dict[Asked, Located]:
        """Return where all homes lie that the entries name, found together."""
        owners = (self.of_child, *self.of_guardians, *self.of_grandparents)
        words = [self.of_child.of("household.address"), *(one.of("property.certificate") for one in owners)]
        words += [one.of("residence.address") for one in self.of_guardians]
        homes = list(dict.fromkeys(bases.home(one) for word in words for one in word.stated))
        return dict(zip(homes, locate.many(self.round, homes), strict=True))

    @kept
    def certificates(self) -> dict[str, Stated]:
        """Return the certificates of child and guardians by number; what two of them own stands once."""
        words = [one.of("property.certificate") for one in (self.of_child, *self.of_guardians)]
        return {one.value["number"]: one for word in words for one in reversed(word.stated)}

    @kept
    def properties(self) -> dict[str, Basis]:
        """Return the properties of child and guardians by number."""
        return {number: self._basis("property", one, number) for number, one in self.certificates.items()}

    @kept
    def grandparents_properties(self) -> tuple[tuple[Stated, Basis], ...]:
        """Return the properties of the grandparents of the same household."""
        words = [one.of("property.certificate") for one in self.of_grandparents]
        return tuple((one, self._basis("property", one, one.value["number"])) for word in words for one in word.stated)

    def _residences(self) -> list[Basis]:
        found = []
        for words in self.of_guardians:
            address, permit = words.of("residence.address").one, words.of("residence.permit").one
            if address and permit and address.source == permit.source:
                found.append(self._basis("residence", address, permit.value["number"]))
        return found


def facts(told: Told, basis: Basis | None) -> tuple[dict[str, Fact], dict[str, str]]:
    """Return all facts as they stand for a basis (for any district without one), and why those missing are."""
    return _Reading(told, basis).all()


def proof(value: Any, stated: Stated) -> Known:
    """Return a fact with the source and day of the entry that shows it."""
    source = SOURCES[stated.source]
    return Known(value, f"{source.unit_zh}{source.zh}", clock.civil(stated.fetched_at).date().isoformat())


class _Reading:
    def __init__(self, told: Told, basis: Basis | None) -> None:
        self._told, self._basis = told, basis
        self._facts: dict[str, Fact] = {}
        self._why: dict[str, str] = {}

    def all(self) -> tuple[dict[str, Fact], dict[str, str]]:
        self._child()
        self._household()
        self._property()
        self._grandparents()
        self._residence()
        self._work()
        self._statuses()
        for name, whose in UNREGISTERED.items():
            self._facts[name], self._why[name] = Missing(WHY_ZH["no_register"], whose), "no_register"
        return self._facts, self._why

    def _knows(self, name: str, value: Any, stated: Stated | None = None) -> None:
        self._facts[name] = proof(value, stated) if stated else Known(value, "登记部门", clock.today().isoformat())

    def _lacks(self, name: str, kind: str, why: str) -> None:
        self._facts[name], self._why[name] = missing(kind, why), why

    def _child(self) -> None:
        """Take the age from the number; a household register that says another birth date leaves it open."""
        known, word = self._told.child, self._told.of_child.of("person.birth_date")
        says_another = word.one is not None and known.birth and word.one.value["birth"] != known.birth.isoformat()
        why = "disputed" if word.why == "disputed" else "contradicted" if says_another else ""
        why = "no_birth" if known.birth is None else why
        for name in ("child.birth_date", "child.age"):
            if why:
                self._lacks(name, "person.birth_date", why)
        if not why:
            today = clock.today().isoformat()
            self._facts["child.birth_date"] = Known(known.birth, DOCUMENT, today)
            self._facts["child.age"] = Known(known.age(self._told.day), DOCUMENT, today)

    def _household(self) -> None:
        address, members = (self._told.of_child.of(f"household.{one}") for one in ("address", "members"))
        why = "two_households" if self._told.two_households else address.why or members.why
        if why:
            for name in HOUSEHOLDS:
                self._lacks(name, "household.address", why)
        elif address.one is None:
            for name in HOUSEHOLDS[:3]:
                self._knows(name, value=False)
            self._knows("household.head_relation", "")
        else:
            self._knows("household.in_county", value=True, stated=address.one)
            self._within("household.in_district", "household.address", self._of_kind("household"), address.one)
            if members.one:
                self._knows("household.with_guardian", self._told.home.with_guardian, members.one)
                self._knows("household.head_relation", self._told.home.relation, members.one)

    def _of_kind(self, kind: str) -> Basis | None:
        if self._basis and self._basis.kind == kind:
            return self._basis
        return next((one for one in self._told.bases if one.kind == kind), None)

    def _within(self, name: str, kind: str, place: Basis | None, stated: Stated) -> None:
        inside = self._inside(place) if place else False
        if inside is None:
            self._lacks(name, kind, "near_border" if place and place.fact_id else "by_hand")
        else:
            self._knows(name, inside, stated)

    def _inside(self, place: Basis) -> bool | None:
        """Tell whether a place lies in the district of the basis, or in any without one; None where nobody is sure."""
        target = self._basis
        if target and (target.kind, target.fact_id) == (place.kind, place.fact_id):
            place = target  # of which a person may have decided the district
        if not all(one.located.certain or one.located.outside for one in (place, target) if one is not None):
            return None
        if target is None or target == place:
            return bool(place.located.districts)
        return bool(set(target.located.districts) & set(place.located.districts))

    def _property(self) -> None:
        words = [one.of("property.certificate") for one in (self._told.of_child, *self._told.of_guardians)]
        why = next((one.why for one in words if one.why), "" if self._told.guardians else "no_guardian")
        names = ("property.in_district", "property.residential", "property.family_share")
        if self._basis and self._basis.kind == "property" and self._basis.fact_id is None:
            for name in names:
                self._lacks(name, "property.certificate", "by_hand")
            return
        chosen, unsure = self._chosen_property()
        if chosen is None and (why or unsure):
            for name in names:
                self._lacks(name, "property.certificate", why or "near_border")
        elif chosen is None:
            for name, value in zip(names, (False, False, 0), strict=True):
                self._knows(name, value)
        else:
            stated = self._told.certificates[chosen.number]
            self._within(names[0], "property.certificate", chosen, stated)
            self._knows(names[1], stated.value["usage"] == "residential", stated)
            self._knows(names[2], _share(stated, [self._told.child, *self._told.guardians]), stated)

    def _chosen_property(self) -> tuple[Basis | None, bool]:
        """Return the basis itself, else the best property in the district; and whether one lies nobody knows where."""
        if self._basis and self._basis.kind == "property":
            return self._basis, False
        places = {number: self._inside(one) for number, one in self._told.properties.items()}
        inside = [number for number, within in places.items() if within]
        people = [self._told.child, *self._told.guardians]

        def rank(number: str) -> tuple[bool, Fraction]:
            stated = self._told.certificates[number]
            return stated.value["usage"] == "residential", _share(stated, people)

        best = max(inside, key=rank, default=None)
        return (self._told.properties[best] if best else None), None in places.values()

    def _grandparents(self) -> None:
        name, kind = "property.grandparents_in_district", "property.certificate"
        if "household.with_guardian" in self._why:
            self._lacks(name, "household.members", self._why["household.with_guardian"])
            return
        homes = [one for one in self._told.grandparents_properties if one[0].value["usage"] == "residential"]
        places = [(self._inside(place), stated) for stated, place in homes]
        why = next((word.why for one in self._told.of_grandparents if (word := one.of(kind)).why), "")
        if found := next((stated for inside, stated in places if inside), None):
            self._knows(name, value=True, stated=found)
        elif why or any(inside is None for inside, _ in places):
            self._lacks(name, kind, why or "near_border")
        else:
            self._knows(name, value=False)

    def _residence(self) -> None:
        pairs = [(one.of("residence.permit"), one.of("residence.address")) for one in self._told.of_guardians]
        self._any("residence.permit", "residence.permit", [permit for permit, _ in pairs], lambda _: True)
        held = {permit.one.id: address.one for permit, address in pairs if permit.one and address.one}
        places = [one for one in self._told.bases if one.kind == "residence"]
        stated = {one.id: one for one in held.values()}
        inside = [(self._inside(one), stated[one.fact_id]) for one in places if one.fact_id in stated]
        why = next((word.why for pair in pairs for word in pair if word.why), "" if pairs else "no_guardian")
        name = "residence.in_district"
        if found := next((entry for within, entry in inside if within), None):
            self._knows(name, value=True, stated=found)
        elif why or any(within is None for within, _ in inside):
            self._lacks(name, "residence.address", why or "near_border")
        else:
            self._knows(name, value=False)

    def _work(self) -> None:
        firms = [one.of("business.licence") for one in self._told.of_guardians]
        self._any("business.operating", "business.licence", firms, lambda v: v["status"] == "operating")
        words = [one.of(kind) for one in self._told.of_guardians for kind in INSURANCES]
        why = next((one.why for one in words if one.why), "" if words else "no_guardian")
        if why:
            self._lacks("insurance.months", INSURANCES[0], why)
            return
        paying = [one.one for one in words if one.one and one.one.value["status"] == "paying"]
        most = max(paying, key=lambda one: one.value["months_paid"], default=None)
        self._knows("insurance.months", most.value["months_paid"] if most else 0, most)

    def _statuses(self) -> None:
        self._any(
            "child.disability", "status.disability", [self._told.of_child.of("status.disability")], lambda _: True
        )
        for name in ("veteran", "serving_military"):
            words = [one.of(f"status.{name}") for one in self._told.of_guardians]
            self._any(f"guardian.{name}", f"status.{name}", words, lambda v: v.get("serving", True))

    def _any(self, name: str, kind: str, words: Sequence[Word], holds: Callable[[Mapping[str, Any]], bool]) -> None:
        """Take a yes of anybody; else, where somebody's answer is missing, that; else a no."""
        if found := next((one for word in words for one in word.stated if holds(one.value)), None):
            self._knows(name, value=True, stated=found)
            return
        why = next((word.why for word in words if word.why), "" if words else "no_guardian")
        if why:
            self._lacks(name, kind, why)
        else:
            self._knows(name, value=False)


def _share(stated: Stated, people: Sequence[Person]) -> Fraction:
    """Return which part of a property these people own together."""
    numbers = {one.number for one in people}
    held = [Fraction(one["share"]) for one in stated.value["owners"] if one["number"] in numbers]
    return min(sum(held, Fraction(0)), Fraction(1))
