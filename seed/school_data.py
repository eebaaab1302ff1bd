"""The county's schools and what their enrolment is measured by; a made-up round with districts for demonstrations.

No catchments of the county could be sourced: districts, addresses, plans and most schools of the demonstration are made
up and marked so, and an import of the bureau replaces them.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from models.identity import unit
from models.rules import parameters, rule_set
from models.school import address_point, district_import, district_reading
from models.school import round as rounds
from models.school.round import SchoolRound
from models.school.school import School
from models.school.seat_plan import SeatPlan, plan_id

FOLDER = Path(__file__).parent / "county"
BUREAU = "education_sports"
TIMES = ("opens_at", "closes_at", "review_until")


def _read(name: str) -> dict[str, Any]:
    return dict(orjson.loads((FOLDER / name).read_bytes()))


def schools(*, with_demo: bool) -> int:
    """Put parameters and schools, and made-up ones only when asked; what staff changed is left. Return how many."""
    told = _read("school.json")
    for one in told["parameters"]:
        parameters.seed(one)
    found = [one | {"made_up": False, "unit": BUREAU} for one in told["schools"]]
    if with_demo:
        source = told["demo"]["source"]
        found += [one | {"made_up": True, "unit": _unit(one), "source": source} for one in told["demo"]["schools"]]
    for one in found:
        record = {name: value for name, value in one.items() if name != "code"}
        kept = School._get_collection().find_one({"_id": one["code"], "kept": True}, {"_id": 1})
        if not kept:
            change = {"$set": record, "$setOnInsert": {"state": "active"}}
            School._get_collection().update_one({"_id": one["code"]}, change, upsert=True)
    return len(found)


def _unit(one: dict[str, Any]) -> str:
    """Put the unit of a made-up school, so that its staff can be appointed, and return its code."""
    code = f"school_{one['code']}"
    about = {"kind": "institution", "parent": BUREAU, "area": one["town"], "valid_from": "2026-01-01"}
    unit.seed({"code": code, "name_zh": one["name"], **about, "source": [{"title": "演示虚构"}], "confidence": "low"})
    return code


def rules(*, with_demo: bool) -> int:
    """Put what enrolment's rules read, and the rules of the demonstration only when asked; return how many rules."""
    told = _read("school_rules.json")
    for one in [*told["parameters"], *(told["demo_parameters"] if with_demo else ())]:
        parameters.seed(one)
    found = told["demo_rules"] if with_demo else []
    for one in found:
        rule_set.seed(one)
    return len(found)


def addresses() -> int:
    """Put the made-up address points; return how many."""
    demo = _read("school.json")["demo"]
    return address_point.put_all(point for one in demo["streets"] for point in _houses(one, demo))


def _houses(street: dict[str, Any], demo: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the houses of one side of a street, evenly from its start to its end."""
    numbers = [number for number in range(street["first"], street["last"] + 1) if _stands(street["side"], number)]
    (west, south), (east, north) = street["start"], street["end"]
    for place, number in enumerate(numbers):
        part = place / (len(numbers) - 1)
        point = [round(west + (east - west) * part, 6), round(south + (north - south) * part, 6)]
        about = {"town": demo["town"], "village": street["village"], "source": demo["source"]}
        yield {"street": street["street"], "number": str(number), "point": point, **about}


def _stands(side: str, number: int) -> bool:
    return side == "all" or (side == "odd") == (number % 2 == 1)


def demo_round() -> int:
    """Put the made-up round that is being prepared, its plans and districts, where it is not there yet."""
    demo = _read("school.json")["demo"]
    told = dict(demo["round"])
    code = told.pop("code")
    told |= {name: datetime.fromisoformat(told[name]) for name in TIMES}
    made = told | {"state": "preparing", "history": [], "outbox": []}
    SchoolRound._get_collection().update_one({"_id": code}, {"$setOnInsert": made}, upsert=True)
    found = rounds.read(code)
    if found["state"] != "preparing" or found.get("districts"):
        return 0
    for one in demo["plans"]:
        plan = one | {"round": code, "taken": 0}
        where = {"_id": plan_id(code, one["school"])}
        SeatPlan._get_collection().update_one(where, {"$setOnInsert": plan}, upsert=True)
    reading = district_reading.read(_read("school_districts.geojson"), told["stage"])
    assert not reading.errors, reading.errors
    return district_import.replace(None, code, reading.found).count
