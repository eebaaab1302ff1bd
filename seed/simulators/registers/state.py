"""Everything that the registers hold, kept in one file under the folder."""

import json
import random
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from seed.simulators.registers import firms, made_up, statuses, time_of_day
from seed.simulators.registers.wire import Refusal

STATUSES = ("veterans", "disability", "subsistence", "students", "military")
"""Registers of what a person is by law: one record a person, under their number."""
REGISTERS = ("household", "residence", "property", "business", "social_insurance", "death", *STATUSES, *firms.REGISTERS)
EMPTY: dict[str, dict[str, Any]] = {name: {} for name in ("people", *REGISTERS)}
NAMED: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "household": lambda one: [member["number"] for member in one["members"]],
    "property": lambda one: [owner["number"] for owner in one["owners"]],
    "business": lambda one: [one["legal_person"]["number"]],
}
"""By which numbers a record of a register is found that has a key of its own."""
FAMILY_RELATIONS = ("head", "spouse", "child", "child", "grandchild", "parent")
BORN = {"child": ("2009-01-01", "2021-12-31"), "grandchild": ("2020-01-01", "2024-12-31")}
GROWN = ("1958-01-01", "1994-12-31")


class State:
    """The records of all registers by their own key; `lock` guards every change."""

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        self._file = folder / "state.json"
        there = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        self.tables: dict[str, dict[str, Any]] = {name: dict(there.get(name, {})) for name in EMPTY}
        self._of: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def keep(self) -> None:
        """Write everything down; what is found by a person's number is looked through anew."""
        self._of = {}
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self.tables, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._file)

    def forget(self) -> None:
        """Empty all registers."""
        with self.lock:
            self.tables = {name: {} for name in EMPTY}
            self.keep()

    def person(self, number: str) -> dict[str, Any]:
        """Return a person, or refuse."""
        found = self.tables["people"].get(number)
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "no_such_person")
        return dict(found)

    def household_of(self, number: str) -> dict[str, Any] | None:
        """Return the household that a person belongs to."""
        return next(iter(self.naming("household", number)), None)

    def naming(self, register: str, number: str) -> list[dict[str, Any]]:
        """Return the records of a register that name a person, in its order; each register is looked through once."""
        if register not in self._of:
            found: dict[str, list[dict[str, Any]]] = {}
            for one in self.tables[register].values():
                for named in dict.fromkeys(NAMED[register](one)):
                    found.setdefault(named, []).append(one)
            self._of[register] = found
        return self._of[register].get(number, [])

    def add_person(self, told: dict[str, Any], dice: random.Random) -> dict[str, Any]:
        """Put one person with a household of their own; what is not told is made up."""
        made = made_up.person(dice) | {key: told[key] for key in ("number", "name", "birth", "sex") if key in told}
        if "number" in told:
            digits = told["number"][6:14]
            said = {"birth": f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"}
            said["sex"] = "male" if int(told["number"][16]) % 2 else "female"
            made |= {key: value for key, value in said.items() if key not in told}
        self.tables["people"][made["number"]] = made
        self.move_in([(made["number"], "head")], made_up.place(dice), dice)
        return made

    def add_family(self, dice: random.Random, size: int) -> list[dict[str, Any]]:
        """Put a family in one household, with a home that the head owns."""
        members: list[dict[str, Any]] = []
        numbers = []
        for relation in FAMILY_RELATIONS[: max(1, min(size, len(FAMILY_RELATIONS)))]:
            young = relation in ("child", "grandchild")
            made = made_up.person(dice, born=BORN.get(relation, GROWN), family=members[0]["name"][0] if young else "")
            self.tables["people"][made["number"]] = made
            members.append(made)
            numbers.append((made["number"], relation))
        home = made_up.place(dice)
        self.move_in(numbers, home, dice)
        self.add_property(members[0], home, dice)
        return members

    def move_in(self, members: list[tuple[str, str]], home: dict[str, str], dice: random.Random) -> None:
        """Put people, each with their relation to the head, in one household at a place."""
        household_no = f"{home['village_code']}{dice.randrange(10**6):06d}"
        while household_no in self.tables["household"]:
            household_no = f"{home['village_code']}{dice.randrange(10**6):06d}"
        self.tables["household"][household_no] = {
            "household_no": household_no,
            "household_type": "family",
            **home,
            "registered_on": made_up.day(dice, "2005-01-01", "2020-12-31"),
            "members": [{"number": number, "relation": relation} for number, relation in members],
        }

    def add_property(self, owner: dict[str, Any], home: dict[str, str], dice: random.Random) -> None:
        """Put a home that one person owns whole."""
        year, serial = dice.randrange(2016, 2026), dice.randrange(10**7)
        certificate_no = f"赣({year})于都县不动产权第{serial:07d}号"
        self.tables["property"][certificate_no] = {
            "certificate_no": certificate_no,
            "location": home["address"],
            "village_code": home["village_code"],
            "usage": "residential",
            "registered_on": f"{year}-06-30",
            "owners": [{"name": owner["name"], "number": owner["number"], "share": "1/1"}],
        }

    def add_firm(self, told: dict[str, Any], dice: random.Random) -> dict[str, Any]:
        """Put a firm of a person with a record in the registers `with`; `records` change single fields of them."""
        owner = self.tables["people"].get(told.get("owner", "")) or self.add_person({}, dice)
        made = made_up.firm(dice, owner) | {key: told[key] for key in ("credit_code", "name") if key in told}
        self._add_firm(made)
        code, changed = made["credit_code"], told.get("records", {})
        for register, record in firms.records(time_of_day.today(), dice).items():
            if register in told.get("with", firms.REGISTERS):
                self.tables[register][code] = {"credit_code": code, **record, **changed.get(register, {})}
        return made

    def add_extras(self, person: dict[str, Any], wanted: list[str], dice: random.Random) -> None:
        """Put records of further registers for a person."""
        makers: dict[str, Callable[[], None]] = {
            "residence": lambda: self.tables["residence"].__setitem__(person["number"], _permit(dice)),
            "property": lambda: self.add_property(person, made_up.place(dice), dice),
            "business": lambda: self._add_firm(made_up.firm(dice, person)),
            "social_insurance": lambda: self.tables["social_insurance"].__setitem__(person["number"], _insured(dice)),
            "death": lambda: self.tables["death"].__setitem__(person["number"], _died(dice)),
            **{name: partial(self._add_status, name, person["number"], dice) for name in STATUSES},
        }
        for register in wanted:
            if register not in makers:
                raise Refusal(HTTPStatus.BAD_REQUEST, "unknown_register", register)
            makers[register]()

    def _add_status(self, register: str, number: str, dice: random.Random) -> None:
        self.tables[register][number] = statuses.made(register, time_of_day.today(), dice)

    def _add_firm(self, firm: dict[str, Any]) -> None:
        self.tables["business"][firm["credit_code"]] = firm


def _permit(dice: random.Random) -> dict[str, Any]:
    issued = made_up.day(dice, "2024-01-01", "2026-06-30")
    return {
        "permit_no": f"{dice.randrange(10**12):012d}",
        **made_up.place(dice),
        "issued_on": issued,
        "valid_to": f"{int(issued[:4]) + 3}-{issued[5:8]}28",
    }


def _insured(dice: random.Random) -> dict[str, Any]:
    unit = f"{made_up.name(dice)}商贸有限公司"
    return {
        "address": made_up.place(dice)["address"],
        "insurances": [
            {
                "kind": kind,
                "unit": unit,
                "months_paid": dice.randrange(1, 300),
                "status": "paying",
                "updated_on": time_of_day.today(),
            }
            for kind in ("pension", "medical")
        ],
    }


def _died(dice: random.Random) -> dict[str, Any]:
    died = made_up.day(dice, "2020-01-01", "2025-12-31")
    return {"died_on": died, "registered_on": died, "certificate_no": f"{dice.randrange(10**10):010d}"}
