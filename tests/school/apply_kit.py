"""Families who apply in the round of the demonstration: as the registers know them, at their phones."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from backend import clock
from models.school.application import SchoolApplication
from models.school.round import SchoolRound
from tests.support import affairs
from tests.support.phone import Phone

ROUND = "2027-primary"
MINI, OFFICE = "/mini/v1/school", "/office/v1/school"
BORN = ("2020-09-01", "2021-08-31")
HOME = {
    "address": "江西省赣州市于都县贡江镇演示一街{number}号",
    "town_code": "360731100",
    "village_code": "360731100001",
}
OWN = ("changzhengyuan_primary", "demo_primary_07")
ELSEWHERE, PRIVATE = "demo_primary_16", "demo_private_primary"
BUREAU = "education_sports"
OWN_SEEDS: dict[str, int] = {}


def open_round(**told: Any) -> None:
    """Announce the round, with its window open for ten days."""
    now = clock.now()
    times = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=10)}
    change = {"state": "open", **times, "review_until": now + timedelta(days=25), **told}
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": change})


def made(box: Any, kind: str = "own_home", *, number: int = 1, twins: bool = False) -> dict[str, Any]:
    """Return a family of a kind that lives at a house of the first district."""
    home = {**HOME, "address": HOME["address"].format(number=number)}
    for seed in range(number * 1000, number * 1000 + 900):
        told = {"count": 1, "seed": seed, "born": BORN, "addresses": [home]}
        (family,) = box.call("/school-families", told)["families"]
        if family["kind"] == kind and (len(family["children"]) > 1) is twins:
            return dict(family)
    raise AssertionError(kind)


@dataclass
class Parent:
    """A parent at a phone; `child` is the first child's id on the list of companions."""

    phone: Phone
    told: dict[str, Any] = field(default_factory=dict)
    companions: list[str] = field(default_factory=list)

    def begin(self, number: int = 0, **more: Any) -> Any:
        return self.phone.post(
            f"{MINI}/applications", {"round": ROUND, "companion_id": self.companions[number]}, **more
        )

    def begun(self, number: int = 0) -> dict[str, Any]:
        return sent(self.begin(number), 201)

    def options(self, found: dict[str, Any]) -> dict[str, Any]:
        return sent(self.phone.get(f"{MINI}/applications/{found['id']}/options"))

    def basis(self, found: dict[str, Any], kind: str = "household") -> dict[str, str]:
        bases = self.options(found)["bases"]
        return next({"kind": kind, "fact_id": one["fact_id"]} for one in bases if one["kind"] == kind)

    def save(self, found: dict[str, Any], form: dict[str, Any], seq: int = 0) -> Any:
        body = {"seq": seq or found["seq"], "form": form}
        return self.phone.call("PUT", f"{MINI}/applications/{found['id']}/form", body)

    def filled(self, number: int = 0, *, kind: str = "household", choices: Any = OWN, **form: Any) -> dict[str, Any]:
        """Return a draft that is filled in."""
        found = self.begun(number)
        told = {"basis": self.basis(found, kind), "choices": list(choices), **form}
        return sent(self.save(found, told))

    def do(self, what: str, found: dict[str, Any], **more: Any) -> Any:
        return self.phone.post(f"{MINI}/applications/{found['id']}/{what}", {"seq": found["seq"]} | more)

    def checked(self, found: dict[str, Any]) -> dict[str, Any]:
        return sent(self.phone.post(f"{MINI}/applications/{found['id']}/precheck"))

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        return sent(self.phone.get(f"{MINI}/applications/{found['id']}"))

    def submitted(self, number: int = 0, **told: Any) -> dict[str, Any]:
        return sent(self.do("submit", self.filled(number, **told)))

    def twin(self, client: Any) -> "Parent":
        return Parent(self.phone.twin(client), self.told, self.companions)


def parent(client: Any, sandbox: Any, family: dict[str, Any], person: dict[str, Any] | None = None) -> Parent:
    """Return a parent of a family, matched by the register, with the children on the list of companions."""
    me, phone = person or family["parent"], Phone(client, sandbox).log_in()
    for purpose in ("document", "facts", "minor"):
        assert phone.consent(purpose).status_code == 204
    sent(phone.post("/mini/v1/person", named(me)), 201)
    sent(phone.post("/mini/v1/person/match"))
    companions = [sent(phone.post("/mini/v1/companions", named(one)), 201)["id"] for one in family["children"]]
    return Parent(phone, family, companions)


def spouse(box: Any, family: dict[str, Any]) -> dict[str, Any]:
    """Add the other parent to the household, and return them."""
    other = box.person()
    box.remove("household", box.lookup(other["number"])["household"]["household_no"])
    known = box.lookup(family["parent"]["number"])["household"]
    members = [*known["members"], {"number": other["number"], "relation": "spouse"}]
    box.change("household", known["household_no"], members=members)
    return dict(other)


def named(one: dict[str, Any]) -> dict[str, str]:
    return {"name": one["name"], "document_kind": "resident_id", "document_number": one["number"]}


def sent(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.json
    return dict(answer.json)


def stored(found: dict[str, Any]) -> dict[str, Any]:
    return dict(SchoolApplication._get_collection().find_one({"receipt": found["receipt"]}))


def manager(client: Any) -> Any:
    return affairs.seat(client, "school_manager", unit=BUREAU)
