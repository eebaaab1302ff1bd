"""Families in the simulated registers: a household with parents and a child, homes, permits, firms."""

import itertools
from dataclasses import dataclass, field

from bson import ObjectId

from models.school import round as rounds
from models.school.round import SchoolRound
from tests.school import ground
from tests.support.phone import Phone, resident_id
from tests.trust.registers_kit import declared

EAST, WEST = ground.VILLAGES[0], ground.VILLAGES[1]
BORN_FROM, BORN_TO = "2020-09-01", "2021-08-31"
_serial = itertools.count(1)


@dataclass
class Family:
    """One family as the registers know it; `ids` are its persons here."""

    box: object
    child: dict
    parents: list[dict]
    household: str
    village: str
    certificate: str = ""
    elders: list[dict] = field(default_factory=list)

    @property
    def child_id(self) -> ObjectId:
        return declared(self.child)

    @property
    def parent_ids(self) -> list[ObjectId]:
        return [declared(one) for one in self.parents]

    def phone(self, client, sandbox, parent: int = 0, level: str = "matched", *, consent: bool = True) -> Phone:
        """Return the phone of a parent, surely bound, with the consents that a screen asks for."""
        phone = Phone(client, sandbox).log_in()
        phone.consent("document")
        told = self.parents[parent]
        body = {"name": told["name"], "document_kind": "resident_id", "document_number": told["number"]}
        answer = phone.post("/mini/v1/person", body)
        assert answer.status_code == 201, answer.json
        phone.document = told["number"]
        for purpose in ("facts", "minor") if consent else ():
            assert phone.consent(purpose).status_code == 204
        return phone.sure(level)

    def owns(self, owner: dict, village: str, *, share: str = "1/1", usage: str = "residential", also=()) -> str:
        """Let somebody of the family own a home; `also` are (person, share) of further owners."""
        number = f"赣(2020)于都县不动产权第{next(_serial):07d}号"
        owners = [
            {"name": one["name"], "number": one["number"], "share": part} for one, part in [(owner, share), *also]
        ]
        self.box.change(
            "property", number, certificate_no=number, location=f"于都县某路{next(_serial)}号", village_code=village,
            usage=usage, registered_on="2020-06-30", owners=owners,
        )  # fmt: skip
        return number

    def permit(self, village: str, parent: int = 0, valid_to: str = "2028-01-01") -> None:
        self.box.change(
            "residence", self.parents[parent]["number"], permit_no=f"{next(_serial):012d}", issued_on="2025-01-01",
            valid_to=valid_to, address=f"于都县租住路{next(_serial)}号", town_code=village[:9], village_code=village,
        )  # fmt: skip

    def insured(self, months: int, status: str = "paying", parent: int = 0) -> None:
        told = {
            "kind": "pension",
            "unit": "某公司",
            "months_paid": months,
            "status": status,
            "updated_on": "2026-11-01",
        }
        self.box.change("social_insurance", self.parents[parent]["number"], insurances=[told])


def family(box, *, village: str = EAST, born: str = "20210305", parents: int = 1, home: str = "", relation="child"):
    """Put a family whose child is registered with its parents; `home` is the village of a house that the head owns."""
    grown = [_person(box, f"19900{n + 1}07", "张三丰李四光"[3 * n : 3 * n + 3]) for n in range(parents)]
    child = _person(box, born, "张小宝")
    household = f"{village}{next(_serial):06d}"
    roles = ("head", "spouse")
    members = [{"number": one["number"], "relation": role} for one, role in zip(grown, roles, strict=False)]
    move_in(box, household, village, [*members, {"number": child["number"], "relation": relation}])
    made = Family(box, child, grown, household, village)
    if home:
        made.certificate = made.owns(grown[0], home)
    return made


def with_grandparent(box, *, village: str = EAST) -> Family:
    """Put a child in the household of a grandparent, with a parent."""
    made = family(box, village=village)
    elder = _person(box, "19600101", "张老伯")
    members = [
        {"number": elder["number"], "relation": "head"},
        {"number": made.parents[0]["number"], "relation": "child"},
        {"number": made.child["number"], "relation": "grandchild"},
    ]
    box.change("household", made.household, members=members)
    made.elders.append(elder)
    return made


def _person(box, born: str, name: str) -> dict:
    made = box.person(number=resident_id(born), name=name)
    alone = box.lookup(made["number"])["household"]["household_no"]
    box.remove("household", alone)
    return made


def move_in(box, household: str, village: str, members: list[dict]) -> None:
    box.change(
        "household", household, household_no=household, household_type="family", village_code=village,
        town_code=village[:9], address=f"于都县户籍路{household[-4:]}号", registered_on="2022-01-01", members=members,
    )  # fmt: skip


def begin(state: str = "preparing") -> dict:
    """Put a round with an east and a west district by village, and return it."""
    ground.prepare()
    east = ground.feature("east", ground.rectangle(1000, 0, 900, 900), ["s_east"], villages=[EAST])
    west = ground.feature("west", ground.rectangle(0, 0, 900, 900), ["s_west", "s_both"], villages=[WEST])
    ground.lay(ground.collection(west, east))
    SchoolRound._get_collection().update_one({"_id": ground.ROUND}, {"$set": {"state": state}})
    return rounds.read(ground.ROUND)
