"""The families of the play: made up by the registers, a few of them at their phones."""

import io
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from seed.demo.http import Caller, check
from seed.demo.stage import Stage

BORN = ("2020-09-01", "2021-08-31")
PHONES = 16
MINI = "/mini/v1/school"
_SEED = Path(__file__).parents[1] / "county" / "school.json"


@dataclass
class Parent:
    """A parent at a phone with one child; `application` once it was begun."""

    phone: Caller
    told: dict[str, Any]
    companion: str
    application: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        """Read something of one's own application."""
        return self.phone.get(f"{MINI}/applications/{self.application['id']}{path}")

    def post(self, path: str, body: dict[str, Any] | None = None, *, expect: int = 200) -> Any:
        """Do something with one's own application."""
        return self.phone.post(f"{MINI}/applications/{self.application['id']}{path}", body, expect=expect)


class Families:
    """Families at the addresses of the demonstration; whose child gets a phone lives in a home of their own."""

    def __init__(self, stage: Stage, round_code: str, children: int) -> None:
        self.stage, self.round, self.born = stage, round_code, BORN
        body = {"addresses": addresses(), "born": list(BORN), "count": children}
        self.all = stage.register("/school-families", body)["families"]
        self.count = sum(len(one["children"]) for one in self.all)
        own = [one for one in self.all if one["kind"] == "own_home" and len(one["children"]) == 1]
        sure = [one for one in own[: PHONES * 4] if certain(stage, round_code, one["address"])]
        self.parents = [parent(stage, one) for one in sure[:PHONES]]
        phones = {one.told["parent"]["number"] for one in self.parents}
        self.paper = [one for one in self.all if one["parent"]["number"] not in phones]

    def workbook(self, names: dict[str, list[str]], day: str) -> bytes:
        """Return the sheet of the collective registration; `names` are the schools by address."""
        dice, book, out = random.Random(11), openpyxl.Workbook(), io.BytesIO()
        sheet = book.worksheets[0]
        head = ["招生批次", "孩子姓名", "孩子身份证号码", "监护人姓名", "监护人身份证号码"]
        sheet.append([*head, *(f"第{one}志愿" for one in "一二三四五"), "服从统筹安排", "监护人签字日期"])
        for one in self.paper:
            schools = names[one["address"]]
            weights = {name: dice.random() * place for place, name in enumerate(schools, 1)}
            wishes = sorted(schools, key=weights.__getitem__)[:4]
            for child in one["children"]:
                who = [self.round, child["name"], child["number"], one["parent"]["name"], one["parent"]["number"]]
                sheet.append([*who, *wishes, *[None] * (5 - len(wishes)), "是", day])
        book.save(out)
        return out.getvalue()


def addresses() -> list[dict[str, str]]:
    """Return the made-up addresses of the demonstration, away from the lane at the border."""
    demo = json.loads(_SEED.read_text(encoding="utf-8"))["demo"]
    found = []
    for one in demo["streets"]:
        for number in range(one["first"], one["last"] + 1):
            if one["side"] == "all" or (one["side"] == "odd") == (number % 2 == 1):
                text = f"江西省赣州市于都县贡江镇{one['street']}{number}号"
                found.append({"address": text, "town_code": demo["town"], "village_code": one["village"]})
    return found


def certain(stage: Stage, round_code: str, address: str) -> bool:
    """Tell whether a home belongs to a district for sure: at a border a person decides."""
    where = f"/office/v1/school/rounds/{round_code}/where"
    return bool(stage.clerk("pan.demo").post(where, {"address": address})["certain"])


def parent(stage: Stage, family: dict[str, Any]) -> Parent:
    """Return a parent at a new phone, matched by the register, with the child on the list."""
    phone, _ = stage.tourist()
    version = "2026-11"
    for purpose in ("document", "facts", "minor"):
        phone.post("/mini/v1/consents", {"purposes": [purpose], "text_version": version}, expect=204)
    phone.post("/mini/v1/person", named(family["parent"]), expect=201)
    phone.post("/mini/v1/person/match")
    companion = phone.post("/mini/v1/companions", named(family["children"][0]), expect=201)["id"]
    return Parent(phone, family, companion)


def named(one: dict[str, Any]) -> dict[str, str]:
    """Return a person as forms take them."""
    return {"name": one["name"], "document_kind": "resident_id", "document_number": one["number"]}


def told(families: Families) -> str:
    """Return what a parent with a phone reads before the window; every one of them reads something."""
    reads = [one.phone.get(f"{MINI}/found")["items"] for one in families.parents]
    mine = [[one for one in items if one["round"] == families.round] for items in reads]
    check(all(mine), "every parent with a phone was found before the window")
    one = mine[0][0]
    schools = "、".join(school["name"] if isinstance(school, dict) else str(school) for school in one["schools"])
    return f"a parent reads before the window: {schools}; nothing to be brought: {not one['missing']}"


def unreached(stage: Stage, round_code: str) -> str:
    """Return how the liaison of the town sees whom no message reached."""
    listed = stage.clerk("peng.demo").get(f"/office/v1/school/rounds/{round_code}/unreached?limit=50")["items"]
    check(bool(listed), "families without a phone are on the list of the town")
    return f"{len(listed)} families without a phone stand on the first page of the list for the town"
